// Copies closed ranges of the archived topics from a log into its archive, in the background.
// R1 A range is closed when it fills a file (records or bytes), or when its oldest record has waited `closeAfterMs`. What is in the archive is
//    where the next one begins, so an archiver that was killed, or a second one, goes on without a gap and without an overlap.
// R2 One file is made at a time: its compressed blocks and one raw one are all that is held.
// R3 An archive that is ahead of its log is of another past (a log that was restored): it is left alone, and told.
// R4 A failure costs the partition its turn and is told; records that the log let go of before they were archived are a failure that stays.
import { TOPIC_IDS, TOPICS, type TopicId } from '@tessera/contracts';
import type { Clock, EventLog, LogRecord, Part } from '@tessera/runtime';
import { ArchiveFileWriter } from './archive-file.js';
import type { LogArchive } from './log-archive.js';
import { TopicCounter } from './topic-counter.js';

export interface LogArchiverOptions {
  /** The log itself, not the one that reads on from the archive. */
  readonly log: EventLog;
  readonly archive: LogArchive;
  readonly clock: Clock;
  /** Default: the archived topics of the table. */
  readonly topics?: readonly TopicId[];
  /** Of a file. Defaults 50,000 records and 16 MiB of lines. */
  readonly fileRecords?: number;
  readonly fileBytes?: number;
  /** Default one hour. Keep it far below the broker's retention. */
  readonly closeAfterMs?: number;
  /** Between two rounds. Default 30,000. */
  readonly intervalMs?: number;
  /** Told of every failure; the archiver goes on. */
  readonly failed?: (topic: TopicId, partition: number, error: unknown) => void;
}

/** How far one partition is archived. */
export interface ArchiveProgress {
  readonly topic: TopicId;
  readonly partition: number;
  /** Everything below is in the archive. */
  readonly archivedTo: number;
  readonly endOffset: number;
  readonly lagRecords: number;
  /** Age of the oldest record that is not archived; 0 where there is none. */
  readonly lagMs: number;
}

/** What was found not to fill a file: it need not be read again until it can. */
interface Waiting {
  readonly from: number;
  readonly records: number;
  readonly rawBytes: number;
  readonly firstStampMs: number;
}

interface Lane {
  readonly topic: TopicId;
  readonly partition: number;
  archivedTo: number;
  endOffset: number;
  waiting: Waiting | undefined;
  /** Stamp of the first record that is not archived, once it was read. */
  oldestStampMs: number | undefined;
}

export const ARCHIVED_TOPICS: readonly TopicId[] = TOPIC_IDS.filter((topic) => TOPICS[topic].archived);

const READ = { records: 2_000, bytes: 1 << 20 };

export class LogArchiver implements Part {
  readonly name = 'log archiver';
  /** By topic. */
  readonly filesWritten: TopicCounter;
  readonly recordsWritten: TopicCounter;
  readonly bytesWritten: TopicCounter;
  readonly failures: TopicCounter;
  private files = 0;
  private lastSuccessMs: number | undefined;
  private readonly lanes: readonly Lane[];
  private readonly stopping = new AbortController();
  private finished: Promise<void> = Promise.resolve();

  constructor(private readonly options: LogArchiverOptions) {
    const { log, topics = ARCHIVED_TOPICS } = options;
    this.lanes = topics.flatMap((topic) =>
      Array.from({ length: log.partitions(topic) }, (_, partition) => ({
        topic,
        partition,
        archivedTo: 0,
        endOffset: 0,
        waiting: undefined,
        oldestStampMs: undefined,
      })),
    );
    this.filesWritten = new TopicCounter(topics);
    this.recordsWritten = new TopicCounter(topics);
    this.bytesWritten = new TopicCounter(topics);
    this.failures = new TopicCounter(topics);
  }

  start(): void {
    this.lastSuccessMs ??= this.options.clock.nowMs();
    this.finished = this.watch();
  }

  /** Waits for the file under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.finished;
  }

  progress(): readonly ArchiveProgress[] {
    const nowMs = this.options.clock.nowMs();
    return this.lanes.map(({ topic, partition, archivedTo, endOffset, oldestStampMs }) => ({
      topic,
      partition,
      archivedTo,
      endOffset,
      lagRecords: Math.max(0, endOffset - archivedTo),
      lagMs: oldestStampMs === undefined ? 0 : Math.max(0, nowMs - oldestStampMs),
    }));
  }

  /** Time since all partitions were last gone over without a failure; since the start, where they never were. */
  stalenessMs(): number {
    return this.lastSuccessMs === undefined ? 0 : Math.max(0, this.options.clock.nowMs() - this.lastSuccessMs);
  }

  /** Archives every range that is closed; with `all`, everything that is in the log. Returns the number of files written. */
  async archive({ all = false }: { readonly all?: boolean } = {}): Promise<number> {
    const before = this.files;
    let failed = false;
    for (const lane of this.lanes) {
      try {
        while (!this.stopping.signal.aborted && (await this.step(lane, all)));
      } catch (error) {
        failed = true;
        this.failures.add(lane.topic, 1);
        this.options.failed?.(lane.topic, lane.partition, error);
        if (this.options.failed === undefined) throw error;
      }
    }
    if (!failed && !this.stopping.signal.aborted) this.lastSuccessMs = this.options.clock.nowMs();
    return this.files - before;
  }

