// Makes a data folder of a back-up.
// R1 Only where no data folder is, or an empty one: what is there is never touched.
// R2 The folder is there whole or not at all: everything is written beside it, checked, flushed, and then takes its name.
import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import type { ObjectStore } from '@tessera/object-store';
import { flushFolder, makeFolder, requireEmptyFolder } from '../folder-draft.js';
import { PART_BYTES, readBackup, sha256 } from './backup-manifest.js';
import type { Backup, BackupFile, BackupPart } from './backup-manifest.js';

export interface RestoreBackupOptions {
  readonly data: string;
  readonly objects: ObjectStore;
  /** The latest where none is named. */
  readonly id?: string | undefined;
  readonly progress: (text: string) => void;
}

/** The only files a back-up holds: a manifest that names others is refused. */
const PATH = /^((log|state)\/data\.mdb|credentials\.json)$/;
const decompress = promisify(zstdDecompress);

export async function restoreBackup({ data, objects, id, progress }: RestoreBackupOptions): Promise<Backup> {
  const target = resolve(data);
  await requireEmptyFolder(target);
  const backup = await readBackup(objects, id);
  await makeFolder(target, async (draft) => {
    for (const file of backup.files) await restoreFile(objects, file, draft, progress);
    return draft;
  });
  progress(`${target} is back-up ${backup.id}`);
  return backup;
}

async function restoreFile(
  objects: ObjectStore,
  file: BackupFile,
  draft: string,
  progress: (text: string) => void,
): Promise<void> {
  if (!PATH.test(file.path)) throw new Error(`the back-up names the file ${file.path}, which is none of a data folder`);
  const path = join(draft, file.path);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const whole = createHash('sha256');
  const handle = await open(path, 'wx', 0o600);
  try {
    for (const [index, part] of file.parts.entries()) {
      const bytes = await readPart(objects, part);
      whole.update(bytes);
      await handle.writeFile(bytes);
      progress(`${file.path}: part ${String(index + 1)} of ${String(file.parts.length)}`);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  await flushFolder(dirname(path));
  if (whole.digest('hex') !== file.sha256) throw damaged(file.path, 'its checksum is wrong');
}

async function readPart(objects: ObjectStore, { name, bytes, sha256: expected }: BackupPart): Promise<Buffer> {
  const stored = await objects.get(name);
  if (stored === undefined) throw damaged(name, 'it is not there');
  if (sha256(stored) !== expected) throw damaged(name, 'its checksum is wrong');
  const raw = await decompress(stored, { maxOutputLength: PART_BYTES });
  if (raw.length !== bytes) throw damaged(name, `it holds ${String(raw.length)} bytes, not ${String(bytes)}`);
  return raw;
}

function damaged(name: string, reason: string): Error {
  return new Error(`the back-up is damaged: ${name}: ${reason}; choose another by --id`);
}
