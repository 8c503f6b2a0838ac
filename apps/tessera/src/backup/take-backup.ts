// Takes a back-up of an embedded data folder, while the system runs on it or not.
// T1 The state is copied before the log, each as one moment left it (libs/lmdb-environment, copy). The log is later, and state never holds
//    what is not in the log, so together they are what a crash between the two moments would leave: a start goes on from there.
// T2 Nobody waits: the running system is not asked and not stopped. What was acknowledged before the log's copy began is in it.
// T3 Bounded: one copy at a time in the scratch folder, one part in memory. There must be room for a copy, and it is looked for first.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { environmentBytes, environmentFile } from '@tessera/lmdb-environment';
import type { ObjectStore } from '@tessera/object-store';
import { megabytes, withScratchCopy } from '../scratch-copy.js';
import { LOG_FILE, manifestName, PART_BYTES, partName, sha256, STATE_FILE } from './backup-manifest.js';
import type { Backup, BackupFile, BackupPart } from './backup-manifest.js';

export interface TakeBackupOptions {
  readonly data: string;
  readonly objects: ObjectStore;
  /** Where a copy of the log or of the state has room; a folder of its own is made in it and removed. */
  readonly scratch: string;
  readonly nowMs: number;
  /** Told what is done, a sentence each. */
  readonly progress: (text: string) => void;
}

const CREDENTIALS = 'credentials.json';
const compress = promisify(zstdCompress);

export async function takeBackup(options: TakeBackupOptions): Promise<Backup> {
  const { data, objects, scratch, nowMs, progress } = options;
  const id = new Date(nowMs).toISOString().replace(/[-:.]/g, '');
  for (const folder of ['state', 'log']) environmentBytes(join(data, folder));
  const files: BackupFile[] = [];
  for (const [folder, path] of [
    ['state', STATE_FILE],
    ['log', LOG_FILE],
  ] as const) {
    const copy = { what: folder, source: join(data, folder), scratch, prefix: 'tessera-backup-', progress };
    files.push(await withScratchCopy(copy, (own) => upload(objects, id, path, environmentFile(join(own, folder)), progress)));
  }
  const credentials = join(data, CREDENTIALS);
  if (existsSync(credentials)) files.push(await uploadText(objects, id, CREDENTIALS, await readFile(credentials)));
  const backup: Backup = { version: 1, id, files };
  const manifest = Buffer.from(JSON.stringify(backup, undefined, 1));
  if ((await objects.put(manifestName(id), manifest, { ifAbsent: true })) === 'present')
    throw new Error(`there is a back-up ${id} already: two were begun in the same millisecond; begin again`);
  progress(`back-up ${id} is complete`);
  return backup;
}

async function upload(
  objects: ObjectStore,
  id: string,
  path: string,
  file: string,
  progress: (text: string) => void,
): Promise<BackupFile> {
  const parts: BackupPart[] = [];
  const whole = createHash('sha256');
  let bytes = 0;
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    while (bytes < size) {
      const piece = Buffer.alloc(Math.min(PART_BYTES, size - bytes));
      let filled = 0;
      while (filled < piece.length) {
        const { bytesRead } = await handle.read(piece, filled, piece.length - filled, bytes + filled);
        if (bytesRead === 0) throw new Error(`${file} became shorter while it was read`);
        filled += bytesRead;
      }
      whole.update(piece);
      bytes += piece.length;
      parts.push(await putPart(objects, partName(id, path, parts.length), piece));
      progress(`${path}: ${megabytes(bytes)} of ${megabytes(size)}`);
    }
  } finally {
    await handle.close();
  }
  return { path, bytes, sha256: whole.digest('hex'), parts };
}

async function uploadText(objects: ObjectStore, id: string, path: string, bytes: Buffer): Promise<BackupFile> {
  const part = await putPart(objects, partName(id, path, 0), bytes);
  return { path, bytes: bytes.length, sha256: sha256(bytes), parts: [part] };
}

async function putPart(objects: ObjectStore, name: string, bytes: Buffer): Promise<BackupPart> {
  const stored = await compress(bytes);
  await objects.put(name, stored);
  return { name, bytes: bytes.length, storedBytes: stored.length, sha256: sha256(stored) };
}
