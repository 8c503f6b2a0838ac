// The identity service: two stages. `identity` reads events in parallel and appends what links; `graph` folds the links, one
// partition per workspace, and tells everyone who is who. Over gRPC it answers who is who and why, and takes links back.
import { graphDefinitionsOf, identityRulesOf, viewed } from '@tessera/catalog';
import { createGraphStage, createIdentityStage } from '@tessera/identity';
import { Audit } from '@tessera/nest';
import { noDefinitions, StageHost } from '@tessera/runtime';
import type { Composition, Ground } from '@tessera/service';
import { IdentityService } from './asking/identity-service.js';
import { IDENTITY_CONTRACT } from './grpc/contract.js';
import { IdentityModule } from './identity.module.js';

export interface IdentityComposition extends Composition {
  readonly service: IdentityService;
}

export function composeIdentity({ ports: { log, store, clock }, slow, access, catalog, secretOf }: Ground): IdentityComposition {
  const links = new StageHost(createIdentityStage(), slow, noDefinitions);
  const graph = new StageHost(createGraphStage({ secretOf }), slow, viewed(catalog, graphDefinitionsOf));
  const service = new IdentityService({
    log,
    store,
    clock,
    secretOf,
    audit: new Audit(log, clock),
    identityRules: (workspace) => identityRulesOf(catalog.active(workspace)),
  });
  return {
    service,
    hosts: [links, graph],
    parts: [links, graph],
    modules: [IdentityModule.register({ service, credentials: access.credentials })],
    contracts: [IDENTITY_CONTRACT],
    http: false,
    metrics: [],
    readyWhen: 'assigned',
  };
}
