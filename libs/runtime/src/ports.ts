// The ports of the runtime: all that a processor or a service may ask of the world.
// P1 `append` resolves only when its records are durable (all in-sync replicas; flushed to disk). If it rejects, they may or
//    may not be in the log: the caller stops, and repeats from its partition document.
// P2 Appends of one caller to one partition take effect in call order.
// P3 A state document is written only over one with a smaller lastOffset; a refused write is a success.
// P4 Nothing here is reached from the core except through the loop.
import type { AnyRecord, Key, TopicId } from '@tessera/contracts';

export type LogClock = 'append' | 'event';

/** A record to append. With an event clock `timeMs` is its stamp; else the log stamps it. */
export interface NewRecord {
  readonly key: Key;
  /** null is a tombstone (compacted topics). */
  readonly value: AnyRecord | null;
  readonly timeMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A record as read. Never changed by a reader: others may hold the same object. */
export interface LogRecord {
  readonly offset: number;
  /** The log's stamp, milliseconds since the epoch. */
  readonly stampMs: number;
  readonly key: Key;
  readonly value: AnyRecord | null;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface LogBatch {
  readonly records: readonly LogRecord[];
  /** Where the next read goes on; past compacted records too. */
  readonly nextOffset: number;
}

export interface ReadLimits {
  readonly records: number;
  readonly bytes: number;
}

export interface EventLog {
  readonly clock: LogClock;
  partitions(topic: TopicId): number;
  append(topic: TopicId, partition: number, records: readonly NewRecord[]): Promise<{ readonly firstOffset: number }>;
  /** What is there from `fromOffset` on, at once; an empty batch at the end. At least one record, whatever the limits. */
  read(topic: TopicId, partition: number, fromOffset: number, limits: ReadLimits): Promise<LogBatch>;
  startOffset(topic: TopicId, partition: number): Promise<number>;
  /** Offset that the next durable record will get: only durable records are below it. */
  endOffset(topic: TopicId, partition: number): Promise<number>;
  /** Calls `wake` after records became readable; returns the unsubscribe. */
  subscribe(topic: TopicId, partition: number, wake: () => void): () => void;
  close(): Promise<void>;
}

/** Where the documents of one partition of one stage live. */
export interface Space {
  readonly stage: string;
  readonly partition: number;
}

export interface StateDocument {
  readonly key: Key;
  readonly lastOffset: number;
  /** Next timer, milliseconds since the epoch; Infinity for none. */
  readonly dueMs: number;
  /** True while a job (a long computation) is owed to the document. */
  readonly jobOwed: boolean;
  /** Canonical codec, version byte first. */
  readonly bytes: Uint8Array;
}

export interface PartitionDocument {
  /** Next offset to read: everything before it is in the documents. */
  readonly nextOffset: number;
  readonly logTimeMs: number;
  readonly bytes: Uint8Array;
}

export interface DueEntry {
  readonly key: Key;
  readonly dueMs: number;
  readonly jobOwed: boolean;
}

export interface StateStore {
  /** In the order of the keys; undefined where there is none. */
  load(space: Space, keys: readonly Key[]): Promise<readonly (StateDocument | undefined)[]>;
  /** Guarded by lastOffset; resolves when durable, with the number of refused writes. */
  write(space: Space, documents: readonly StateDocument[]): Promise<number>;
  loadPartition(space: Space): Promise<PartitionDocument | undefined>;
  /** Refused, as a success, when the stored one is ahead. */
  writePartition(space: Space, document: PartitionDocument): Promise<void>;
  /** All documents in key order, in chunks. */
  scan(space: Space, fromKey?: Key): AsyncIterable<readonly StateDocument[]>;
  /** Documents with a timer or an owed job, in chunks, in any order. */
  scanDue(space: Space): AsyncIterable<readonly DueEntry[]>;
  /** Forgets the space (a rebuild into a fresh one). */
  clear(space: Space): Promise<void>;
  close(): Promise<void>;
}

export interface Clock {
  nowMs(): number;
  /** Resolves after the time, or at once when the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Identifiers for requests and messages that came without one. Never used by a stage. */
export interface Ids {
  next(): string;
}

/** Compiled definition sets by hash. A hash that cannot be loaded stops the caller; it is never skipped. */
export interface DefinitionSource<Definitions> {
  load(workspace: string, hash: string): Promise<Definitions>;
}

/** The world failed, not the record: the loop backs off, discards what is in memory and goes on from its partition document. */
export class RetryableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RetryableError';
  }
}

/** A bug of ours: the process crashes rather than going on with it. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant violated: ${message}`);
}
