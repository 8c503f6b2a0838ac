// The identity service: two stages. `identity` reads events in parallel and appends what links; `graph` folds the links, one
// partition per workspace, and tells everyone who is who.
import { graphDefinitionsOf, viewed, type DefinitionCatalog } from '@tessera/catalog';
import { createGraphStage, createIdentityStage } from '@tessera/identity';
import { noDefinitions, StageHost, type HostedStage, type HostPorts, type Part } from '@tessera/runtime';

export interface Identity {
  /** In the order in which they start. */
  readonly parts: readonly Part[];
  readonly hosts: readonly HostedStage[];
}

export function createIdentity(ports: HostPorts, catalog: DefinitionCatalog, secretOf: (workspace: string) => string): Identity {
  const links = new StageHost(createIdentityStage(), ports, noDefinitions);
  const graph = new StageHost(createGraphStage({ secretOf }), ports, viewed(catalog, graphDefinitionsOf));
  return { parts: [links, graph], hosts: [links, graph] };
}
