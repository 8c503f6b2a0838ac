// The embedded log: the topics of the topic table as frames in one LMDB environment.
// L1 Everything the ports promise (P1, P2): durable before acknowledged, in call order, read only once durable.
// L2 Whoever reads is handed records that may be shared with others in this process: they are never changed, nor is what was appended.
// L3 Reads are bounded by their limits, the hot tail and the decoded frames by bytes and number.
import { TOPICS } from '@tessera/contracts';
import type { TopicId } from '@tessera/contracts';
import type { EventLog, LogBatch, LogClock, LogRecord, NewRecord, ReadLimits } from '@tessera/runtime';
import { AppendQueue } from './append-queue.js';
import type { AppendObserver } from './append-queue.js';
import { openCatalog } from './catalog.js';
import { Compaction } from './compaction.js';
import type { CompactionOptions, CompactionStep } from './compaction.js';
import { LmdbEnvironment } from '@tessera/lmdb-environment';
import { FrameCodec } from './frame.js';
import type { Frame } from './frame.js';
import { FrameStore } from './frame-store.js';
import { HeadCut } from './head-cut.js';
import { HotTail } from './hot-tail.js';
import type { HotTailLimits } from './hot-tail.js';
import { lanesOf } from './lane.js';
import type { Lane, LaneTable } from './lane.js';

export interface LmdbEventLogOptions {
  /** Created where there is none. One process at a time. */
  readonly folder: string;
  /** Fixed when the log is created. */
  readonly clock: LogClock;
  /** Partitions of the wide topics; fixed when the log is created. */
  readonly partitions: number;
  /** The wall clock, for the stamps of an append clock. */
  readonly nowMs: () => number;
  /** Default 1 MiB per partition and 8 MiB in all, encoded; three to four times that in memory. */
  readonly hotTail?: HotTailLimits;
  readonly observer?: AppendObserver;
}

export interface LogSize {
  readonly fileBytes: number;
  readonly frames: number;
  readonly frameBytes: number;
  readonly hotBytes: number;
}

const HOT_TAIL_DEFAULT: HotTailLimits = { bytesPerPartition: 1 << 20, bytes: 8 << 20 };
/** Frames read from disk that stay decoded, for readers that take part of a frame and come back. */
const DECODED_FRAMES_MAX = 8;

