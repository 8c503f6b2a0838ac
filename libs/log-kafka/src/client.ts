// What the log asks of a Kafka client. Two implement it (docs/adr/0014): nothing outside of their folders knows which one is there.
// C1 `produce` sends one batch to one partition and resolves with the offset that the broker gave its first record; the client repeats
//    it as the same batch (same producer, same sequence) while that can help, and rejects with a RetryableError when it gives up.
// C2 The caller has one batch per partition under way: so order needs no help from the client.
// C3 `fetch` answers per partition, also where one of them failed.
import type { LogRecord } from '@tessera/runtime';
import type { TopicPlan } from './topic-plan.js';

/** A record as it goes over the wire. */
export interface WireRecord {
  readonly key: string;
  /** JSON text; null is a tombstone. */
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Stamp of a topic that keeps its writers' (CreateTime); the broker's own replaces it elsewhere. */
  readonly timeMs: number;
  /** UTF-8 bytes of key, value and headers. */
  readonly bytes: number;
}

export interface FetchPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface FetchLimits {
  /** The broker answers when there is something, or after this time; 0 at once. */
  readonly waitMs: number;
  readonly bytes: number;
  readonly bytesPerPartition: number;
}

export type FetchProblem = 'out-of-range' | 'moved' | 'unreadable' | 'failed';

export interface FetchAnswer extends FetchPosition {
  /** Undefined where the fetch worked. `moved`: another broker leads the partition now; `unreadable`: nobody can decode what is there. */
  readonly problem: FetchProblem | undefined;
  readonly detail: string;
  /** All below is readable. */
  readonly highWatermark: number;
  /** Undefined where nothing was there. */
  readonly chunk: RecordChunk | undefined;
}

/** Records as they came, decoded as they are taken, in order. */
export interface RecordChunk {
  readonly bytes: number;
  /** Where the next fetch goes on: past records that compaction took and those that are no records. */
  readonly nextOffset: number;
  /**
   * Up to so many records and bytes, at least one while there is one; `done` when the chunk is used up. Throws UnreadableBatchError
   * when the next record is in a batch that cannot be read.
   */
  take(
    records: number,
    bytes: number,
  ): { readonly records: readonly LogRecord[]; readonly bytes: number; readonly done: boolean };
}

export interface FoundTopic {
  readonly partitions: number;
  /** Settings by name, those of the broker's defaults too. */
  readonly settings: ReadonlyMap<string, string>;
}

export interface KafkaClient {
  connect(): Promise<void>;
  produce(topic: string, partition: number, records: readonly WireRecord[]): Promise<number>;
  /** The broker that leads a partition now; `fresh` asks the cluster again. */
  leaderOf(topic: string, partition: number, fresh?: boolean): Promise<number>;
  /** From one broker, over the connection of this purpose: a waiting `follow` never holds up a `read`. */
  fetch(
    leader: number,
    purpose: 'follow' | 'read',
    positions: readonly FetchPosition[],
    limits: FetchLimits,
  ): Promise<readonly FetchAnswer[]>;
  offsetOf(topic: string, partition: number, which: 'start' | 'end'): Promise<number>;
  /** Undefined for topics that are not there. */
  describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, FoundTopic>>;
  /** Resolves when all of them can be written and read; one that another process made meanwhile is fine. */
  createTopics(plans: readonly TopicPlan[]): Promise<void>;
  close(): Promise<void>;
}
