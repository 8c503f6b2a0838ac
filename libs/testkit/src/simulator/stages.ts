// The shipped stages, as the services wire them.
import { READ_MODEL_STAGES } from '@tessera/decisions';
import { createFeaturesStage } from '@tessera/features';
import { createGraphStage, createIdentityStage } from '@tessera/identity';
import { createPublisherStage, createSegmentsStage } from '@tessera/segments';
import type { SerialStage } from '../serial-context.js';
import { setOf } from './definitions.js';
import { SECRET } from './people.js';

export function simulatedStages(): readonly SerialStage[] {
  const secretOf = (): string => SECRET;
  return [
    createPublisherStage(),
    createIdentityStage(),
    createGraphStage({ secretOf }),
    createFeaturesStage({ secretOf }),
    createSegmentsStage({ clock: 'append', secretOf, definitions: { load: (_, hash) => Promise.resolve(setOf(hash)) } }),
    ...READ_MODEL_STAGES,
  ] as readonly SerialStage[];
}
