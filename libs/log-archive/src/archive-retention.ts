// Retention of the archive: deletes files that are wholly older than the days of their topic.
// G1 A file goes when its highest stamp is older than the days, it is the oldest of its partition, and a newer one follows it. So what is left begins
//    later and has no gap, whatever the order of the stamps and whenever the end comes; to do it twice, or by two at once, is harmless.
// G2 A topic for which no days are given keeps everything, and so does a compacted one.
// G3 Days are counted by the log's stamps, so only with an append clock: an archive of imports keeps everything.
// G4 Bounded: a round deletes a stated number of files per partition, one at a time; of a file its header is read, once.
import { TOPICS, type TopicId } from '@tessera/contracts';
import type { Clock, EventLog, Part } from '@tessera/runtime';
import type { ArchiveHeader } from './archive-file.js';
import type { LogArchive } from './log-archive.js';
import { ARCHIVED_TOPICS } from './log-archiver.js';
import { TopicCounter } from './topic-counter.js';

export interface ArchiveRetentionOptions {
  readonly archive: LogArchive;
  /** Whose archive it is. */
  readonly log: Pick<EventLog, 'clock' | 'partitions'>;
  readonly clock: Clock;
  /** Days that the archive keeps of a topic; undefined: everything. */
  readonly daysOf: (topic: TopicId) => number | undefined;
  /** Default ten minutes. */
  readonly intervalMs?: number;
  /** Told of every failure; the next round begins where this one was. */
  readonly failed?: (topic: TopicId, partition: number, error: unknown) => void;
}

const DAY_MS = 86_400_000;
const FILES_PER_ROUND = 1_000;

/** Topics of which an archive may let go. */
export const EXPIRING_TOPICS: readonly TopicId[] = ARCHIVED_TOPICS.filter((topic) => TOPICS[topic].policy === 'delete');

export class ArchiveRetention implements Part {
  readonly name = 'archive retention';
  /** By topic. */
  readonly filesDeleted = new TopicCounter(EXPIRING_TOPICS);
  readonly recordsDeleted = new TopicCounter(EXPIRING_TOPICS);
  readonly failures = new TopicCounter(EXPIRING_TOPICS);
  /** The oldest files that were too young: they need not be read again. */
  private readonly waiting = new Map<string, ArchiveHeader>();
  private readonly stopping = new AbortController();
  private finished: Promise<void> = Promise.resolve();

  constructor(private readonly options: ArchiveRetentionOptions) {}

  start(): void {
    if (this.options.log.clock === 'append') this.finished = this.watch();
  }

  /** Waits for the file under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.finished;
  }

  /** One round over all topics. Returns the number of files deleted. */
  async deleteOld(): Promise<number> {
    const { log, daysOf, failed } = this.options;
    let deleted = 0;
    for (const topic of EXPIRING_TOPICS) {
      const days = daysOf(topic);
      if (days === undefined) continue;
      for (let partition = 0; partition < log.partitions(topic); partition++) {
        try {
          deleted += await this.deleteOf(topic, partition, days);
        } catch (error) {
          this.failures.add(topic, 1);
          if (failed === undefined) throw error;
          failed(topic, partition, error);
        }
      }
    }
    return deleted;
  }

  private async watch(): Promise<void> {
    const { clock, intervalMs = 600_000 } = this.options;
    while (!this.stopping.signal.aborted) {
      await this.deleteOld().catch(() => undefined);
      await clock.wait(intervalMs, this.stopping.signal);
    }
  }

  private async deleteOf(topic: TopicId, partition: number, days: number): Promise<number> {
    const { archive, clock } = this.options;
    const oldestMs = clock.nowMs() - days * DAY_MS;
    const place = `${topic}/${String(partition)}`;
    const waiting = this.waiting.get(place);
    if (waiting !== undefined && waiting.highestStampMs >= oldestMs) return 0;
    for (let deleted = 0; ; deleted++) {
      const header = await archive.oldest(topic, partition);
      if (header === undefined || deleted === FILES_PER_ROUND || this.stopping.signal.aborted) return deleted;
      if (header.highestStampMs >= oldestMs) {
        this.waiting.set(place, header);
        return deleted;
      }
      await archive.deleteOldest(topic, partition, header.first);
      this.filesDeleted.add(topic, 1);
      this.recordsDeleted.add(topic, header.records);
    }
  }
}
