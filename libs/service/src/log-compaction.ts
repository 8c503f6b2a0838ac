// Keeps the compacted topics small: now and then, in the background, records that a later one of the same key has replaced are
// taken out of the log.
// K1 A round begins every `intervalMs` and goes over the compacted topics one after another; a topic of which little was replaced
//    since it was last gone over is left alone (the log's own rule).
// K2 Bounded: a step reads a stated number of frames, and a pause of four times its length follows, so that a round takes a fifth of
//    a core at most, however much there is to do.
// K3 A failure costs the round and is told; the next one begins where it was.
import { TOPIC_IDS, TOPICS, type TopicId } from '@tessera/contracts';
import type { Clock, Part } from '@tessera/runtime';
import type { Journal } from '@tessera/telemetry';

/** What the log can do beside its port, where it has no broker that does it. */
export interface Compactor {
  /** A bounded piece of work. */
  compact(topic: TopicId, options: { readonly frames: number }): Promise<CompactionStep>;
}

export interface CompactionStep {
  /** Nothing is left to do for now. */
  readonly finished: boolean;
  readonly framesRead: number;
  readonly recordsDropped: number;
}

export interface LogCompactionOptions {
  readonly compactor: Compactor;
  readonly clock: Clock;
  readonly journal?: Journal | undefined;
  /** Default 60,000. */
  readonly intervalMs?: number;
}

export const COMPACTED_TOPICS: readonly TopicId[] = TOPIC_IDS.filter((topic) => TOPICS[topic].policy === 'compact');

const INTERVAL_MS = 60_000;
const STEP_FRAMES = 16;
const PAUSE_PER_STEP = 4;

export class LogCompaction implements Part {
  readonly name = 'log compaction';
  readonly recordsDropped = new Map<TopicId, number>();
  failures = 0;
  private readonly stopping = new AbortController();
  private finished: Promise<void> = Promise.resolve();

  constructor(private readonly options: LogCompactionOptions) {}

  start(): void {
    this.finished = this.watch();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.finished;
  }

  private async watch(): Promise<void> {
    const { clock, intervalMs = INTERVAL_MS, journal } = this.options;
    const { signal } = this.stopping;
    for (;;) {
      await clock.wait(intervalMs, signal);
      if (signal.aborted) return;
      try {
        for (const topic of COMPACTED_TOPICS) await this.goOver(topic);
      } catch (error) {
        this.failures += 1;
        journal?.warn('the log could not be compacted and is left as it is', {
          error: error instanceof Error ? error.message : String(error),
        });
      }
    }
  }

  private async goOver(topic: TopicId): Promise<void> {
    const { compactor, clock } = this.options;
    while (!this.stopping.signal.aborted) {
      const beganMs = clock.nowMs();
      const { finished, recordsDropped } = await compactor.compact(topic, { frames: STEP_FRAMES });
      this.recordsDropped.set(topic, (this.recordsDropped.get(topic) ?? 0) + recordsDropped);
      if (finished) return;
      await clock.wait(Math.max(1, PAUSE_PER_STEP * (clock.nowMs() - beganMs)), this.stopping.signal);
    }
  }
}
