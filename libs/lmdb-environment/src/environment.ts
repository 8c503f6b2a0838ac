// One LMDB environment in one folder, with one owner and durable transactions. The embedded log and the embedded state store stand on it.
// V1 `write` resolves when its transaction is on disk. LMDB's overlapping sync is off: with it a write resolves at its commit, before
//    the disk, and when the flush fails nobody is told. (Checked with strace: fdatasync and the O_DSYNC write of the meta page come first.)
// V2 A failed transaction leaves nothing behind and rejects with RetryableError; when the disk has room again, the next one succeeds.
// V3 What a killed process left in the page cache is flushed before it is read: whatever can be read survives a power cut.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import { RetryableError } from '@tessera/runtime';
import { claimFolder, releaseFolder } from './owner.js';

export type ByteDatabase = Database<Buffer, Buffer>;

export class LmdbEnvironment {
  private constructor(
    readonly folder: string,
    private readonly root: RootDatabase,
    /** Small JSON documents by name. */
    private readonly meta: Database<Buffer, string>,
  ) {}

  /** Creates the folder where there is none. Throws FolderOwnedError when another process has it. */
  static open(path: string): LmdbEnvironment {
    const folder = resolve(path);
    mkdirSync(folder, { recursive: true });
    flushLeftovers(folder);
    const root = open({ path: folder, noSubdir: false, overlappingSync: false, eventTurnBatching: false, encoding: 'binary' });
    const meta = root.openDB<Buffer, string>('meta', { encoding: 'binary' });
    try {
      claimFolder(root, meta, folder);
    } catch (error) {
      root.resetReadTxn();
      void root.close();
      throw error;
    }
    flushFolder(folder);
    return new LmdbEnvironment(folder, root, meta);
  }

  /** A database with byte keys in their order. */
  database(name: string): ByteDatabase {
    return this.root.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' });
  }

  /**
   * One transaction with all puts and removes that `enqueue` makes. They are not visible before it resolves. `enqueue` must not
   * throw: what it made before would be written.
   */
  async write(enqueue: () => void): Promise<void> {
    let pending: (() => void) | undefined = enqueue;
    try {
      // LMDB's list of writes links each one to the next: a written one that has grown old in the heap keeps all behind it from being
      // collected young, with whatever they hold. So what is left there holds nothing.
      await this.root.batch(() => {
        const once = pending;
        pending = undefined;
        once?.();
      });
    } catch (error) {
      throw await retryable(error, this.folder);
    }
  }

  readMeta<T>(name: string): T | undefined {
    const bytes = this.meta.get(name);
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as T);
  }

  /** To be called inside `write`. */
  putMeta(name: string, value: unknown): void {
    void this.meta.put(name, Buffer.from(JSON.stringify(value)));
  }

  /** Bytes of the data file; pages that became free are used again, and the file never shrinks. */
  fileBytes(): number {
    const stats = this.root.getStats() as { pageSize: number; lastPageNumber: number };
    return (stats.lastPageNumber + 1) * stats.pageSize;
  }

  /** Entries and bytes of one database, pages that are partly empty included. */
  usage(database: ByteDatabase): { readonly entries: number; readonly bytes: number } {
    const stats = database.getStats() as {
      pageSize: number;
      entryCount: number;
      treeBranchPageCount: number;
      treeLeafPageCount: number;
      overflowPages: number;
    };
    const pages = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages;
    return { entries: stats.entryCount, bytes: pages * stats.pageSize };
  }

  /** Call it when no `write` is under way. */
  async close(): Promise<void> {
    releaseFolder(this.root, this.meta);
    // Else a timer of LMDB finds the read transaction of this turn closed, and throws.
    this.root.resetReadTxn();
    await this.root.close();
  }
}

function flushLeftovers(folder: string): void {
  const file = join(folder, 'data.mdb');
  if (existsSync(file)) flush(file, 'r+');
}

/** A new file is only there after a power cut when the folders that name it are on disk too. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  flush(folder, 'r');
  flush(dirname(folder), 'r');
}

function flush(path: string, flags: string): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** LMDB puts the reason of a failed commit into a promise of its own, which must not stay unhandled. */
async function retryable(error: unknown, folder: string): Promise<RetryableError> {
  let cause = error;
  try {
    await (error as { commitError?: Promise<unknown> }).commitError;
  } catch (reason) {
    cause = reason;
  }
  return new RetryableError(`the transaction in ${folder} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
}
