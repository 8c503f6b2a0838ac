// The segments service: two stages. `publisher` turns an applied definition set into a barrier in the logs; `segments` owns the
// profiles, keeps memberships and writes the public topics.
import type { DefinitionCatalog } from '@tessera/catalog';
import { noDefinitions, StageHost, type HostedStage, type HostPorts, type Part } from '@tessera/runtime';
import { createPublisherStage, createSegmentsStage } from '@tessera/segments';

export interface Segments {
  /** In the order in which they start. */
  readonly parts: readonly Part[];
  readonly hosts: readonly HostedStage[];
}

export function createSegments(ports: HostPorts, catalog: DefinitionCatalog, secretOf: (workspace: string) => string): Segments {
  const publisher = new StageHost(createPublisherStage(), ports, noDefinitions);
  const stage = createSegmentsStage({ clock: ports.log.clock, definitions: catalog, secretOf });
  const profiles = new StageHost(stage, ports, catalog);
  return { parts: [publisher, profiles], hosts: [publisher, profiles] };
}
