// What only a process with a log of its own publishes as metrics: its compaction.
import { metricSource, type MetricSource } from '@tessera/telemetry';
import type { LogCompaction } from './log-compaction.js';
import { one, readings } from './readings.js';

export function compactionMetrics(compaction: LogCompaction | undefined): readonly MetricSource[] {
  if (compaction === undefined) return [];
  return [
    metricSource('tessera.log.compacted_records', () => readings(compaction.recordsDropped, 'topic')),
    metricSource('tessera.log.compaction_failures', () => [one(compaction.failures)]),
  ];
}
