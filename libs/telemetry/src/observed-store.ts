// A state store that is watched: how long its operations take, what fails, and how long checkpoints are written.
// S1 The wrapped store sees the same calls in the same order.
// S2 A checkpoint lasts from its first document to the document of its partition: the loop has one under way per partition.
import type { Space, StateStore } from '@tessera/runtime';
import type { Metrics } from './metrics.js';
import { errorTypeOf } from './tracing.js';

/** `system`: `db.system.name`: `mongodb`, `lmdb`, … */
export function observedStore(store: StateStore, metrics: Metrics, system: string): StateStore {
  const durations = metrics.histogram('db.client.operation.duration');
  const checkpoints = metrics.histogram('tessera.checkpoint.duration');
  const begun = new Map<string, number>();

  const during = async <Result>(operation: string, { stage }: Space, call: Promise<Result>): Promise<Result> => {
    const beganMs = performance.now();
    const labels = { 'db.system.name': system, 'db.operation.name': operation, 'db.collection.name': stage };
    try {
      const result = await call;
      durations.record((performance.now() - beganMs) / 1_000, labels);
      return result;
    } catch (error) {
      durations.record((performance.now() - beganMs) / 1_000, { ...labels, 'error.type': errorTypeOf(error) });
      throw error;
    }
  };

  const observed: Required<StateStore> = {
    load: (space, keys) => during('load', space, store.load(space, keys)),
    write: (space, documents) => {
      const name = nameOf(space);
      if (!begun.has(name)) begun.set(name, performance.now());
      return during('write', space, store.write(space, documents));
    },
    loadPartition: (space) => {
      // A new incarnation: what the former one had begun is not finished by this one.
      begun.delete(nameOf(space));
      return during('loadPartition', space, store.loadPartition(space));
    },
    writePartition: async (space, document) => {
      const name = nameOf(space);
      const beganMs = begun.get(name) ?? performance.now();
      await during('writePartition', space, store.writePartition(space, document));
      begun.delete(name);
      checkpoints.record((performance.now() - beganMs) / 1_000, { stage: space.stage });
    },
    scan: (space, fromKey) => store.scan(space, fromKey),
    scanDue: (space) => store.scanDue(space),
    clear: (space) => during('clear', space, store.clear(space)),
    close: () => store.close(),
  };
  return observed;
}

function nameOf({ stage, partition }: Space): string {
  return `${stage}/${String(partition)}`;
}
