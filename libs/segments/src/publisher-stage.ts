// The publisher: owner of the one partition of `definitions`. It turns an applied set into a barrier in every log that is
// worked through under definitions.
// B1 A set goes out once per workspace, in ascending order; one already seen, or overtaken, is ignored. After a crash the same
//    records go out again: readers know a set that they have seen.
// B2 The barrier's time is that at which the set was applied, so an import with an event clock is not moved to the present.
import { keyOf, type DefinitionSetAppliedRecord, type Key } from '@tessera/contracts';
import { Reader, Writer } from '@tessera/codec';
import { APPLIED, type LogRecord, type Outcome, type Stage, type StepContext } from '@tessera/runtime';

/** The newest set of one workspace that went out. */
export interface PublisherDocument {
  set: number;
  hash: string;
}

export type PublisherStage = Stage<PublisherDocument, never, undefined>;

const SET_SEEN: Outcome = { kind: 'drop', reason: 'set-already-seen' };
const NO_STATE = new Uint8Array(0);
const writer = new Writer();

export function createPublisherStage(): PublisherStage {
  return {
    name: 'publisher',
    input: 'definitions',
    ownsTicks: false,
    partitionState: { create: () => undefined, encode: () => NO_STATE, decode: () => undefined },
    keyOf: documentOf,
    create: () => ({ set: 0, hash: '' }),
    encode: (document) => {
      writer.byte(1);
      writer.uint(document.set);
      writer.string(document.hash);
      return writer.take();
    },
    decode: (bytes) => {
      const reader = new Reader(bytes);
      reader.byte();
      return { set: reader.uint(), hash: reader.string() };
    },
    dueMs: () => Infinity,
    step: (document, { value }, context) =>
      value?.kind === 'definitionSetApplied' ? publish(document, value, context) : APPLIED,
    fire: () => undefined,
    control: () => APPLIED,
  };
}

/** Documents and activations pass by: they change nothing here. */
function documentOf({ value }: LogRecord): Key | undefined {
  return value?.kind === 'definitionSetApplied' ? keyOf(value.workspace, 'workspace', 'definitions') : undefined;
}

function publish(
  document: PublisherDocument,
  record: DefinitionSetAppliedRecord,
  context: StepContext<never, undefined>,
): Outcome {
  const { workspace, set, hash, evaluator, appliedMs } = record;
  if (set <= document.set) return SET_SEEN;
  document.set = set;
  document.hash = hash;
  const key = keyOf(workspace, 'workspace', 'definitions');
  for (const topic of ['events', 'links'] as const) {
    for (let partition = 0; partition < context.partitions(topic); partition++) {
      context.emit(topic, partition, {
        key,
        value: { kind: 'definitionsPublished', workspace, set, hash, evaluator },
        timeMs: appliedMs,
      });
    }
  }
  return APPLIED;
}
