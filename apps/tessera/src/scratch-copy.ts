// A copy of one LMDB environment, as one moment left it, for as long as it is used: its owner is not asked and not stopped.
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { copyEnvironment, environmentBytes } from '@tessera/lmdb-environment';

export interface ScratchCopyOptions {
  /** What it is, for whoever watches. */
  readonly what: string;
  /** Folder of the environment. */
  readonly source: string;
  /** Where there must be room; a folder of its own is made in it and removed, whatever happens. */
  readonly scratch: string;
  /** How the name of that folder begins. */
  readonly prefix: string;
  readonly progress: (text: string) => void;
}

/** `use` gets the folder that holds the copy, under the name of the environment's own folder. Throws where there is no room. */
export async function withScratchCopy<T>(
  { what, source, scratch, prefix, progress }: ScratchCopyOptions,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  await mkdir(scratch, { recursive: true });
  const { bavail, bsize } = await statfs(scratch);
  const needed = environmentBytes(source);
  if (bavail * bsize < needed)
    throw new Error(
      `${scratch} has ${String(bavail * bsize)} bytes free, and a copy of ${source} may take ${String(needed)}: choose another folder by --scratch`,
    );
  const own = await mkdtemp(join(scratch, prefix));
  try {
    progress(`copying ${what} (${megabytes(needed)})`);
    await copyEnvironment(source, join(own, basename(source)));
    return await use(own);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

export function megabytes(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}
