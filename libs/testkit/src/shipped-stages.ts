// The shipped stages in the order of the flow, as the services wire them.
import { READ_MODEL_STAGES } from '@tessera/decisions';
import { createFeaturesStage } from '@tessera/features';
import { createGraphStage, createIdentityStage } from '@tessera/identity';
import type { DefinitionSource, LogClock } from '@tessera/runtime';
import { createPublisherStage, createSegmentsStage, type CompiledSet } from '@tessera/segments';
import type { SerialStage } from './serial-context.js';

export interface StagesOptions {
  readonly clock: LogClock;
  readonly secretOf: (workspace: string) => string;
  readonly definitions: DefinitionSource<CompiledSet>;
}

/** From definitions and events to segment changes: all but the read model of decisions. */
export function pipelineStages({ clock, secretOf, definitions }: StagesOptions): readonly SerialStage[] {
  return [
    createPublisherStage(),
    createIdentityStage(),
    createGraphStage({ secretOf }),
    createFeaturesStage({ secretOf }),
    createSegmentsStage({ clock, secretOf, definitions }),
  ] as readonly SerialStage[];
}

export function shippedStages(options: StagesOptions): readonly SerialStage[] {
  return [...pipelineStages(options), ...(READ_MODEL_STAGES as readonly SerialStage[])];
}
