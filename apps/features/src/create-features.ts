// The features service: owner of the fragments, one stage over `events`. It has no door of its own: what it knows of a profile is
// asked of segments, which merge the fragments.
import { planOf, viewed, type DefinitionCatalog } from '@tessera/catalog';
import { createFeaturesStage } from '@tessera/features';
import { StageHost, type HostedStage, type HostPorts, type Part } from '@tessera/runtime';

export interface Features {
  /** In the order in which they start. */
  readonly parts: readonly Part[];
  readonly hosts: readonly HostedStage[];
}

export function createFeatures(ports: HostPorts, catalog: DefinitionCatalog, secretOf: (workspace: string) => string): Features {
  const host = new StageHost(createFeaturesStage({ secretOf }), ports, viewed(catalog, planOf));
  return { parts: [host], hosts: [host] };
}
