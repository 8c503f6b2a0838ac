// A stage: a pure function of one partition of one log, with one document per key.
// S1 `step`, `fire` and `control` read no clock, no randomness, no environment and do no I/O; equal inputs give equal outputs.
// S2 They change only the document they are given (a graph: only what `change` returned), in place, and emit absolute values.
// S3 `step` and `fire` are called in log order; all due timers of a document fire before its next record is applied.
// S4 The encoding of a document is canonical: equal documents give equal bytes, whatever the history in memory.
import { asUnreadable, type Key, type TopicId } from '@tessera/contracts';
import type { EventLog, LogRecord, NewRecord } from './ports.js';

/** Closed list; also the metric label. */
export type Reason =
  | 'sender-fragments-limit'
  | 'late-spell-unknown'
  | 'stale-version'
  | 'stale-basis'
  | 'unknown-document'
  | 'already-merged'
  | 'already-linked'
  | 'not-linked'
  | 'set-already-seen'
  | 'generic-value'
  | 'unreadable-record'
  | 'not-json'
  | 'too-large'
  | 'too-deep'
  | 'invalid-field'
  | 'missing-identity'
  | 'unknown-type'
  | 'unsafe-key';

export type Outcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'late'; readonly reason: Reason }
  | { readonly kind: 'drop'; readonly reason: Reason }
  | { readonly kind: 'dead-letter'; readonly reason: Reason; readonly detail: string };

export const APPLIED: Outcome = { kind: 'applied' };
export const DUPLICATE: Outcome = { kind: 'duplicate' };

/** What a stage made of a record, unless it is none of ours: that is kept, whatever stage met it and thought it no business of its own. */
export function outcomeOf(stepped: Outcome, { value }: LogRecord): Outcome {
  const unreadable = asUnreadable(value);
  return unreadable === undefined ? stepped : { kind: 'dead-letter', reason: 'unreadable-record', detail: unreadable.detail };
}

/** A record that a step appends. The loop keeps the order of emission per target partition. */
export interface Output extends NewRecord {
  readonly topic: TopicId;
  readonly partition: number;
}

/** What a step may know beside its document and its record. */
export interface StepContext<Definitions, PartitionState> {
  /** Partition of the input log. */
  readonly partition: number;
  /** Cause: the record's offset, or that of the record which made the timer due. */
  readonly offset: number;
  /** Stamp of that record. */
  readonly stampMs: number;
  /** Log time at that record. */
  readonly logTimeMs: number;
  readonly generation: number;
  readonly state: PartitionState;
  /** Compiled definitions by hash; loaded before the record that names them is stepped. */
  definitions(workspace: string, hash: string): Definitions;
  /** Partitions of a topic. */
  partitions(topic: TopicId): number;
  /** Index of the next output's version: 0, 1, 2 ... within one document and one cause, its timers and its record together. */
  nextIndex(): number;
  emit(topic: TopicId, partition: number, record: NewRecord): void;
}

export interface ControlContext<Definitions, PartitionState> extends StepContext<Definitions, PartitionState> {
  /** Every document of this workspace becomes due at this record; `fire` is called for each, in slices. */
  makeAllDue(workspace: string): void;
}

/** Only for a stage whose step reads several documents (the graph). */
export interface GraphContext<Document, Definitions, PartitionState> extends StepContext<Definitions, PartitionState> {
  /** Reads a document (it may be ahead of this record); the step is repeated after it was loaded. Undefined where there is none. */
  read(key: Key): Document | undefined;
  /** The document for changing (created where there is none), or undefined when it is ahead: then it holds this change already. */
  change(key: Key): Document | undefined;
}

/** A long computation: folds records of the log and ends with records in the owner's own input. */
export interface Job {
  readonly id: string;
  run(history: History, signal: AbortSignal): AsyncIterable<readonly NewRecord[]>;
}

export interface History {
  readonly partition: number;
  partitions(topic: TopicId): number;
  endOffset: EventLog['endOffset'];
  read(topic: TopicId, partition: number, fromOffset: number, toOffset: number): AsyncIterable<readonly LogRecord[]>;
}

export interface PartitionCodec<PartitionState> {
  create(): PartitionState;
  encode(state: PartitionState): Uint8Array;
  decode(bytes: Uint8Array): PartitionState;
}

export interface Stage<Document, Definitions = unknown, PartitionState = unknown> {
  /** Names its documents, its consumer group and its metrics. */
  readonly name: string;
  readonly input: TopicId;
  /** True for the one stage that appends `Tick`s to this input. */
  readonly ownsTicks: boolean;
  readonly partitionState: PartitionCodec<PartitionState>;

  /** Document of a record; undefined for a control record (it waits until no timer is due). */
  keyOf(record: LogRecord): Key | undefined;
  create(key: Key): Document;
  encode(document: Document): Uint8Array;
  decode(bytes: Uint8Array, key: Key): Document;
  /** Next timer of a document; Infinity for none. */
  dueMs(document: Document): number;

  step(document: Document, record: LogRecord, context: StepContext<Definitions, PartitionState>): Outcome;
  /** Fires every timer due at or before `untilMs`, in (due, id) order; outputs are effective at their due time. */
  fire(document: Document, untilMs: number, context: StepContext<Definitions, PartitionState>): void;
  control(record: LogRecord, context: ControlContext<Definitions, PartitionState>): Outcome;

  /** A stage of many documents steps here instead of in `step`; keyOf still names the primary one. */
  stepGraph?(record: LogRecord, context: GraphContext<Document, Definitions, PartitionState>): Outcome;

  /** Log time after this record. Default: max(logTimeMs, record.stampMs). Called for every record, before anything else. */
  advance?(state: PartitionState, record: LogRecord, logTimeMs: number): number;
  /** Own timers up to this time fire before the record. Default: log time after it. */
  ownTimeMs?(record: LogRecord, logTimeMs: number): number;

  /** Definition sets that a record names, to be loaded before it is stepped. */
  definitionsNeededBy?(record: LogRecord): readonly DefinitionName[];
  /** Definition sets in force in this partition, to be loaded at start. */
  definitionsInForce?(state: PartitionState): readonly DefinitionName[];

  /** Long computation owed to the partition, if any. */
  partitionJobs?(state: PartitionState, definitions: (workspace: string, hash: string) => Definitions): readonly Job[];
  /** Long computation owed to a document, if any. */
  documentJob?(document: Document, key: Key): Job | undefined;
}

export interface DefinitionName {
  readonly workspace: string;
  readonly hash: string;
}
