// What every process publishes as metrics: plain counters of its stages, read when a scraper asks. Services add their own.
import type { LogCompaction } from './log-compaction.js';
import type { HostedStage, Ledger } from '@tessera/runtime';
import type { MetricSource, Reading } from '@tessera/telemetry';
import { counter, gauge, one, readings } from './readings.js';

const OUTCOMES = ['control', 'replayed', 'applied', 'duplicate', 'late', 'dropped', 'deadLettered'] as const;

/** What stages count beside the outcomes of their records. */
const WORK = {
  outputs: ['tessera_stage_outputs', 'Records appended by a stage.'],
  timersFired: ['tessera_stage_timers_fired', 'Timers that fired.'],
  ticksAppended: ['tessera_stage_ticks', 'Ticks appended because a timer was due and no record had come.'],
  checkpoints: ['tessera_stage_checkpoints', 'Checkpoints begun.'],
  documentsWritten: ['tessera_stage_documents_written', 'State documents written.'],
  writesRefused: ['tessera_stage_writes_refused', 'Writes refused by their guard: the stored document was ahead.'],
  restarts: ['tessera_stage_restarts', 'Times a partition went on from its partition document after a failure.'],
} as const satisfies Partial<Record<keyof Ledger, readonly [string, string]>>;

export function stageMetrics(hosts: readonly HostedStage[]): readonly MetricSource[] {
  const work = (Object.keys(WORK) as (keyof typeof WORK)[]).map((field): MetricSource => {
    const [name, help] = WORK[field];
    return counter(name, help, () =>
      hosts.map((host) =>
        one(
          sum(host, (ledger) => ledger[field]),
          { stage: host.stage.name },
        ),
      ),
    );
  });
  return [
    counter('tessera_stage_records', 'Records read by a stage, by what became of them.', () =>
      hosts.flatMap((host) =>
        OUTCOMES.map((outcome) =>
          one(
            sum(host, (ledger) => ledger[outcome]),
            { stage: host.stage.name, outcome },
          ),
        ),
      ),
    ),
    counter('tessera_stage_reasons', 'Records late, dropped or dead-lettered by a stage, by reason.', () =>
      hosts.flatMap(reasonsOf),
    ),
    gauge('tessera_stage_records_unaccounted', 'Records read and accounted for nowhere: always 0.', () =>
      hosts.map((host) =>
        one(
          sum(host, (ledger) => ledger.missing),
          { stage: host.stage.name },
        ),
      ),
    ),
    gauge('tessera_stage_lag_records', 'Records that a stage has not yet stepped.', () =>
      Promise.all(hosts.map(async (host) => one(await host.lag(), { stage: host.stage.name }))),
    ),
    gauge('tessera_stage_partitions_not_running', 'Partitions that back off or stand still.', () =>
      hosts.map((host) => one(host.loops.filter(({ status }) => status !== 'running').length, { stage: host.stage.name })),
    ),
    ...work,
  ];
}

export function compactionMetrics(compaction: LogCompaction | undefined): readonly MetricSource[] {
  if (compaction === undefined) return [];
  return [
    counter('tessera_log_compacted_records', 'Records taken out of compacted topics: a later one of their key is there.', () =>
      readings(compaction.recordsDropped, 'topic'),
    ),
    counter('tessera_log_compaction_failures', 'Rounds of compaction that failed.', () => [one(compaction.failures)]),
  ];
}

export function processMetrics(): readonly MetricSource[] {
  return [
    counter('process_cpu_seconds', 'CPU time of the process.', () => {
      const { user, system } = process.cpuUsage();
      return [one((user + system) / 1e6)];
    }),
    gauge('process_resident_memory_bytes', 'Resident memory of the process.', () => [one(process.memoryUsage.rss())]),
    gauge('process_uptime_seconds', 'Since the process started.', () => [one(process.uptime())]),
  ];
}

function sum({ loops }: HostedStage, of: (ledger: Ledger) => number): number {
  return loops.reduce((all, { options }) => all + of(options.ledger), 0);
}

function reasonsOf({ stage, loops }: HostedStage): readonly Reading[] {
  const reasons = new Map<string, number>();
  for (const { options } of loops) {
    for (const [reason, count] of options.ledger.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  return [...reasons].map(([reason, value]) => one(value, { stage: stage.name, reason }));
}
