// A fresh serial fold of one partition of one log, as it stands: no jobs, no passing of time; what came of them is in the log.
import { viewFor } from '@tessera/catalog';
import type { Key } from '@tessera/contracts';
import type { SerialStage } from '../serial-context.js';
import { SerialWorld, type Emission, type SerialDocument } from '../serial-world.js';
import { setOf } from './definitions.js';
import type { World } from './world.js';

export interface Refold {
  readonly stage: SerialStage;
  readonly partition: number;
  readonly documents: ReadonlyMap<Key, SerialDocument>;
  readonly outputs: readonly Emission[];
  readonly state: unknown;
  readonly logTimeMs: number;
}

export function refold(world: World, stage: SerialStage, partition: number): Refold {
  const serial = new SerialWorld({
    stages: [stage],
    partitions: world.log.wide,
    clock: 'append',
    startMs: 0,
    loadDefinitions: (name, _, hash) => viewFor(name)(setOf(hash)),
  });
  const { outputs, folded } = serial.foldOne(partition, world.log.records(stage.input, partition));
  return { stage, partition, documents: folded.documents, outputs, state: folded.state, logTimeMs: folded.logTimeMs };
}
