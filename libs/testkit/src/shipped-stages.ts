// The shipped stages in the order of the flow, as the services wire them.
import { READ_MODEL_STAGES } from '@tessera/decisions';
import { createFeaturesStage } from '@tessera/features';
import { createGraphStage, createIdentityStage } from '@tessera/identity';
import type { DefinitionSource } from '@tessera/runtime';
import { createPublisherStage, createSegmentsStage, type CompiledSet } from '@tessera/segments';
import type { SerialStage } from './serial-context.js';

export function shippedStages(secret: string, definitions: DefinitionSource<CompiledSet>): readonly SerialStage[] {
  const secretOf = (): string => secret;
  return [
    createPublisherStage(),
    createIdentityStage(),
    createGraphStage({ secretOf }),
    createFeaturesStage({ secretOf }),
    createSegmentsStage({ clock: 'append', secretOf, definitions }),
    ...READ_MODEL_STAGES,
  ] as readonly SerialStage[];
}
