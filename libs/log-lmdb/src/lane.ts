// A lane: one partition of one topic of this log, with what is known of it in memory.
import { partitionCount, TOPIC_IDS, TOPICS } from '@tessera/contracts';
import type { TopicId } from '@tessera/contracts';
import type { LogClock, LogRecord } from '@tessera/runtime';
import type { HotFrame } from './hot-tail.js';

export interface Acknowledgement {
  readonly append: number;
  readonly firstOffset: number;
  readonly resolve: (appended: { readonly firstOffset: number }) => void;
  readonly reject: (error: unknown) => void;
}

/** Records that wait for their frame. */
export interface OpenFrame {
  readonly first: number;
  readonly records: LogRecord[];
  /** Appends whose last record is in it. */
  readonly acknowledgements: Acknowledgement[];
}

export interface Lane {
  readonly topic: TopicId;
  readonly partition: number;
  readonly clock: LogClock;
  /** `events[3]`, for messages. */
  readonly name: string;
  /** Topic number and partition: the beginning of the keys of its frames. */
  readonly prefix: Buffer;
  /** All below is on disk. */
  durable: number;
  /** End of the transaction under way; `durable` when there is none. */
  submitted: number;
  /** Offset of the next record. */
  next: number;
  lastStampMs: number;
  open: OpenFrame | undefined;
  /** Frames just appended, still decoded; the end of the lane, without a hole. */
  hot: HotFrame[];
  /** Somebody reads it in this process: only then is it worth keeping hot. */
  followed: boolean;
  readonly wakers: Set<{ readonly wake: () => void }>;
}

export type LaneTable = ReadonlyMap<TopicId, readonly Lane[]>;

/** All lanes of a log, empty. */
export function lanesOf(clock: LogClock, wide: number, numberOf: (topic: TopicId) => number): LaneTable {
  return new Map(
    TOPIC_IDS.map((topic) => [
      topic,
      Array.from({ length: partitionCount(topic, wide) }, (_, partition) => emptyLane(topic, partition, clock, numberOf(topic))),
    ]),
  );
}

function emptyLane(topic: TopicId, partition: number, clock: LogClock, number: number): Lane {
  const prefix = Buffer.alloc(3);
  prefix.writeUInt8(number, 0);
  prefix.writeUInt16BE(partition, 1);
  return {
    topic,
    partition,
    clock: TOPICS[topic].clock === 'append' ? 'append' : clock,
    name: `${topic}[${String(partition)}]`,
    prefix,
    durable: 0,
    submitted: 0,
    next: 0,
    lastStampMs: 0,
    open: undefined,
    hot: [],
    followed: false,
    wakers: new Set(),
  };
}
