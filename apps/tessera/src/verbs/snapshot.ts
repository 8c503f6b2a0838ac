// `tessera snapshot take|list|restore`: the state with its offsets in an object store, and back beside its log.
import { resolve } from 'node:path';
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import type { Snapshot, Snapshots } from '@tessera/service';
import type { Config } from '@tessera/settings';
import type { Verb, VerbContext } from '../verb.js';
import { UsageError } from '../verb.js';
import { outputOption, shown, type Row, type Shown } from './output.js';

const ADDRESS = 'a folder, file:///FOLDER or s3://BUCKET/PREFIX?endpoint=…&region=… (default: TESSERA_ARCHIVE)';
const DATA = 'data folder of an embedded state (default: TESSERA_DATA, else ./.tessera)';

const HELP = `
A snapshot is all state with the offsets that it is of; it needs its log from there on, from the broker or the archive. With
TESSERA_STORE=mongo it is of MongoDB, else of the data folder. To take one nothing is stopped; to restore one the system must be stopped.

  tessera snapshot take --to /backups/state
  tessera snapshot list --from /backups/state
  tessera snapshot restore --from /backups/state     # state gone or moved away, log and credentials there
  tessera verify                                     # once the system has caught up and is stopped`;

export const snapshot: Verb = {
  register(program, context) {
    const group = program
      .command('snapshot')
      .description('The state with its offsets: take, list, restore')
      .addHelpText('after', HELP);
    addTake(group, context);
    addList(group, context);
    addRestore(group, context);
  },
};

interface TakeOptions extends Shown {
  readonly to?: string;
  readonly data?: string;
  readonly scratch: string;
}

function addTake(group: Command, { print, say }: VerbContext): void {
  group
    .command('take')
    .description('Write the state into an object store, also while the system runs on it')
    .option('--to <address>', ADDRESS)
    .option('--data <folder>', DATA)
    .option('--scratch <folder>', 'folder with room for a copy of an embedded state', tmpdir())
    .addOption(outputOption())
    .action(async ({ to, data, scratch, ...form }: TakeOptions) => {
      const [{ takeStateSnapshot }, { systemClock }] = await Promise.all([
        import('../snapshot/take-snapshot.js'),
        import('@tessera/runtime'),
      ]);
      const { config, snapshots } = await placeOf(to, '--to', data);
      const taken = await takeStateSnapshot({ config, snapshots, scratch, nowMs: systemClock.nowMs(), progress: say });
      const stages = stagesOf(taken);
      print(shown({ id: taken.id, stages }, form, stages));
    });
}

interface ListOptions extends Shown {
  readonly from?: string;
}

function addList(group: Command, { print }: VerbContext): void {
  group
    .command('list')
    .description('The complete snapshots of a place, oldest first')
    .option('--from <address>', ADDRESS)
    .addOption(outputOption())
    .action(async ({ from, ...form }: ListOptions) => {
      const { snapshots } = await placeOf(from, '--from', undefined);
      const rows: Row[] = [];
      for (const id of await snapshots.list()) {
        const { partitions, spaces } = await snapshots.read(id);
        const documents = spaces.reduce((sum, space) => sum + space.documents, 0);
        const bytes = spaces.flatMap(({ chunks }) => chunks).reduce((sum, chunk) => sum + chunk.bytes, 0);
        rows.push({ id, partitions, documents, bytes });
      }
      print(shown(rows, form, rows));
    });
}

interface RestoreOptions extends Shown {
  readonly from?: string;
  readonly id?: string;
  readonly data?: string;
}

function addRestore(group: Command, { print, say }: VerbContext): void {
  group
    .command('restore')
    .description('Write a snapshot into an empty state store, beside the log that it is of; refused where state is')
    .option('--from <address>', ADDRESS)
    .option('--id <id>', 'which snapshot (default: the latest)')
    .option('--data <folder>', DATA)
    .addOption(outputOption())
    .action(async ({ from, id, data, ...form }: RestoreOptions) => {
      const { restoreStateSnapshot } = await import('../snapshot/restore-snapshot.js');
      const { config, snapshots } = await placeOf(from, '--from', data);
      const { snapshot: restored, replayed } = await restoreStateSnapshot({ config, snapshots, id, progress: say });
      const stages = stagesOf(restored).map((row) => ({ ...row, toReplay: replayed.get(row.stage) ?? 0 }));
      say('the state is restored; what the log has beyond it is replayed when the system starts');
      print(shown({ id: restored.id, stages }, form, stages));
    });
}

async function placeOf(
  address: string | undefined,
  option: string,
  data: string | undefined,
): Promise<{ readonly config: Config; readonly snapshots: Snapshots }> {
  const [{ readConfig }, { openSnapshots }] = await Promise.all([import('@tessera/settings'), import('@tessera/service')]);
  const config = readConfig();
  const place = address ?? config.archive;
  if (place === undefined) throw new UsageError(`found no address of snapshots: name it by ${option}, or set TESSERA_ARCHIVE`);
  const snapshots = await openSnapshots(place, config).catch((error: unknown) => {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  });
  return { config: { ...config, data: resolve(data ?? config.data) }, snapshots };
}

/** One row per stage. */
function stagesOf({ spaces }: Snapshot): { readonly stage: string; readonly partitions: number; readonly documents: number }[] {
  const stages = new Map<string, { stage: string; partitions: number; documents: number }>();
  for (const { stage, documents } of spaces) {
    const row = stages.get(stage) ?? { stage, partitions: 0, documents: 0 };
    stages.set(stage, { stage, partitions: row.partitions + 1, documents: row.documents + documents });
  }
  return [...stages.values()];
}
