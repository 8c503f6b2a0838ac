// `tessera backup` and `tessera restore`: a copy of an embedded data folder in an object store, and back.
import { resolve } from 'node:path';
import { tmpdir } from 'node:os';
import type { Verb } from '../verb.js';
import { UsageError } from '../verb.js';
import { outputOption, shown, type Shown } from './output.js';

const ADDRESS = 'a folder, file:///FOLDER or s3://BUCKET/PREFIX?endpoint=…&region=…';

interface BackupOptions extends Shown {
  readonly to: string;
  readonly data?: string;
  readonly scratch: string;
}

export const backup: Verb = {
  register(program, { print, say }) {
    program
      .command('backup')
      .description('Copy an embedded data folder to an object store, also while the system runs on it')
      .requiredOption('--to <address>', ADDRESS)
      .option('--data <folder>', 'data folder (default: TESSERA_DATA, else ./.tessera)')
      .option('--scratch <folder>', 'folder with room for a copy of the log or the state', tmpdir())
      .addOption(outputOption())
      .action(async ({ to, data, scratch, ...form }: BackupOptions) => {
        const [{ readConfig }, { openObjectStore }, { takeBackup }, { systemClock }] = await Promise.all([
          import('@tessera/settings'),
          import('@tessera/service'),
          import('../backup/take-backup.js'),
          import('@tessera/runtime'),
        ]);
        const config = readConfig();
        const objects = await openObjectStore(to, config).catch(asUsage);
        const folder = resolve(data ?? config.data);
        const { id, files } = await takeBackup({ data: folder, objects, scratch, nowMs: systemClock.nowMs(), progress: say });
        const rows = files.map(({ path, bytes, parts }) => {
          return { id, file: path, bytes, stored: parts.reduce((sum, { storedBytes }) => sum + storedBytes, 0) };
        });
        print(shown({ id, files: rows.map(({ file, bytes, stored }) => ({ file, bytes, stored })) }, form, rows));
      });
  },
};

interface RestoreOptions extends Shown {
  readonly from: string;
  readonly id?: string;
  readonly data?: string;
}

export const restore: Verb = {
  register(program, { print, say }) {
    program
      .command('restore')
      .description('Make a data folder of a back-up; refused where one is')
      .requiredOption('--from <address>', ADDRESS)
      .option('--id <id>', 'which back-up (default: the latest)')
      .option('--data <folder>', 'data folder (default: TESSERA_DATA, else ./.tessera)')
      .addOption(outputOption())
      .action(async ({ from, id, data, ...form }: RestoreOptions) => {
        const [{ readConfig }, { openObjectStore }, { restoreBackup }] = await Promise.all([
          import('@tessera/settings'),
          import('@tessera/service'),
          import('../backup/restore-backup.js'),
        ]);
        const config = readConfig();
        const objects = await openObjectStore(from, config).catch(asUsage);
        const folder = resolve(data ?? config.data);
        const restored = await restoreBackup({ data: folder, objects, id, progress: say });
        const answer = { id: restored.id, data: folder, bytes: restored.files.reduce((sum, { bytes }) => sum + bytes, 0) };
        print(shown(answer, form, [answer]));
      });
  },
};

function asUsage(error: unknown): never {
  throw error instanceof RangeError ? new UsageError(error.message) : error;
}
