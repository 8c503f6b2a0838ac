// Restores a snapshot into an empty state store, beside the log that it is of.
// R1 Nothing is written before it is known that the store is empty and that the log goes on where the snapshot ends.
// R2 The state of a data folder is there whole or not at all: it is written beside it, closed, and then takes its name. In MongoDB a restore that fails
//    leaves nothing, and one that is killed leaves a part: its database must be emptied.
// R3 The system must be stopped. That of a data folder is found by its claim; of a cluster nothing tells.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StateStore } from '@tessera/runtime';
import { openLog, openStore, type Snapshot, type Snapshots, type SpaceSnapshot } from '@tessera/service';
import { partitionsOf, type Config } from '@tessera/settings';
import { makeFolder, requireEmptyFolder } from '../folder-draft.js';
import { requireLogFits, type Replayed } from './log-fits.js';
import { stateSpaces } from './state-spaces.js';

export interface RestoreStateSnapshotOptions {
  /** With the data folder that is meant. */
  readonly config: Config;
  readonly snapshots: Snapshots;
  /** The latest where none is named. */
  readonly id?: string | undefined;
  readonly progress: (text: string) => void;
}

export interface RestoredState {
  readonly snapshot: Snapshot;
  readonly replayed: Replayed;
}

export async function restoreStateSnapshot(options: RestoreStateSnapshotOptions): Promise<RestoredState> {
  const { config, snapshots } = options;
  const id = options.id ?? (await snapshots.list()).at(-1);
  if (id === undefined) throw new Error('there is no complete snapshot at this address: check it');
  const snapshot = await snapshots.read(id);
  requireFiles(config);
  // First, for its claim: who has the folder is told before what is in it.
  const log = await openLog(config);
  try {
    const state = join(config.data, 'state');
    if (config.store === 'embedded') await requireEmptyFolder(state);
    const replayed = await requireLogFits(log, snapshot);
    if (config.store === 'mongo') await restoreInto(await openStore(config), snapshot, options);
    else
      await makeFolder(state, async (draft) => {
        await restoreInto(await openStore({ ...config, data: draft }), snapshot, options);
        return join(draft, 'state');
      });
    return { snapshot, replayed };
  } finally {
    await log.close();
  }
}

/** What would be made anew otherwise, and is of another system then. */
function requireFiles({ data, log, credentialsFile }: Config): void {
  if (log === 'embedded' && !existsSync(join(data, 'log', 'data.mdb')))
    throw new Error(
      `there is no log in ${data}: state must never be ahead of its log; bring the log back first (a back-up has both: tessera restore)`,
    );
  if (log === 'embedded' && credentialsFile === undefined && !existsSync(join(data, 'credentials.json')))
    throw new Error(
      `there is no credentials.json in ${data}: it holds the secret that profile ids are made with; bring it back first, from where you keep it`,
    );
}

/** Closes the store. */
async function restoreInto(
  store: StateStore,
  snapshot: Snapshot,
  { config, snapshots, progress }: RestoreStateSnapshotOptions,
): Promise<void> {
  try {
    for (const { stage, partition } of stateSpaces(partitionsOf(config))) {
      if ((await store.loadPartition({ stage, partition })) !== undefined)
        throw new Error(
          `the store holds state of ${stage}/${String(partition)} already: restore into an empty database, another one by TESSERA_MONGO_URI, or empty this one first`,
        );
    }
    let done = 0;
    await snapshots.restore(snapshot.id, store, ({ stage, partition, documents }: SpaceSnapshot) => {
      done += 1;
      progress(
        `${stage} ${String(partition)}: ${String(documents)} documents (${String(done)} of ${String(snapshot.spaces.length)})`,
      );
    });
  } finally {
    await store.close();
  }
}
