// The shape that the three stages of the read model share: one document per key, the last version of a source record wins.
// V1 A record changes its document only if its version is newer than the document's: duplicates, records of a former owner and
//    records out of order leave the same document.
// V2 A tombstone (value null) keeps its version and drops the rest: what left cannot come back by an older record, and no
//    personal data stays.
// V3 A document is a function of the newest record of its key alone, so it needs no definitions, no timers and no partition state.
import { Reader, Writer } from '@tessera/codec';
import type { AnyRecord, TopicId } from '@tessera/contracts';
import { asUnreadable, compareVersions } from '@tessera/contracts';
import type { LogRecord, Outcome, PartitionCodec, Stage } from '@tessera/runtime';
import { APPLIED, DUPLICATE } from '@tessera/runtime';

/** What a document holds beside its content. Generation -1: no record yet. */
export interface Versioned<Content> {
  generation: number;
  offset: number;
  index: number;
  /** Undefined after a tombstone, and before the first record. */
  content: Content | undefined;
}

/** A value that names the version it was made at. */
export interface VersionedRecord {
  readonly kind: AnyRecord['kind'];
  readonly generation: number;
  readonly offset: number;
  readonly index: number;
}

export interface VersionedStageSpec<Value extends VersionedRecord, Content> {
  readonly name: string;
  readonly input: TopicId;
  readonly kind: Value['kind'];
  contentOf(value: Value): Content;
  write(writer: Writer, content: Content): void;
  read(reader: Reader): Content;
}

const FORMAT = 1;
const NO_BYTES = new Uint8Array(0);
const NO_STATE: PartitionCodec<null> = { create: () => null, encode: () => NO_BYTES, decode: () => null };
const VERSION_HEADER = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/;

export function versionedStage<Value extends VersionedRecord & AnyRecord, Content>(
  spec: VersionedStageSpec<Value, Content>,
): Stage<Versioned<Content>, unknown, null> {
  const writer = new Writer();
  return {
    name: spec.name,
    input: spec.input,
    ownsTicks: false,
    partitionState: NO_STATE,
    keyOf: (record) => record.key,
    create: () => ({ generation: -1, offset: 0, index: 0, content: undefined }),
    encode: (document) => encode(writer, spec, document),
    decode: (bytes) => decode(bytes, spec),
    dueMs: () => Infinity,
    step: (document, record) => step(spec, document, record),
    fire: () => undefined,
    // Not reached: every record of these topics has a document.
    control: (record) => unreadable(record, 'a control record'),
  };
}

function step<Value extends VersionedRecord & AnyRecord, Content>(
  spec: VersionedStageSpec<Value, Content>,
  document: Versioned<Content>,
  record: LogRecord,
): Outcome {
  const value = record.value;
  if (value !== null && value.kind !== spec.kind) return unreadable(record, asUnreadable(value)?.detail ?? value.kind);
  const version = value === null ? versionOfTombstone(record) : (value as Value);
  if (version === undefined) return unreadable(record, 'a tombstone without its version');
  const order = compareVersions(version, document);
  if (order === 0) return DUPLICATE;
  if (order < 0) return { kind: 'drop', reason: 'stale-version' };
  document.generation = version.generation;
  document.offset = version.offset;
  document.index = version.index;
  document.content = value === null ? undefined : spec.contentOf(value as Value);
  return APPLIED;
}

function versionOfTombstone(record: LogRecord): { generation: number; offset: number; index: number } | undefined {
  const match = VERSION_HEADER.exec(record.headers?.['version'] ?? '');
  return match === null ? undefined : { generation: Number(match[1]), offset: Number(match[2]), index: Number(match[3]) };
}

function unreadable(record: LogRecord, found: string): Outcome {
  return { kind: 'dead-letter', reason: 'unreadable-record', detail: `${found} at ${record.key}` };
}

function encode<Value extends VersionedRecord, Content>(
  writer: Writer,
  spec: VersionedStageSpec<Value, Content>,
  document: Versioned<Content>,
): Uint8Array {
  writer.byte(FORMAT);
  writer.uint(document.generation + 1);
  writer.uint(document.offset);
  writer.uint(document.index);
  writer.bool(document.content !== undefined);
  if (document.content !== undefined) spec.write(writer, document.content);
  return writer.take();
}

function decode<Value extends VersionedRecord, Content>(
  bytes: Uint8Array,
  spec: VersionedStageSpec<Value, Content>,
): Versioned<Content> {
  const reader = new Reader(bytes);
  const format = reader.byte();
  if (format !== FORMAT)
    throw new RangeError(`${spec.name}: documents of form ${String(format)}, this release reads ${String(FORMAT)}`);
  return {
    generation: reader.uint() - 1,
    offset: reader.uint(),
    index: reader.uint(),
    content: reader.bool() ? spec.read(reader) : undefined,
  };
}
