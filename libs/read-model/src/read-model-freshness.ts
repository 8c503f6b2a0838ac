// How old the read model may be: the time since its documents held everything that its topics held.
// F1 At a moment the end of each source partition is noted; once the partition document of the stage has passed it, the read model
//    is known to be as new as that moment. So a busy topic has a small staleness, a silent one too, and a stage that stands still,
//    or a log or store that is away, an ever growing one.
// F2 Asked of the store and the log, not of the loops: it is true in every process that serves decisions.
import type { TopicId } from '@tessera/contracts';
import { READ_MODEL_STAGES } from '@tessera/decisions';
import type { Clock, EventLog, Part, StateStore } from '@tessera/runtime';

export interface FreshnessOptions {
  readonly log: Pick<EventLog, 'partitions' | 'endOffset' | 'startOffset'>;
  readonly store: Pick<StateStore, 'loadPartition'>;
  readonly clock: Clock;
  /** Default 1,000. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 1_000;

interface Source {
  readonly stage: string;
  readonly topic: TopicId;
  readonly partition: number;
  /** End of the partition at a moment that the documents have not yet reached. */
  mark: { readonly offset: number; readonly atMs: number } | undefined;
  heardMs: number | undefined;
}

export class ReadModelFreshness implements Part {
  readonly name = 'freshness of the read model';
  private readonly sources: readonly Source[];
  private readonly stopping = new AbortController();
  private finished: Promise<void> = Promise.resolve();

  constructor(private readonly options: FreshnessOptions) {
    this.sources = READ_MODEL_STAGES.flatMap(({ name, input }) =>
      Array.from({ length: options.log.partitions(input) }, (_, partition) => ({
        stage: name,
        topic: input,
        partition,
        mark: undefined,
        heardMs: undefined,
      })),
    );
  }

  async start(): Promise<void> {
    await this.look();
    this.finished = this.watch();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.finished;
  }

  /** Milliseconds; undefined until every partition has been heard of once. */
  freshness(): number | undefined {
    let oldestMs = Infinity;
    for (const { heardMs } of this.sources) {
      if (heardMs === undefined) return undefined;
      oldestMs = Math.min(oldestMs, heardMs);
    }
    return Math.max(0, this.options.clock.nowMs() - oldestMs);
  }

  /** One look at every source; a failing one is as old as it was. */
  async look(): Promise<void> {
    await Promise.all(this.sources.map((source) => this.lookAt(source).catch(() => undefined)));
  }

  private async watch(): Promise<void> {
    const { clock, intervalMs = INTERVAL_MS } = this.options;
    for (;;) {
      await clock.wait(intervalMs, this.stopping.signal);
      if (this.stopping.signal.aborted) return;
      await this.look();
    }
  }

  private async lookAt(source: Source): Promise<void> {
    const { log, store, clock } = this.options;
    const { stage, topic, partition } = source;
    if (source.mark === undefined) {
      const atMs = clock.nowMs();
      source.mark = { offset: await log.endOffset(topic, partition), atMs };
    }
    const document = await store.loadPartition({ stage, partition });
    const position = document?.nextOffset ?? (await log.startOffset(topic, partition));
    if (position < source.mark.offset) return;
    source.heardMs = source.mark.atMs;
    source.mark = undefined;
  }
}
