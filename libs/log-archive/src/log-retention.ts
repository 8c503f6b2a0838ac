// Retention of a log that has no broker to do it: cuts the head of each topic when its days are over.
// T1 Of an archived topic only what is in the archive is let go. Other topics are cut by their days alone; compacted ones never.
// T2 Bounded: a round reads a stated number of records per partition to find how far the days reach, and goes on in the next one.
// T3 Days are counted by the log's stamps, so only with an append clock: a log of imports keeps everything.
import { TOPIC_IDS, TOPICS, type TopicId } from '@tessera/contracts';
import type { Clock, EventLog, Part } from '@tessera/runtime';
import type { LogArchive } from './log-archive.js';
import { TopicCounter } from './topic-counter.js';

/** What such a log can do beside its port. */
export interface HeadCutter {
  /** Lets go of records below the offset, of whole frames only where it is made of them; returns where the partition starts now. */
  cutHead(topic: TopicId, partition: number, toOffset: number): Promise<number>;
}

export interface LogRetentionOptions {
  readonly log: EventLog;
  readonly cutter: HeadCutter;
  readonly clock: Clock;
  /** Without one, archived topics are kept for their whole retention. */
  readonly archive?: LogArchive | undefined;
  /** How long the log keeps what is archived. Default 7 days. */
  readonly archivedDays?: number;
  /** Retention of topics that follow the workspace's. Default 400 days. */
  readonly workspaceDays?: number;
  /** Default ten minutes. */
  readonly intervalMs?: number;
  readonly failed?: (topic: TopicId, error: unknown) => void;
}

const CUT_TOPICS: readonly TopicId[] = TOPIC_IDS.filter((topic) => TOPICS[topic].policy === 'delete');
const DAY_MS = 86_400_000;
const READ = { records: 10_000, bytes: 8 << 20 };
const READS_PER_ROUND = 20;

export class LogRetention implements Part {
  readonly name = 'log retention';
  /** By topic. */
  readonly cuts = new TopicCounter(CUT_TOPICS);
  readonly recordsCut = new TopicCounter(CUT_TOPICS);
  readonly failures = new TopicCounter(CUT_TOPICS);
  private readonly stopping = new AbortController();
  private finished: Promise<void> = Promise.resolve();

  constructor(private readonly options: LogRetentionOptions) {}

  start(): void {
    if (this.options.log.clock === 'append') this.finished = this.watch();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.finished;
  }

  /** One round over all topics. */
  async cut(): Promise<void> {
    const { log, failed } = this.options;
    for (const topic of CUT_TOPICS) {
      try {
        for (let partition = 0; partition < log.partitions(topic); partition++) await this.cutPartition(topic, partition);
      } catch (error) {
        this.failures.add(topic, 1);
        if (failed === undefined) throw error;
        failed(topic, error);
      }
    }
  }

  private async watch(): Promise<void> {
    const { clock, intervalMs = 600_000 } = this.options;
    while (!this.stopping.signal.aborted) {
      await this.cut().catch(() => undefined);
      await clock.wait(intervalMs, this.stopping.signal);
    }
  }

  private async cutPartition(topic: TopicId, partition: number): Promise<void> {
    const { log, cutter, archive, clock } = this.options;
    const start = await log.startOffset(topic, partition);
    const inArchive = TOPICS[topic].archived ? await archive?.range(topic, partition) : undefined;
    const highest = archive !== undefined && TOPICS[topic].archived ? (inArchive?.end ?? start) : Infinity;
    const to = Math.min(highest, await this.firstYounger(topic, partition, start, clock.nowMs() - this.daysOf(topic) * DAY_MS));
    if (to <= start) return;
    const cut = (await cutter.cutHead(topic, partition, to)) - start;
    if (cut <= 0) return;
    this.cuts.add(topic, 1);
    this.recordsCut.add(topic, cut);
  }

  private daysOf(topic: TopicId): number {
    const { archive, archivedDays = 7, workspaceDays = 400 } = this.options;
    const { archived, retentionDays } = TOPICS[topic];
    return archived && archive !== undefined ? archivedDays : (retentionDays ?? workspaceDays);
  }

  /** Offset of the first record that is not older, as far as one round goes. */
  private async firstYounger(topic: TopicId, partition: number, start: number, oldestMs: number): Promise<number> {
    let offset = start;
    for (let reads = 0; reads < READS_PER_ROUND; reads++) {
      const { records, nextOffset } = await this.options.log.read(topic, partition, offset, READ);
      const young = records.find(({ stampMs }) => stampMs >= oldestMs);
      if (young !== undefined) return young.offset;
      if (nextOffset <= offset) return offset;
      offset = nextOffset;
    }
    return offset;
  }
}
