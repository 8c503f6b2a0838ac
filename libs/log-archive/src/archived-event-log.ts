// A log whose reads go on from the archive to the broker, and back, unseen.
// E1 A record is given once and none is left out, also while retention cuts the broker's head during a read.
// E2 The log starts where its archive starts, or where its broker does if that is lower. The start moves when old files go (ArchiveRetention): a read
//    from below it goes on there. Appends, ends and wake-ups are the broker's.
// E3 What is neither in the archive nor in the broker is an error that names it, never a jump.
//
// What the broker gives from an offset on is trusted when its first record has that offset. Else there is a gap in front, from compaction or
// because the head was cut: the broker is asked for its start after the read, and starts only ever rise.
import { TOPICS, type TopicId } from '@tessera/contracts';
import type { EventLog, LogBatch, LogClock, NewRecord, ReadLimits } from '@tessera/runtime';
import type { LogArchive } from './log-archive.js';

export class LostRecordsError extends Error {
  constructor(topic: TopicId, partition: number, from: number, to: number) {
    super(
      `${topic}[${String(partition)}]: the records from ${String(from)} to ${String(to - 1)} are neither in the archive nor in the broker; ` +
        'rebuild from a snapshot of state that is beyond them',
    );
    this.name = 'LostRecordsError';
  }
}

export class ArchivedEventLog implements EventLog {
  readonly clock: LogClock;
  /** The highest start that the broker told, per partition. */
  private readonly starts = new Map<string, number>();

  constructor(
    private readonly broker: EventLog,
    private readonly archive: LogArchive,
  ) {
    this.clock = broker.clock;
  }

  partitions(topic: TopicId): number {
    return this.broker.partitions(topic);
  }

  append(topic: TopicId, partition: number, records: readonly NewRecord[]): Promise<{ readonly firstOffset: number }> {
    return this.broker.append(topic, partition, records);
  }

  async read(topic: TopicId, partition: number, fromOffset: number, limits: ReadLimits): Promise<LogBatch> {
    if (!TOPICS[topic].archived) return this.broker.read(topic, partition, fromOffset, limits);
    for (let from = fromOffset; ;) {
      if (from >= this.start(topic, partition)) {
        const batch = await this.fromBroker(topic, partition, from, limits);
        if (batch !== undefined) return batch;
      }
      const archived = await this.archive.range(topic, partition, from);
      const start = this.start(topic, partition);
      if (archived === undefined) from = start;
      else if (from < archived.start) from = Math.min(archived.start, start);
      else if (from < archived.end) {
        const batch = await this.archive.read(topic, partition, from, limits);
        if (batch.records.length > 0) return batch;
        from = batch.nextOffset;
      } else if (TOPICS[topic].policy === 'compact') from = Math.max(from, start);
      else throw new LostRecordsError(topic, partition, from, start);
    }
  }

  async startOffset(topic: TopicId, partition: number): Promise<number> {
    const archived = TOPICS[topic].archived ? await this.archive.range(topic, partition, 0) : undefined;
    const start = await this.broker.startOffset(topic, partition);
    return archived === undefined ? start : Math.min(archived.start, start);
  }

  endOffset(topic: TopicId, partition: number): Promise<number> {
    return this.broker.endOffset(topic, partition);
  }

  subscribe(topic: TopicId, partition: number, wake: () => void): () => void {
    return this.broker.subscribe(topic, partition, wake);
  }

  close(): Promise<void> {
    return this.broker.close();
  }

  /** Undefined where the broker's head is beyond the offset. */
  private async fromBroker(topic: TopicId, partition: number, from: number, limits: ReadLimits): Promise<LogBatch | undefined> {
    let batch: LogBatch | undefined;
    let failure: unknown;
    try {
      batch = await this.broker.read(topic, partition, from, limits);
    } catch (error) {
      // Some brokers refuse an offset below their start.
      failure = error;
    }
    const [first] = batch?.records ?? [];
    if (batch !== undefined && (first === undefined ? batch.nextOffset === from : first.offset === from)) return batch;
    const start = Math.max(this.start(topic, partition), await this.broker.startOffset(topic, partition));
    this.starts.set(`${topic}/${String(partition)}`, start);
    if (start > from) return undefined;
    if (batch === undefined) throw failure;
    return batch;
  }

  private start(topic: TopicId, partition: number): number {
    return this.starts.get(`${topic}/${String(partition)}`) ?? 0;
  }
}
