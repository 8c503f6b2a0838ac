// Objects as files of a folder: an object `a/b` is the file `a/b` in it.
// F1 An object is written to a draft, flushed, and then takes its name (a rename, or a link where it must be absent); the folders that
//    name it are flushed before `put` resolves. What a crash leaves is a draft, which nobody lists, and which is swept on opening.
// F2 A name cannot be the folder of another (`a` beside `a/b`): the file system refuses it, and so does `put`.
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RetryableError } from '@tessera/runtime';
import { isObjectName, listing, requireBytes, requireName, requireRange } from './object-store.js';
import type { ListedObject, ListOptions, ObjectPage, ObjectStore, PutOptions } from './object-store.js';

const DRAFTS = '.drafts';
/** A draft of this age belongs to nobody. */
const DRAFT_MS_MAX = 3_600_000;

export class FolderObjectStore implements ObjectStore {
  private constructor(readonly folder: string) {}

  /** Creates the folder where there is none, readable by its owner only. */
  static async open(path: string, nowMs: () => number = Date.now): Promise<FolderObjectStore> {
    const folder = resolve(path);
    const drafts = join(folder, DRAFTS);
    await mkdir(drafts, { recursive: true, mode: 0o700 });
    for (const draft of await readdir(drafts)) {
      const found = await stat(join(drafts, draft)).catch(() => undefined);
      if (found !== undefined && nowMs() - found.mtimeMs > DRAFT_MS_MAX) await rm(join(drafts, draft), { force: true });
    }
    return new FolderObjectStore(folder);
  }

  async put(name: string, bytes: Uint8Array, { ifAbsent = false }: PutOptions = {}): Promise<'written' | 'present'> {
    requireName(name);
    requireBytes(name, bytes);
    const target = join(this.folder, name);
    const draft = join(this.folder, DRAFTS, randomUUID());
    try {
      const made = await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await writeFlushed(draft, bytes);
      if (ifAbsent) {
        if (!(await linked(draft, target))) return 'present';
        await unlink(draft);
      } else await rename(draft, target);
      await flushFolders(dirname(target), made === undefined ? dirname(target) : dirname(made));
      return 'written';
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw failure(`the object ${name} could not be written in ${this.folder}`, error);
    }
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    requireName(name);
    try {
      return await readFile(join(this.folder, name));
    } catch (error) {
      return absent(name, error);
    }
  }

  async getRange(name: string, start: number, end: number): Promise<Uint8Array | undefined> {
    requireName(name);
    requireRange(name, start, end);
    try {
      const file = await open(join(this.folder, name), 'r');
      try {
        const { size } = await file.stat();
        const buffer = Buffer.alloc(Math.max(0, Math.min(end, size) - start));
        let filled = 0;
        while (filled < buffer.length) {
          const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return buffer.subarray(0, filled);
      } finally {
        await file.close();
      }
    } catch (error) {
      return absent(name, error);
    }
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ObjectPage> {
    const { after, limit } = listing(prefix, options);
    const objects: ListedObject[] = [];
    for await (const object of this.walk('', prefix, after)) {
      if (objects.length === limit) return { objects, next: objects[limit - 1]?.name };
      objects.push(object);
    }
    return { objects, next: undefined };
  }

  async delete(name: string): Promise<void> {
    requireName(name);
    const target = join(this.folder, name);
    try {
      await unlink(target);
      await flushFolder(dirname(target));
    } catch (error) {
      absent(name, error);
    }
  }

  /** In the order of whole names: a folder stands where its name with `/` stands. */
  private async *walk(folder: string, prefix: string, after: string): AsyncIterable<ListedObject> {
    const entries = await readdir(join(this.folder, folder), { withFileTypes: true }).catch((error: unknown) => {
      absent(folder, error);
      return [];
    });
    const names = entries.map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`);
    for (const name of names.sort()) {
      if (name.endsWith('/')) {
        const reached = name > after || after.startsWith(name);
        if (reached && (name.startsWith(prefix) || prefix.startsWith(name))) yield* this.walk(name, prefix, after);
      } else if (name > after && name.startsWith(prefix) && isObjectName(name)) {
        const found = await stat(join(this.folder, name)).catch((error: unknown) => absent(name, error));
        if (found !== undefined) yield { name, bytes: found.size };
      }
    }
  }
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** False where the target is there already. */
async function linked(draft: string, target: string): Promise<boolean> {
  try {
    await link(draft, target);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    await unlink(draft);
    return false;
  }
}

/** From the folder of the object up to the one that was there before. */
async function flushFolders(from: string, to: string): Promise<void> {
  for (let folder = from; ; folder = dirname(folder)) {
    await flushFolder(folder);
    if (folder === to || folder === dirname(folder)) return;
  }
}

async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Nothing there is undefined; everything else is a failure. */
function absent(name: string, error: unknown): undefined {
  if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error))) return undefined;
  throw failure(`the object ${name} could not be reached`, error);
}

function failure(what: string, error: unknown): Error {
  const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
  const retryable = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EMFILE', 'ENFILE', 'EAGAIN', 'ETIMEDOUT', 'ESTALE'].includes(
    codeOf(error),
  );
  return retryable ? new RetryableError(message, { cause: error }) : new Error(message, { cause: error });
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? '');
}
