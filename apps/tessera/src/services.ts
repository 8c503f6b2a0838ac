// What answers questions: the services, and over HTTP and gRPC their modules and the contracts that they serve.
import { DECISIONS_PACKAGE, DECISIONS_PROTO, DECISIONS_SERVICE, DecisionsModule } from '@tessera/app-decisions';
import { IDENTITY_CONTRACT, IdentityModule, IdentityService } from '@tessera/app-identity';
import { IngestionModule } from '@tessera/app-ingestion';
import { createSegmentsServices, SEGMENTS_CONTRACTS, SegmentsModule, type SegmentsServices } from '@tessera/app-segments';
import { identityRulesOf } from '@tessera/catalog';
import type { DynamicModule } from '@nestjs/common';
import { Audit, type GrpcContract } from '@tessera/nest';
import type { Access } from './credentials-file.js';
import { DoorsModule } from './doors/doors.controller.js';
import { ReadModelDirectory } from './people.js';
import type { Processing } from './processing.js';
import type { SystemPorts } from './wiring.js';

export interface Services extends SegmentsServices {
  readonly identity: IdentityService;
}

export interface ApiModules {
  readonly modules: readonly DynamicModule[];
  readonly contracts: readonly GrpcContract[];
}

const DECISIONS_CONTRACT: GrpcContract = {
  package: DECISIONS_PACKAGE,
  service: DECISIONS_SERVICE,
  protoPath: DECISIONS_PROTO.protoPath,
  includeDir: DECISIONS_PROTO.loader.includeDirs[0] as string,
};

export function createServices({ catalog, readModel }: Processing, ports: SystemPorts, access: Access): Services {
  const { log, store, clock } = ports;
  const secretOf = (workspace: string): string => access.secretOf(workspace);
  const directory = new ReadModelDirectory(readModel, catalog, secretOf);
  const identity = new IdentityService({
    log,
    store,
    clock,
    secretOf,
    audit: new Audit(log, clock),
    identityRules: (workspace) => identityRulesOf(catalog.active(workspace)),
  });
  return { identity, ...createSegmentsServices({ log, store, clock, catalog, secretOf, directory }) };
}

export function apiModulesOf(
  services: Services,
  { catalog, readModel }: Processing,
  { log, clock, ids }: SystemPorts,
  access: Access,
  publicUrl: string | undefined,
): ApiModules {
  const { credentials } = access;
  return {
    modules: [
      IngestionModule.register({
        log,
        clock,
        ids,
        credentials,
        identityRules: (workspace) => identityRulesOf(catalog.active(workspace)),
        ...(publicUrl === undefined ? {} : { publicUrl }),
      }),
      DecisionsModule.register({
        readModel,
        definitions: (workspace) => catalog.active(workspace),
        clock,
        ids,
        secretOf: (workspace) => access.secretOf(workspace),
        credentials,
        log,
      }),
      IdentityModule.register({ service: services.identity, credentials }),
      SegmentsModule.register(services, credentials),
      DoorsModule.register(),
    ],
    contracts: [DECISIONS_CONTRACT, IDENTITY_CONTRACT, ...SEGMENTS_CONTRACTS],
  };
}
