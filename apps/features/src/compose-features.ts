// The features service: owner of the fragments, one stage over `events`. It has no door of its own: what it knows of a profile is
// asked of segments, which merge the fragments.
import { planOf, viewed } from '@tessera/catalog';
import { createFeaturesStage } from '@tessera/features';
import { StageHost } from '@tessera/runtime';
import type { Composition, Ground } from '@tessera/service';

export function composeFeatures({ slow, catalog, secretOf }: Ground): Composition {
  const host = new StageHost(createFeaturesStage({ secretOf }), slow, viewed(catalog, planOf));
  return { hosts: [host], parts: [host], modules: [], contracts: [], http: false, metrics: [], readyWhen: 'assigned' };
}
