// A copy of an environment, also while another process owns it and writes.
// P1 The copy is what one moment's last transaction left: whole transactions, all of them up to that one. Nobody waits for it.
// P2 It holds no free pages. While it is made, pages that become free in the original are not used again, so the original may grow.
// P3 It has no owner: the claim in it names another file (owner.ts).
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';

const DATA = 'data.mdb';

/** The data file of an environment. */
export function environmentFile(folder: string): string {
  return join(folder, DATA);
}

/** Bytes of the data file; what a copy takes at most. Throws where there is no environment. */
export function environmentBytes(folder: string): number {
  const file = environmentFile(folder);
  if (!existsSync(file)) throw new Error(`there is no ${file}: check the data folder`);
  return statSync(file).size;
}

/** Copies the environment in `folder` into the new folder `target`. Throws where there is none, or the disk of `target` is full. */
export async function copyEnvironment(folder: string, target: string): Promise<void> {
  environmentBytes(folder);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const root = open({ path: folder, noSubdir: false, readOnly: true, encoding: 'binary' });
  try {
    await root.backup(target, true);
  } finally {
    await root.close();
  }
}
