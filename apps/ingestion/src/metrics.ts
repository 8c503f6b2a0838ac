// What ingestion publishes as metrics: plain counters of the door, read when a scraper asks.
import { one, readings, total } from '@tessera/service';
import { metricSource, type MetricSource } from '@tessera/telemetry';
import type { IngestionCounters } from './intake/counters.js';

export function ingestionMetrics(counters: IngestionCounters): readonly MetricSource[] {
  return [
    metricSource('tessera.ingestion.events', () => [
      one(counters.accepted, { verdict: 'accepted' }),
      one(counters.duplicateInRequest, { verdict: 'duplicate-in-request' }),
      one(counters.notDurable, { verdict: 'not-durable' }),
      one(total(counters.deadLettered), { verdict: 'dead-lettered' }),
    ]),
    metricSource('tessera.ingestion.dead_letters', () => readings(counters.deadLettered, 'reason')),
    metricSource('tessera.ingestion.requests_refused', () => readings(counters.refused, 'code')),
  ];
}
