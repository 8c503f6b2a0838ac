// A folder that is there whole or not at all: it is made beside its place, and then takes its name.
// D1 What is in its place is never touched: it must not be there, or be empty.
// D2 A draft that fails is removed. One that a killed process left is told, and never taken for somebody's own.
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Throws where something is in the folder, and says what. */
export async function requireEmptyFolder(folder: string): Promise<void> {
  const found = existsSync(folder) ? await readdir(folder) : [];
  if (found.length > 0)
    throw new Error(
      `${folder} is not empty (found ${found.slice(0, 5).join(', ')}): move it away, or choose another folder by --data`,
    );
}

/** `fill` puts everything into the draft, flushed to the disk, and returns the folder in it, or the draft itself, that is to become `target`. */
export async function makeFolder(target: string, fill: (draft: string) => Promise<string>): Promise<void> {
  const draft = `${target}.restoring`;
  if (existsSync(draft))
    throw new Error(
      `${draft} is there: another restore is under way, or one was broken off; remove it when none runs, and try again`,
    );
  await mkdir(draft, { recursive: true, mode: 0o700 });
  try {
    const made = await fill(draft);
    await flushFolder(made);
    if (existsSync(target)) await rmdir(target);
    await rename(made, target);
    await flushFolder(dirname(target));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** A name in a folder is there after a power cut when the folder is on the disk too. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
