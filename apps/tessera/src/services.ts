// What answers questions over HTTP and gRPC: the modules of the services and the contracts that they serve.
import { DECISIONS_PACKAGE, DECISIONS_PROTO, DECISIONS_SERVICE, DecisionsModule } from '@tessera/app-decisions';
import { IngestionModule } from '@tessera/app-ingestion';
import { identityRulesOf } from '@tessera/catalog';
import type { DynamicModule } from '@nestjs/common';
import type { GrpcContract } from '@tessera/nest';
import type { Access } from './credentials-file.js';
import { DoorsModule } from './doors/doors.controller.js';
import type { Processing } from './processing.js';
import type { SystemPorts } from './wiring.js';

export interface Services {
  readonly modules: readonly DynamicModule[];
  readonly contracts: readonly GrpcContract[];
}

const DECISIONS_CONTRACT: GrpcContract = {
  package: DECISIONS_PACKAGE,
  service: DECISIONS_SERVICE,
  protoPath: DECISIONS_PROTO.protoPath,
  includeDir: DECISIONS_PROTO.loader.includeDirs[0] as string,
};

export function servicesOf(
  { catalog, readModel }: Processing,
  { log, clock, ids }: SystemPorts,
  access: Access,
  publicUrl: string | undefined,
): Services {
  const { credentials } = access;
  const secretOf = (workspace: string): string => access.secretOf(workspace);
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
        secretOf,
        credentials,
        log,
      }),
      DoorsModule.register(),
    ],
    contracts: [DECISIONS_CONTRACT],
  };
}
