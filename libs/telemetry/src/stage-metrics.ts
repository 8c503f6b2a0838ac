// What stages publish as metrics: the plain counters of their ledgers, and how far they are behind.
// S1 Lag in seconds is a bound from above: a partition with something unread is behind by no more than its log time is behind the
//    clock, and by no more than the time since it was last seen with nothing unread.
// S2 Counters never fall: what a partition has counted stays in the sum when another process takes it over.
import type { HostedStage, Ledger } from '@tessera/runtime';
import type { MetricOf } from './metric-catalog.js';
import { metricSource, type MetricSource, type Reading } from './metrics.js';

const OUTCOMES = ['control', 'replayed', 'applied', 'duplicate', 'late', 'dropped', 'deadLettered'] as const;

/** What stages count beside the outcomes of their records. */
const WORK = {
  outputs: 'tessera.stage.outputs',
  timersFired: 'tessera.stage.timers_fired',
  ticksAppended: 'tessera.stage.ticks',
  checkpoints: 'tessera.stage.checkpoints',
  documentsWritten: 'tessera.stage.documents_written',
  writesRefused: 'tessera.stage.writes_refused',
  restarts: 'tessera.stage.restarts',
} as const satisfies Partial<Record<keyof Ledger, MetricOf<'counter'>>>;

/** `endOffset` as the log has it. */
export interface LogEnds {
  endOffset(topic: HostedStage['stage']['input'], partition: number): Promise<number>;
}

/** The stages of one process; `hosts` is read at every scrape. */
export function stageMetrics(
  hosts: readonly HostedStage[],
  log: LogEnds,
  nowMs: () => number = Date.now,
): readonly MetricSource[] {
  const lags = new LagTimes(log, nowMs);
  const ledgers = new Ledgers();
  const perStage =
    (of: (host: HostedStage) => number): MetricSource['read'] =>
    () =>
      hosts.map((host) => ({ value: of(host), labels: { stage: host.stage.name } }));
  const eachHost =
    (of: (host: HostedStage) => Promise<number>): MetricSource['read'] =>
    () =>
      Promise.all(hosts.map(async (host) => ({ value: await of(host), labels: { stage: host.stage.name } })));
  const outcomesOf = (host: HostedStage): readonly Reading[] =>
    OUTCOMES.map((outcome) => ({
      value: ledgers.sum(host, (ledger) => ledger[outcome]),
      labels: { stage: host.stage.name, outcome },
    }));
  return [
    metricSource('tessera.stage.records', () => hosts.flatMap(outcomesOf)),
    metricSource('tessera.stage.reasons', () => hosts.flatMap((host) => ledgers.reasons(host))),
    metricSource(
      'tessera.stage.records_unaccounted',
      perStage((host) => ledgers.sum(host, (ledger) => ledger.missing)),
    ),
    metricSource(
      'tessera.stage.lag.records',
      eachHost((host) => host.lag()),
    ),
    metricSource(
      'tessera.stage.lag',
      eachHost((host) => lags.seconds(host)),
    ),
    metricSource(
      'tessera.stage.partitions',
      perStage((host) => host.loops.length),
    ),
    metricSource(
      'tessera.stage.partitions_not_running',
      perStage((host) => host.loops.filter(({ status }) => status !== 'running').length),
    ),
    ...(Object.keys(WORK) as (keyof typeof WORK)[]).map((field) =>
      metricSource(
        WORK[field],
        perStage((host) => ledgers.sum(host, (ledger) => ledger[field])),
      ),
    ),
  ];
}

class LagTimes {
  /** When a partition was last seen with nothing unread. */
  private readonly caughtUpMs = new Map<string, number>();

  constructor(
    private readonly log: LogEnds,
    private readonly nowMs: () => number,
  ) {}

  async seconds(host: HostedStage): Promise<number> {
    const lags = await Promise.all(
      host.loops.map(async (loop) => {
        const name = `${host.stage.name}/${String(loop.options.partition)}`;
        const behind = await this.recordsOf(host, loop);
        const now = this.nowMs();
        if (behind === 0) this.caughtUpMs.set(name, now);
        if (behind === 0) return 0;
        const since = Math.max(loop.position?.logTimeMs ?? -Infinity, this.caughtUpMs.get(name) ?? -Infinity);
        // A partition that has stepped nothing yet: from now on it is counted.
        if (since === -Infinity) this.caughtUpMs.set(name, now);
        return since === -Infinity ? 0 : Math.max(0, now - since) / 1_000;
      }),
    );
    return Math.max(0, ...lags);
  }

  private async recordsOf({ stage }: HostedStage, { options, position }: HostedStage['loops'][number]): Promise<number> {
    if (position === undefined) return 0;
    return Math.max(0, (await this.log.endOffset(stage.input, options.partition)) - position.nextOffset);
  }
}

class Ledgers {
  /** Of the partitions that were ever seen here. */
  private readonly seen = new Map<HostedStage, Set<Ledger>>();

  sum(host: HostedStage, of: (ledger: Ledger) => number): number {
    let sum = 0;
    for (const ledger of this.of(host)) sum += of(ledger);
    return sum;
  }

  reasons(host: HostedStage): readonly Reading[] {
    const reasons = new Map<string, number>();
    for (const ledger of this.of(host)) {
      for (const [reason, count] of ledger.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
    }
    return [...reasons].map(([reason, value]) => ({ value, labels: { stage: host.stage.name, reason } }));
  }

  private of(host: HostedStage): ReadonlySet<Ledger> {
    const seen = this.seen.get(host) ?? new Set();
    this.seen.set(host, seen);
    for (const { options } of host.loops) seen.add(options.ledger);
    return seen;
  }
}
