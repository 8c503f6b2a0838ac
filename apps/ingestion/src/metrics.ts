// What ingestion publishes as metrics: plain counters of the door, read when a scraper asks.
import { counter, one, readings, total } from '@tessera/service';
import type { MetricSource } from '@tessera/telemetry';
import type { IngestionCounters } from './intake/counters.js';

export function ingestionMetrics(counters: IngestionCounters): readonly MetricSource[] {
  return [
    counter('tessera_ingestion_events', 'Events by what became of them at the door.', () => [
      one(counters.accepted, { verdict: 'accepted' }),
      one(counters.duplicateInRequest, { verdict: 'duplicate-in-request' }),
      one(counters.notDurable, { verdict: 'not-durable' }),
      one(total(counters.deadLettered), { verdict: 'dead-lettered' }),
    ]),
    counter('tessera_ingestion_dead_letters', 'Events refused, by reason.', () => readings(counters.deadLettered, 'reason')),
    counter('tessera_ingestion_requests_refused', 'Requests refused as a whole, by code.', () =>
      readings(counters.refused, 'code'),
    ),
  ];
}
