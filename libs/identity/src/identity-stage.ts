// The identity stage: reads `events`, tells `links` what a sender's events are evidence for.
// D1 Only what is new goes out: a pair that was not announced, or one with earlier evidence. Anonymous visits cost `links` nothing.
// D2 Announcing a pair twice is harmless, for a link is an element of a set. So duplicates need no treatment, and the memory of
//    what was announced may be bounded: 1,000 pairs per sender, the oldest forgotten first.
// D3 It has no timers and no definitions: the placement of an event never depends on rules.
import { Reader, Writer } from '@tessera/codec';
import { ownerOf, type Identity, type LinkObservedRecord, type TrackedRecord } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import { APPLIED, type Outcome, type Stage, type StepContext } from '@tessera/runtime';
import { linksKeyOf, pairsOf, type Pair } from './links.js';
import { createSpells, placeEvent, readSpells, writeSpells, type Placement, type Spells } from './spells.js';

const FORM = 1;
const ANNOUNCED_MAX = 1_000;
const LATE: Outcome = { kind: 'late', reason: 'late-spell-unknown' };
const NOTHING = new Uint8Array(0);

/** What is remembered of one sender. */
export interface SenderIdentity {
  readonly spells: Spells;
  /** Own time of the earliest evidence announced, by pair, in the order of the first announcement. */
  readonly announced: Map<string, number>;
  // What the last events said, and since when it is announced: saying it again costs a comparison. No part of the state.
  settled: Placement | undefined;
  settledIdentities: readonly Identity[];
  settledSinceMs: number;
}

export type IdentityStage = Stage<SenderIdentity, unknown, null>;

export function createIdentityStage(): IdentityStage {
  const writer = new Writer();
  return {
    name: 'identity',
    input: 'events',
    ownsTicks: false,
    partitionState: { create: () => null, encode: () => NOTHING, decode: () => null },
    keyOf: (record) => (record.value?.kind === 'tracked' ? record.key : undefined),
    create: () => createSender(createSpells()),
    encode: (document) => encode(writer, document),
    decode,
    dueMs: () => Infinity,
    step: (document, record, context) => {
      const event = record.value as TrackedRecord;
      return stepEvent(document, event, Math.min(event.timeMs, record.stampMs), context);
    },
    fire: () => undefined,
    control: () => APPLIED,
  };
}

function stepEvent(
  document: SenderIdentity,
  event: TrackedRecord,
  ownTimeMs: number,
  context: StepContext<unknown, null>,
): Outcome {
  const placement = placeEvent(document.spells, event, ownTimeMs, context.logTimeMs);
  if (placement === undefined) return LATE;
  const { identities } = event;
  if (event.userId === undefined && identities.length === 0) return APPLIED;
  if (
    placement === document.settled &&
    ownTimeMs >= document.settledSinceMs &&
    sameIdentities(identities, document.settledIdentities)
  ) {
    return APPLIED;
  }
  document.settled = placement;
  document.settledIdentities = identities;
  document.settledSinceMs = ownTimeMs;
  for (const pair of pairsOf(event, placement)) {
    if (isNews(document, pair, ownTimeMs)) announce(event, pair, ownTimeMs, context);
  }
  return APPLIED;
}

function sameIdentities(some: readonly Identity[], others: readonly Identity[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) {
    const one = some[i] as Identity;
    const other = others[i] as Identity;
    if (one.value !== other.value || one.namespace !== other.namespace) return false;
  }
  return true;
}

/** Identifiers have no control characters, so the line break parts them. */
function isNews(document: SenderIdentity, { a, b }: Pair, ownTimeMs: number): boolean {
  const { announced } = document;
  const name = `${a}\n${b}`;
  const earliest = announced.get(name);
  if (earliest !== undefined && earliest <= ownTimeMs) return false;
  announced.set(name, ownTimeMs);
  if (announced.size > ANNOUNCED_MAX) {
    announced.delete(announced.keys().next().value as string);
    document.settled = undefined;
  }
  return true;
}

function announce(event: TrackedRecord, pair: Pair, ownTimeMs: number, context: StepContext<unknown, null>): void {
  const key = linksKeyOf(event.workspace);
  const value: LinkObservedRecord = {
    kind: 'linkObserved',
    workspace: event.workspace,
    a: pair.a,
    b: pair.b,
    evidence: pair.evidence,
    strength: pair.strength,
    timeMs: ownTimeMs,
    messageId: event.messageId,
    fragments: pair.fragments,
  };
  context.emit('links', partitionOf(ownerOf(key), context.partitions('links')), { key, value, timeMs: context.logTimeMs });
}

function createSender(spells: Spells): SenderIdentity {
  return { spells, announced: new Map(), settled: undefined, settledIdentities: [], settledSinceMs: Infinity };
}

function encode(writer: Writer, { spells, announced }: SenderIdentity): Uint8Array {
  writer.byte(FORM);
  writeSpells(writer, spells);
  writer.uint(announced.size);
  for (const [pair, earliestMs] of announced) {
    writer.string(pair);
    writer.int(earliestMs);
  }
  return writer.take();
}

function decode(bytes: Uint8Array): SenderIdentity {
  const reader = new Reader(bytes);
  const form = reader.byte();
  if (form !== FORM) throw new RangeError(`sender document of form ${String(form)}; this release reads ${String(FORM)}`);
  const document = createSender(readSpells(reader));
  for (let left = reader.uint(); left > 0; left--) document.announced.set(reader.string(), reader.int());
  return document;
}
