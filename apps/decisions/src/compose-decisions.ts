// The decision service: three stages that write the read model, one per topic, and what answers from it.
// E1 Where other processes write the store too nothing that was read of it is kept: an answer is as new as the store.
// E2 Whether a stage is assigned, behind or standing still is no matter of readiness: the answers need the store only, and say how
//    old they are.
import { READ_MODEL_STAGES } from '@tessera/decisions';
import type { GrpcContract } from '@tessera/nest';
import { ReadModelFreshness, StoreReadModel } from '@tessera/read-model';
import { noDefinitions, StageHost } from '@tessera/runtime';
import type { Composition, Ground } from '@tessera/service';
import { DecisionCounters } from './deciding/decision-counters.js';
import { DecisionsModule } from './decisions.module.js';
import { DECISIONS_PACKAGE, DECISIONS_PROTO, DECISIONS_SERVICE } from './grpc/proto.js';
import { decisionMetrics } from './metrics.js';

/** Between two looks at how far the read model has come; over a network they cost a round trip per partition. */
const LOOK_MS = 1_000;
const LOOK_AT_SERVERS_MS = 2_000;

export interface DecisionsComposition extends Composition {
  readonly readModel: StoreReadModel;
}

const CONTRACT: GrpcContract = {
  package: DECISIONS_PACKAGE,
  service: DECISIONS_SERVICE,
  protoPath: DECISIONS_PROTO.protoPath,
  includeDir: DECISIONS_PROTO.loader.includeDirs[0] as string,
};

export function composeDecisions({ ports, fresh, access, catalog, secretOf }: Ground): DecisionsComposition {
  const { log, store, clock, ids, shared } = ports;
  const freshness = new ReadModelFreshness({ log, store, clock, intervalMs: shared ? LOOK_AT_SERVERS_MS : LOOK_MS });
  const readModel = new StoreReadModel({
    store,
    partitions: (topic) => log.partitions(topic),
    freshness: () => freshness.freshness(),
    ...(shared ? { cacheBytesMax: 0 } : {}),
  });
  const hosts = READ_MODEL_STAGES.map(
    (stage) => new StageHost(stage as (typeof READ_MODEL_STAGES)[0], { ...fresh, store: readModel.watched() }, noDefinitions),
  );
  const counters = new DecisionCounters();
  const module = DecisionsModule.register({
    readModel,
    definitions: (workspace) => catalog.active(workspace),
    clock,
    ids,
    secretOf,
    credentials: access.credentials,
    log,
    counters,
  });
  return {
    readModel,
    hosts,
    parts: [...hosts, freshness],
    modules: [module],
    contracts: [CONTRACT],
    http: true,
    metrics: decisionMetrics(counters, () => readModel.freshness()),
    readyWhen: 'open',
  };
}