export class LmdbEventLog implements EventLog {
  readonly clock: LogClock;
  private readonly store: FrameStore;
  private readonly queue: AppendQueue;
  private readonly hot: HotTail;
  private readonly compaction: Compaction;
  private readonly headCut: HeadCut;
  private readonly decoded = new Map<string, Frame>();
  /** Compaction and cutting go one after another. */
  private rewriting: Promise<unknown> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly environment: LmdbEnvironment,
    private readonly lanes: LaneTable,
    options: LmdbEventLogOptions,
  ) {
    const codec = new FrameCodec();
    this.clock = options.clock;
    this.store = new FrameStore(environment.database('frames'), codec);
    this.hot = new HotTail(options.hotTail ?? HOT_TAIL_DEFAULT);
    this.queue = new AppendQueue(environment, this.store, codec, this.hot, options.nowMs, options.observer);
    const rewritten = (lane: Lane): void => {
      this.hot.forget(lane);
      this.decoded.clear();
    };
    this.compaction = new Compaction(environment, this.store, codec, rewritten);
    this.headCut = new HeadCut(environment, this.store, rewritten);
  }

  /** Throws when another process owns the folder, or it holds a log with another clock or partition count. */
  static async open(options: LmdbEventLogOptions): Promise<LmdbEventLog> {
    const environment = LmdbEnvironment.open(options.folder);
    try {
      const catalog = await openCatalog(environment, options.clock, options.partitions);
      const lanes = lanesOf(options.clock, options.partitions, (topic) => catalog.topics[topic] as number);
      const log = new LmdbEventLog(environment, lanes, options);
      for (const ofTopic of lanes.values()) for (const lane of ofTopic) log.restore(lane);
      return log;
    } catch (error) {
      await environment.close();
      throw error;
    }
  }

  partitions(topic: TopicId): number {
    return this.lanesOf(topic).length;
  }

  async append(topic: TopicId, partition: number, records: readonly NewRecord[]): Promise<{ readonly firstOffset: number }> {
    const lane = this.lane(topic, partition);
    if (this.closed) throw new Error('the log is closed');
    return records.length === 0 ? { firstOffset: lane.next } : this.queue.append(lane, records);
  }

  async read(topic: TopicId, partition: number, fromOffset: number, limits: ReadLimits): Promise<LogBatch> {
    const lane = this.lane(topic, partition);
    lane.followed = true;
    const parts: (readonly LogRecord[])[] = [];
    let count = 0;
    let bytes = 0;
    let nextOffset = fromOffset;
    while (nextOffset < lane.durable && (count === 0 || (count < limits.records && bytes < limits.bytes))) {
      const hot = this.hot.frameAt(lane, nextOffset);
      const frame = hot?.frame ?? this.decodedFrame(lane, nextOffset);
      if (frame === undefined || frame.first >= lane.durable) break;
      const start = indexOf(frame, nextOffset);
      const recordBytes = frame.bytes / Math.max(1, frame.records.length);
      const fitting = Math.min(limits.records - count, Math.floor((limits.bytes - bytes) / recordBytes));
      const end = Math.min(frame.records.length, start + Math.max(fitting, count === 0 ? 1 : 0));
      if (end > start) parts.push(start === 0 && end === frame.records.length ? frame.records : frame.records.slice(start, end));
      count += end - start;
      bytes += (end - start) * recordBytes;
      nextOffset = end === frame.records.length ? frame.next : (frame.records[end] as LogRecord).offset;
      if (end < frame.records.length) break;
      if (hot) this.hot.wasRead(hot);
    }
    return { records: parts.length === 1 ? (parts[0] as readonly LogRecord[]) : parts.flat(), nextOffset };
  }

  async startOffset(topic: TopicId, partition: number): Promise<number> {
    return this.store.firstOffset(this.lane(topic, partition)) ?? 0;
  }

  async endOffset(topic: TopicId, partition: number): Promise<number> {
    return this.lane(topic, partition).durable;
  }

  subscribe(topic: TopicId, partition: number, wake: () => void): () => void {
    const lane = this.lane(topic, partition);
    const waker = { wake };
    lane.followed = true;
    lane.wakers.add(waker);
    return () => void lane.wakers.delete(waker);
  }

  /** Takes superseded records of a compacted topic away, a bounded piece per call. */
  async compact(topic: TopicId, options: CompactionOptions = {}): Promise<CompactionStep> {
    if (TOPICS[topic].policy !== 'compact') throw new RangeError(`${topic} is not a compacted topic`);
    return this.inTurn(() => this.compaction.step(this.lanesOf(topic), options));
  }

  /** Lets go of whole frames below the offset; returns where the partition starts now. Compacted topics have no head to cut. */
  async cutHead(topic: TopicId, partition: number, toOffset: number): Promise<number> {
    if (TOPICS[topic].policy === 'compact') throw new RangeError(`${topic} is a compacted topic: its head is not cut`);
    const lane = this.lane(topic, partition);
    return this.inTurn(() => this.headCut.to(lane, toOffset));
  }

  size(): LogSize {
    const { entries, bytes } = this.environment.usage(this.store.database);
    return { fileBytes: this.environment.fileBytes(), frames: entries, frameBytes: bytes, hotBytes: this.hot.bytes };
  }

  /** Waits for the appends under way. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.rewriting;
    await this.queue.drained();
    await this.environment.close();
  }

  private inTurn<T>(rewrite: () => Promise<T> | T): Promise<T> {
    const done = this.rewriting.then(rewrite);
    this.rewriting = done.catch(() => undefined);
    return done;
  }

  private restore(lane: Lane): void {
    const last = this.store.last(lane);
    if (last === undefined) return;
    lane.durable = last.next;
    lane.submitted = last.next;
    lane.next = last.next;
    lane.lastStampMs = last.highestStampMs;
  }

  private decodedFrame(lane: Lane, offset: number): Frame | undefined {
    const recent = this.decoded.get(lane.name);
    if (recent !== undefined && recent.first <= offset && offset < recent.next) return recent;
    const frame = this.store.frameAt(lane, offset);
    if (frame === undefined) return undefined;
    this.decoded.delete(lane.name);
    this.decoded.set(lane.name, frame);
    if (this.decoded.size > DECODED_FRAMES_MAX) this.decoded.delete(this.decoded.keys().next().value as string);
    return frame;
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

/** Of the first record at or after the offset. */
function indexOf(frame: Frame, offset: number): number {
  let low = 0;
  let high = frame.records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((frame.records[middle] as LogRecord).offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
