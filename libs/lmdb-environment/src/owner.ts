// Who owns an environment: a claim in the environment itself, taken in one write transaction, so two processes cannot both take it.
// O1 One owner at a time: a claim is refused while the process that made the last one lives, and the refusal names it.
// O2 A claim dies with its process, however that ended: the process id must be alive and have the start time that it had, in the
//    same boot of the machine. Where the system does not tell start times, the process id alone decides.
// O3 A copy of the folder has no owner: the claim names the file it was made for.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Database, RootDatabase } from 'lmdb';

export interface Owner {
  readonly pid: number;
  /** Start of the process in clock ticks since boot; empty where the system does not tell. */
  readonly started: string;
  /** Empty where the system does not tell. */
  readonly boot: string;
  /** Device and inode of the data file. */
  readonly file: string;
}

export class FolderOwnedError extends Error {
  constructor(
    readonly folder: string,
    readonly pid: number,
  ) {
    super(`the data folder ${folder} is in use by process ${String(pid)}: stop that process, or choose another folder`);
    this.name = 'FolderOwnedError';
  }
}

const OWNER_KEY = 'owner';

/** Takes the claim, or throws FolderOwnedError. */
export function claimFolder(root: RootDatabase, meta: Database<Buffer, string>, folder: string): void {
  const self = ownerOf(process.pid, folder);
  root.transactionSync(() => {
    const present = meta.get(OWNER_KEY);
    const owner = present === undefined ? undefined : (JSON.parse(present.toString('utf8')) as Owner);
    if (owner !== undefined && isAlive(owner, self)) throw new FolderOwnedError(folder, owner.pid);
    void meta.put(OWNER_KEY, Buffer.from(JSON.stringify(self)));
  });
}

export function releaseFolder(root: RootDatabase, meta: Database<Buffer, string>): void {
  root.transactionSync(() => void meta.remove(OWNER_KEY));
}

function ownerOf(pid: number, folder: string): Owner {
  const file = statSync(join(folder, 'data.mdb'), { bigint: true });
  return {
    pid,
    started: startOf(pid),
    boot: readOr('/proc/sys/kernel/random/boot_id', '').trim(),
    file: `${String(file.dev)}:${String(file.ino)}`,
  };
}

function isAlive(owner: Owner, self: Owner): boolean {
  if (owner.file !== self.file || owner.boot !== self.boot) return false;
  return processExists(owner.pid) && startOf(owner.pid) === owner.started;
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of the process's line; its name, field 2, may hold spaces and brackets. */
function startOf(pid: number): string {
  const line = readOr(`/proc/${String(pid)}/stat`, '');
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
