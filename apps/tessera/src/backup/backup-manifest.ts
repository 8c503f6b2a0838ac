// What a back-up of an embedded data folder is, in an ObjectStore:
//   <id>/<file, / as .>/<part>.zst     parts of 16 MiB of each file, compressed
//   <id>/backup.json                   written last: the files, with SHA-256 and length of every part and of the whole
// B1 A back-up is there when its backup.json is; what a broken-off one left behind is never listed.
// B2 Ids sort by the time they were begun.
import { createHash } from 'node:crypto';
import { listAll, type ObjectStore } from '@tessera/object-store';

export interface BackupPart {
  readonly name: string;
  readonly bytes: number;
  readonly storedBytes: number;
  /** Of the stored bytes, in hex. */
  readonly sha256: string;
}

export interface BackupFile {
  /** In the data folder: `state/data.mdb`, `log/data.mdb`, `credentials.json`. */
  readonly path: string;
  readonly bytes: number;
  /** Of the whole file, in hex. */
  readonly sha256: string;
  readonly parts: readonly BackupPart[];
}

export interface Backup {
  readonly version: 1;
  readonly id: string;
  readonly files: readonly BackupFile[];
}

export const STATE_FILE = 'state/data.mdb';
export const LOG_FILE = 'log/data.mdb';
export const PART_BYTES = 16 << 20;

const MANIFEST = 'backup.json';

export function manifestName(id: string): string {
  return `${id}/${MANIFEST}`;
}

export function partName(id: string, path: string, part: number): string {
  return `${id}/${path.replaceAll('/', '.')}/${String(part).padStart(6, '0')}.zst`;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Ids of the complete back-ups, oldest first. */
export async function listBackups(objects: ObjectStore): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { name } of listAll(objects, '')) {
    const [id = '', file, ...deeper] = name.split('/');
    if (file === MANIFEST && deeper.length === 0) ids.push(id);
  }
  return ids;
}

/** The back-up of this id, or the latest. Throws where there is none; the error names those that are there. */
export async function readBackup(objects: ObjectStore, id?: string): Promise<Backup> {
  const ids = await listBackups(objects);
  const wanted = id ?? ids.at(-1);
  if (wanted === undefined || !ids.includes(wanted))
    throw new Error(
      id === undefined
        ? 'there is no complete back-up at this address: check it'
        : `there is no complete back-up ${id} at this address; there are: ${ids.join(', ') || 'none'}`,
    );
  const bytes = await objects.get(manifestName(wanted));
  const backup = JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as Backup;
  if (backup.version !== 1)
    throw new Error(`the back-up ${wanted} has version ${String(backup.version)}, known is 1: use a later release`);
  return backup;
}
