// All services in one process: the sum of what each of them composes, in the order of the flow; they stop in reverse.
// A1 Nothing is composed here that a service of its own would compose otherwise.
// A2 A partition that stands still keeps the process from being ready.
import { composeDecisions, type DecisionsComposition } from '@tessera/app-decisions';
import { composeFeatures } from '@tessera/app-features';
import { composeIdentity, type IdentityService } from '@tessera/app-identity';
import { composeIngestion } from '@tessera/app-ingestion';
import { composeSegments, type SegmentsServices } from '@tessera/app-segments';
import {
  archiveMetrics,
  compactionMetrics,
  LogCompaction,
  partsOf,
  sumOf,
  type Composition,
  type Ground,
} from '@tessera/service';
import { DoorsModule } from './doors/doors.controller.js';

export interface Services extends SegmentsServices {
  readonly identity: IdentityService;
}

export interface SystemComposition extends Composition {
  readonly readModel: DecisionsComposition['readModel'];
  /** What answers questions in this process, without a door. */
  readonly services: Services;
}

export function composeSystem(ground: Ground): SystemComposition {
  const identity = composeIdentity(ground);
  const segments = composeSegments(ground);
  const decisions = composeDecisions(ground);
  const services = [identity, composeFeatures(ground), segments, decisions, composeIngestion(ground)];
  return {
    ...sumOf('running', [...services, composeHousekeeping(ground)]),
    readModel: decisions.readModel,
    services: { identity: identity.service, ...segments.services },
  };
}

/** What a cluster leaves to its broker and to others: compaction, the archive, retention, and a page that lists the doors. */
function composeHousekeeping({ ports, journal }: Ground): Composition {
  const { compactor, clock } = ports;
  const compaction = compactor && new LogCompaction({ compactor, clock, journal });
  return {
    hosts: [],
    parts: [...(compaction === undefined ? [] : [compaction]), ...partsOf(ports)],
    modules: [DoorsModule.register()],
    contracts: [],
    http: true,
    metrics: [...compactionMetrics(compaction), ...archiveMetrics(ports)],
    readyWhen: 'open',
  };
}
