// What the parts that keep history publish as metrics: the archiver, and what lets go of old records in the archive and in the log.
import type { Part } from '@tessera/runtime';
import { metricSource, type MetricSource, type Reading } from '@tessera/telemetry';
import { one, readings } from './readings.js';

type ByTopic = ReadonlyMap<string, number>;

/** Copies the log into its archive. */
export interface Archiver extends Part {
  readonly filesWritten: ByTopic;
  readonly recordsWritten: ByTopic;
  readonly bytesWritten: ByTopic;
  readonly failures: ByTopic;
  /** One for each partition. */
  progress(): readonly { readonly topic: string; readonly lagRecords: number; readonly lagMs: number }[];
  /** Time since everything was last gone over without a failure. */
  stalenessMs(): number;
}

/** Deletes old files of the archive. */
export interface ArchiveCleaner extends Part {
  readonly filesDeleted: ByTopic;
  readonly recordsDeleted: ByTopic;
  readonly failures: ByTopic;
}

/** Cuts the head of a log that no broker cuts. */
export interface HeadRetention extends Part {
  readonly cuts: ByTopic;
  readonly recordsCut: ByTopic;
  readonly failures: ByTopic;
}

/** Those of them that a process runs. */
export interface HistoryParts {
  readonly archiver?: Archiver | undefined;
  readonly archiveCleaner?: ArchiveCleaner | undefined;
  readonly retention?: HeadRetention | undefined;
}

export function partsOf({ archiver, archiveCleaner, retention }: HistoryParts): readonly Part[] {
  return [archiver, archiveCleaner, retention].filter((part) => part !== undefined);
}

/** Of a part that the process does not run there are no series. */
export function archiveMetrics({ archiver, archiveCleaner, retention }: HistoryParts): readonly MetricSource[] {
  return [
    ...(archiver === undefined ? [] : archiverMetrics(archiver)),
    ...(archiveCleaner === undefined
      ? []
      : [
          metricSource('tessera.archive.files_deleted', () => readings(archiveCleaner.filesDeleted, 'topic')),
          metricSource('tessera.archive.records_deleted', () => readings(archiveCleaner.recordsDeleted, 'topic')),
          metricSource('tessera.archive.deletion_failures', () => readings(archiveCleaner.failures, 'topic')),
        ]),
    ...(retention === undefined
      ? []
      : [
          metricSource('tessera.log.head_cuts', () => readings(retention.cuts, 'topic')),
          metricSource('tessera.log.records_cut', () => readings(retention.recordsCut, 'topic')),
          metricSource('tessera.log.head_cut_failures', () => readings(retention.failures, 'topic')),
        ]),
  ];
}

function archiverMetrics(archiver: Archiver): readonly MetricSource[] {
  return [
    metricSource('tessera.archive.files_written', () => readings(archiver.filesWritten, 'topic')),
    metricSource('tessera.archive.records_written', () => readings(archiver.recordsWritten, 'topic')),
    metricSource('tessera.archive.written', () => readings(archiver.bytesWritten, 'topic')),
    metricSource('tessera.archive.failures', () => readings(archiver.failures, 'topic')),
    metricSource('tessera.archive.lag.records', () => lagOf(archiver, (sum, { lagRecords }) => sum + lagRecords)),
    metricSource('tessera.archive.lag', () => lagOf(archiver, (most, { lagMs }) => Math.max(most, lagMs / 1_000))),
    metricSource('tessera.archive.staleness', () => [one(archiver.stalenessMs() / 1_000)]),
  ];
}

/** Of all partitions of a topic together. */
function lagOf(
  archiver: Archiver,
  together: (value: number, lane: { readonly lagRecords: number; readonly lagMs: number }) => number,
): readonly Reading[] {
  const lags = new Map<string, number>();
  for (const lane of archiver.progress()) lags.set(lane.topic, together(lags.get(lane.topic) ?? 0, lane));
  return readings(lags, 'topic');
}