  private async watch(): Promise<void> {
    const { clock, intervalMs = 30_000 } = this.options;
    while (!this.stopping.signal.aborted) {
      await this.archive().catch(() => undefined);
      await clock.wait(intervalMs, this.stopping.signal);
    }
  }

  /** One file at most; false when nothing is closed any more. */
  private async step(lane: Lane, all: boolean): Promise<boolean> {
    const { log, fileRecords = 50_000, fileBytes = 16 << 20, closeAfterMs = 3_600_000, clock } = this.options;
    const { topic, partition } = lane;
    lane.endOffset = await log.endOffset(topic, partition);
    const from = await this.position(lane);
    if (lane.archivedTo !== from) lane.oldestStampMs = undefined;
    lane.archivedTo = from;
    const isOld = (stampMs: number): boolean => all || clock.nowMs() - stampMs >= closeAfterMs;
    if (this.canWait(lane, isOld)) return false;
    const writer = new ArchiveFileWriter(topic, partition, from);
    let firstStampMs: number | undefined;
    for await (const record of this.records(lane, from)) {
      firstStampMs ??= lane.oldestStampMs = record.stampMs;
      await writer.add(record);
      if (writer.records >= fileRecords || writer.rawBytes >= fileBytes) return this.write(lane, from, writer);
    }
    lane.waiting = undefined;
    if (firstStampMs === undefined) return false;
    if (isOld(firstStampMs)) return this.write(lane, from, writer);
    lane.waiting = { from, records: writer.records, rawBytes: writer.rawBytes, firstStampMs };
    return false;
  }

  /** The first offset that is not archived. Throws where the log holds it no more. */
  private async position({ topic, partition, endOffset }: Lane): Promise<number> {
    const { log, archive } = this.options;
    const start = await log.startOffset(topic, partition);
    if (start === endOffset && endOffset === 0) return 0;
    let archived = await archive.range(topic, partition, 0);
    // Another archiver may be ahead of what is known here.
    if (archived !== undefined && start > archived.end) archived = await archive.range(topic, partition);
    if (archived === undefined) return start;
    if (start > archived.end && TOPICS[topic].policy === 'delete')
      throw new Error(
        `${topic}[${String(partition)}]: the log begins at ${String(start)}, the archive ends at ${String(archived.end)}: records between them were ` +
          'let go before they were archived; give the log a longer retention and begin a new archive at another address',
      );
    if (archived.end > endOffset && archived.end > (await log.endOffset(topic, partition)))
      throw new Error(
        `${topic}[${String(partition)}]: the archive ends at ${String(archived.end)}, beyond the log, which ends at ${String(endOffset)}: the log was restored ` +
          'to an earlier moment, and what is archived behind it never was; begin a new archive at another address',
      );
    return archived.end;
  }

  private canWait(lane: Lane, isOld: (stampMs: number) => boolean): boolean {
    const { waiting, archivedTo, endOffset } = lane;
    if (endOffset <= archivedTo) {
      lane.waiting = lane.oldestStampMs = undefined;
      return true;
    }
    if (waiting?.from !== archivedTo || isOld(waiting.firstStampMs)) return false;
    const { fileRecords = 50_000, fileBytes = 16 << 20 } = this.options;
    const records = endOffset - archivedTo;
    return records < fileRecords && (records * waiting.rawBytes) / waiting.records < fileBytes;
  }

  private async *records({ topic, partition, endOffset }: Lane, from: number): AsyncIterable<LogRecord> {
    for (let offset = from; offset < endOffset;) {
      const { records, nextOffset } = await this.options.log.read(topic, partition, offset, READ);
      for (const record of records) if (record.offset < endOffset) yield record;
      if (nextOffset <= offset) return;
      offset = nextOffset;
    }
  }

  private async write(lane: Lane, from: number, writer: ArchiveFileWriter): Promise<boolean> {
    const { log, archive } = this.options;
    const { topic, partition } = lane;
    // What was read is whole only if the log still holds its beginning: its head may have been cut meanwhile.
    if (TOPICS[topic].policy === 'delete' && (await log.startOffset(topic, partition)) > from) {
      await this.position(lane);
      return true;
    }
    const { bytes, next } = await writer.finish();
    lane.waiting = undefined;
    // Not where another archiver has gone on, whose first files may have been let go of since: a file of theirs would stand before a gap.
    const archived = await archive.range(topic, partition);
    if (archived !== undefined && archived.end !== from) return true;
    if ((await archive.put(topic, partition, { first: from, next }, bytes)) === 'present') return true;
    lane.archivedTo = next;
    lane.oldestStampMs = undefined;
    this.files += 1;
    this.filesWritten.add(topic, 1);
    this.recordsWritten.add(topic, writer.records);
    this.bytesWritten.add(topic, bytes.length);
    return true;
  }
}
