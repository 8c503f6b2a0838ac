// The segments service: two stages. `publisher` turns an applied definition set into a barrier in the logs; `segments` owns the
// profiles, keeps memberships and writes the public topics. It serves FeatureService and SegmentService, and the admin API.
// S1 Who a person is, it reads in the read model of decisions, in the store and without a cache: others write it.
import { noDefinitions, StageHost } from '@tessera/runtime';
import { ReadModelDirectory, StoreReadModel } from '@tessera/read-model';
import { createPublisherStage, createSegmentsStage } from '@tessera/segments';
import type { Composition, Ground } from '@tessera/service';
import { SEGMENTS_CONTRACTS } from './grpc/contracts.js';
import { createSegmentsServices, SegmentsModule, type SegmentsServices } from './segments.module.js';

export interface SegmentsComposition extends Composition {
  readonly services: SegmentsServices;
}

export function composeSegments({ ports, fresh, access, catalog, secretOf }: Ground): SegmentsComposition {
  const { log, store, clock } = ports;
  const publisher = new StageHost(createPublisherStage(), fresh, noDefinitions);
  const stage = createSegmentsStage({ clock: log.clock, definitions: catalog, secretOf });
  const profiles = new StageHost(stage, fresh, catalog);
  const readModel = new StoreReadModel({
    store,
    partitions: (topic) => log.partitions(topic),
    freshness: () => undefined,
    cacheBytesMax: 0,
  });
  const directory = new ReadModelDirectory({ readModel, catalog, secretOf });
  const services = createSegmentsServices({ log, store, clock, catalog, secretOf, directory });
  return {
    services,
    hosts: [publisher, profiles],
    parts: [publisher, profiles],
    modules: [SegmentsModule.register(services, access.credentials)],
    contracts: SEGMENTS_CONTRACTS,
    http: true,
    metrics: [],
    readyWhen: 'assigned',
  };
}
