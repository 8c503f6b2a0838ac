// The ingestion service: the tracking API, in front of the log `events`.
import { identityRulesOf } from '@tessera/catalog';
import type { Composition, Ground } from '@tessera/service';
import { IngestionModule } from './ingestion.module.js';
import { IngestionCounters } from './intake/counters.js';
import { ingestionMetrics } from './metrics.js';

export function composeIngestion({ ports: { log, clock, ids }, access, catalog, telemetry, publicUrl }: Ground): Composition {
  const counters = new IngestionCounters();
  const module = IngestionModule.register({
    log,
    clock,
    ids,
    credentials: access.credentials,
    identityRules: (workspace) => identityRulesOf(catalog.active(workspace)),
    counters,
    sender: telemetry?.sender,
    ...(publicUrl === undefined ? {} : { publicUrl }),
  });
  return {
    hosts: [],
    parts: [],
    modules: [module],
    contracts: [],
    http: true,
    metrics: ingestionMetrics(counters),
    readyWhen: 'open',
  };
}
