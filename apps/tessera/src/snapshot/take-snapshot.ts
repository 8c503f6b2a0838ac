// Takes a snapshot of the state into an object store, while the system runs or not.
// T1 A data folder's state is copied first, as one moment left it (libs/lmdb-environment, copy), and read from the copy: its owner is not asked and
//    not stopped. MongoDB is read as it is; what is written meanwhile is ahead, as after a crash (libs/log-archive, N1).
// T2 A state of more partitions than are set would be cut off without a word: it is looked for, and refused.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StateStore } from '@tessera/runtime';
import { openStore, type Snapshot, type Snapshots } from '@tessera/service';
import { partitionsOf, type Config } from '@tessera/settings';
import { withScratchCopy } from '../scratch-copy.js';
import { spacesBeyond, stateSpaces } from './state-spaces.js';

export interface TakeStateSnapshotOptions {
  /** With the data folder that is meant. */
  readonly config: Config;
  readonly snapshots: Snapshots;
  /** Where a copy of the embedded state has room; a folder of its own is made in it and removed. */
  readonly scratch: string;
  readonly nowMs: number;
  /** Told what is done, a sentence each. */
  readonly progress: (text: string) => void;
}

export async function takeStateSnapshot(options: TakeStateSnapshotOptions): Promise<Snapshot> {
  const { config, scratch, nowMs, progress } = options;
  const id = new Date(nowMs).toISOString().replace(/[-:.]/g, '');
  if (config.store === 'mongo') return takeOf(await openStore(config), id, options);
  const source = join(config.data, 'state');
  if (!existsSync(source)) throw new Error(`there is no state in ${config.data}: name the data folder by --data`);
  return withScratchCopy({ what: 'the state', source, scratch, prefix: 'tessera-snapshot-', progress }, async (data) =>
    takeOf(await openStore({ ...config, data }), id, options),
  );
}

/** Closes the store. */
async function takeOf(
  store: StateStore,
  id: string,
  { config, snapshots, progress }: TakeStateSnapshotOptions,
): Promise<Snapshot> {
  try {
    const partitions = partitionsOf(config);
    for (const space of spacesBeyond(partitions)) {
      if ((await store.loadPartition(space)) !== undefined)
        throw new Error(
          `the state has a partition ${String(space.partition)} of the stage ${space.stage}, and ${String(partitions)} partitions are set: ` +
            'set TESSERA_PARTITIONS to what the system has',
        );
    }
    const spaces = stateSpaces(partitions);
    const snapshot = await snapshots.take(id, store, { spaces, partitions }, ({ stage, partition, documents, nextOffset }) => {
      progress(`${stage} ${String(partition)}: ${String(documents)} documents, goes on at ${String(nextOffset)}`);
    });
    if (snapshot.spaces.length === 0) progress(`there is no state yet: the snapshot ${id} is of nothing`);
    else progress(`snapshot ${id} is complete`);
    return snapshot;
  } finally {
    await store.close();
  }
}
