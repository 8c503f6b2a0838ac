// The shipped stages of a simulated workspace.
import type { SerialStage } from '../serial-context.js';
import { shippedStages } from '../shipped-stages.js';
import { setOf } from './definitions.js';
import { SECRET } from './people.js';

export function simulatedStages(): readonly SerialStage[] {
  return shippedStages({
    clock: 'append',
    secretOf: () => SECRET,
    definitions: { load: (_, hash) => Promise.resolve(setOf(hash)) },
  });
}
