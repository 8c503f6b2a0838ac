// The log in memory: for tests, scenarios and the core. Nothing survives the process.
// M1 Everything that the ports promise, with the plainest code: an append is "durable" when it returns.
// M2 A partition's stamps never run backwards with an append clock; with an event clock the stamp is the record's own time.
import { partitionCount, TOPIC_IDS, TOPICS } from '@tessera/contracts';
import type { Key, TopicId } from '@tessera/contracts';
import type { EventLog, LogBatch, LogClock, LogRecord, NewRecord, ReadLimits } from '@tessera/runtime';

export interface MemoryEventLogOptions {
  readonly clock: LogClock;
  /** The wall clock, for the stamps of an append clock. */
  readonly nowMs: () => number;
  /** Partitions of the wide topics. */
  readonly partitions: number;
}

interface Lane {
  readonly clock: LogClock;
  records: LogRecord[];
  /** Below it the head was cut. */
  start: number;
  next: number;
  lastStampMs: number;
  readonly wakers: Set<{ readonly wake: () => void }>;
}

/** What a record counts against a limit of bytes: nothing is encoded here. */
const RECORD_BYTES = 256;

export class MemoryEventLog implements EventLog {
  readonly clock: LogClock;
  private readonly lanes: ReadonlyMap<TopicId, readonly Lane[]>;
  private closed = false;

  constructor(private readonly options: MemoryEventLogOptions) {
    this.clock = options.clock;
    this.lanes = new Map(
      TOPIC_IDS.map((topic) => [
        topic,
        Array.from({ length: partitionCount(topic, options.partitions) }, () => emptyLane(topic, options.clock)),
      ]),
    );
  }

  partitions(topic: TopicId): number {
    return this.lanesOf(topic).length;
  }

  async append(topic: TopicId, partition: number, records: readonly NewRecord[]): Promise<{ readonly firstOffset: number }> {
    if (this.closed) throw new Error('the log is closed');
    const lane = this.lane(topic, partition);
    const stamps = this.stamps(lane, records);
    const firstOffset = lane.next;
    records.forEach(({ key, value, headers }, index) => {
      lane.records.push({ offset: lane.next++, stampMs: stamps[index] as number, key, value, headers });
    });
    // After the caller's own turn, as with every other log: a reader is never woken inside an append.
    await Promise.resolve();
    if (records.length > 0) for (const { wake } of lane.wakers) wake();
    return { firstOffset };
  }

  async read(topic: TopicId, partition: number, fromOffset: number, limits: ReadLimits): Promise<LogBatch> {
    const lane = this.lane(topic, partition);
    const start = indexOf(lane.records, fromOffset);
    const fitting = Math.min(limits.records, Math.floor(limits.bytes / RECORD_BYTES));
    const records = lane.records.slice(start, start + Math.max(1, fitting));
    const following = lane.records[start + records.length];
    return { records, nextOffset: following?.offset ?? Math.max(fromOffset, lane.next) };
  }

  async startOffset(topic: TopicId, partition: number): Promise<number> {
    const { records, start } = this.lane(topic, partition);
    return records[0]?.offset ?? start;
  }

  async endOffset(topic: TopicId, partition: number): Promise<number> {
    return this.lane(topic, partition).next;
  }

  subscribe(topic: TopicId, partition: number, wake: () => void): () => void {
    const { wakers } = this.lane(topic, partition);
    const waker = { wake };
    wakers.add(waker);
    return () => void wakers.delete(waker);
  }

  /** Keeps the latest record of every key, tombstones too; offsets stay, with gaps. */
  compact(topic: TopicId): void {
    if (TOPICS[topic].policy !== 'compact') throw new RangeError(`${topic} is not a compacted topic`);
    for (const lane of this.lanesOf(topic)) {
      const latest = new Map<Key, number>();
      for (const { key, offset } of lane.records) latest.set(key, offset);
      lane.records = lane.records.filter(({ key, offset }) => latest.get(key) === offset);
    }
  }

  /** Lets go of the records below the offset, as a broker's retention does; returns where the partition starts now. */
  cutHead(topic: TopicId, partition: number, toOffset: number): Promise<number> {
    const lane = this.lane(topic, partition);
    lane.start = Math.max(lane.start, Math.min(toOffset, lane.next));
    lane.records = lane.records.slice(indexOf(lane.records, lane.start));
    return this.startOffset(topic, partition);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  private stamps(lane: Lane, records: readonly NewRecord[]): readonly number[] {
    if (lane.clock === 'append') {
      lane.lastStampMs = Math.max(lane.lastStampMs, this.options.nowMs());
      return new Array<number>(records.length).fill(lane.lastStampMs);
    }
    return records.map(({ timeMs, key }) => {
      if (timeMs === undefined || !Number.isFinite(timeMs))
        throw new TypeError(`the log has an event clock: ${key} needs a time`);
      return timeMs;
    });
  }

  private lane(topic: TopicId, partition: number): Lane {
    const lane = this.lanesOf(topic)[partition];
    if (lane === undefined) throw new RangeError(`there is no partition ${String(partition)} of ${topic}`);
    return lane;
  }

  private lanesOf(topic: TopicId): readonly Lane[] {
    const lanes = this.lanes.get(topic);
    if (lanes === undefined) throw new RangeError(`there is no topic ${topic}`);
    return lanes;
  }
}

function emptyLane(topic: TopicId, clock: LogClock): Lane {
  return {
    clock: TOPICS[topic].clock === 'append' ? 'append' : clock,
    records: [],
    start: 0,
    next: 0,
    lastStampMs: 0,
    wakers: new Set(),
  };
}

/** Of the first record at or after the offset. */
function indexOf(records: readonly LogRecord[], offset: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle] as LogRecord).offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
