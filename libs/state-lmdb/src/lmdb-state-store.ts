// The embedded state store: documents of all stages in one LMDB environment.
// S1 Everything the ports promise (P3): a document is written only over one with a smaller lastOffset, and is on disk when `write` resolves.
// S2 LMDB shows a write only after its transaction: from the call until then `load` answers from the documents under way. (A document
//    written, evicted and loaded again before its commit would come back stale, without any error.)
// S3 The writes of one space take effect in call order. A checkpoint is several transactions, never atomic, as the ports allow.
// S4 The event loop is never held for more than a slice of documents.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Key } from '@tessera/contracts';
import { LmdbEnvironment, WriteBuffers } from '@tessera/lmdb-environment';
import type { ByteDatabase } from '@tessera/lmdb-environment';
import type { DueEntry, PartitionDocument, Space, StateDocument, StateStore } from '@tessera/runtime';
import {
  Copies,
  decodeDocument,
  decodePartition,
  dueMsOf,
  encodeDocuments,
  encodedBytes,
  encodePartition,
  jobOwedOf,
  lastOffsetOf,
} from './document-codec.js';
import { decodeKey, encodeKey, endOf } from './key-codec.js';
import { keyRanges } from './key-ranges.js';
import { begin, end, inTurn, Spaces } from './spaces.js';
import type { OpenSpace } from './spaces.js';

export interface LmdbStateStoreOptions {
  /** Created where there is none. One process at a time. */
  readonly folder: string;
  readonly observer?: WriteObserver;
}

/** Told of every `write`, by its number in call order from 1: for the contract suite. LMDB's commit and flush end together. */
export type WriteObserver = (event: 'commit' | 'flush' | 'acknowledge', write: number) => void;

export interface StateSize {
  readonly fileBytes: number;
  readonly documents: number;
  readonly documentBytes: number;
  /** Writes refused by their guard since the store was opened. */
  readonly refused: number;
}

/** Of one transaction. */
interface Puts {
  readonly keys: Key[];
  readonly values: Buffer[];
  /** What the values stand in. */
  readonly memory: Buffer[];
}

interface Entry {
  readonly key: Key;
  readonly stored: Buffer;
}

/** Of one transaction: about 10 ms of puts, and few enough changed pages. */
const TRANSACTION_DOCUMENTS = 8000;
const TRANSACTION_BYTES = 64 << 20;
/** Documents between two turns of the event loop: 2 to 4 ms. */
const SLICE_DOCUMENTS = 1000;
const SLICE_BYTES = 4 << 20;

export class LmdbStateStore implements StateStore {
  private readonly documents: ByteDatabase;
  private readonly partitions: ByteDatabase;
  private readonly spaces: Spaces;
  private closed = false;
  private writes = 0;
  private refused = 0;
  private readonly buffers = new WriteBuffers();

  private constructor(
    private readonly environment: LmdbEnvironment,
    private readonly observer: WriteObserver | undefined,
  ) {
    this.documents = environment.database('documents');
    this.partitions = environment.database('partitions');
    this.spaces = new Spaces(environment);
  }

  /** Throws when another process owns the folder. */
  static open(options: LmdbStateStoreOptions): Promise<LmdbStateStore> {
    return Promise.resolve().then(() => new LmdbStateStore(LmdbEnvironment.open(options.folder), options.observer));
  }

  async load(space: Space, keys: readonly Key[]): Promise<readonly (StateDocument | undefined)[]> {
    const open = await this.space(space);
    const loaded: (StateDocument | undefined)[] = [];
    const copies = new Copies();
    let bytes = 0;
    for (const key of keys) {
      const document = newer(open.underWay.get(key), this.stored(open, key, copies));
      loaded.push(document);
      bytes += document?.bytes.length ?? 0;
      if (loaded.length % SLICE_DOCUMENTS !== 0 && bytes < SLICE_BYTES) continue;
      bytes = 0;
      await nextTurn();
    }
    return loaded;
  }

  async write(space: Space, documents: readonly StateDocument[]): Promise<number> {
    const write = ++this.writes;
    const open = await this.space(space);
    const repeated = begin(open, documents);
    return inTurn(open, async () => {
      try {
        const refused = await this.writeAll(open, documents, repeated);
        this.refused += refused;
        for (const event of ['commit', 'flush', 'acknowledge'] as const) this.observer?.(event, write);
        return refused;
      } finally {
        end(open, documents);
      }
    });
  }

  async loadPartition(space: Space): Promise<PartitionDocument | undefined> {
    const open = await this.space(space);
    return inTurn(open, () => this.partition(open));
  }

  async writePartition(space: Space, document: PartitionDocument): Promise<void> {
    const open = await this.space(space);
    await inTurn(open, async () => {
      const present = this.partition(open);
      if (present !== undefined && present.nextOffset > document.nextOffset) return;
      await this.environment.write(() => void this.partitions.put(open.prefix, encodePartition(document)));
    });
  }

  async *scan(space: Space, fromKey?: Key): AsyncIterable<readonly StateDocument[]> {
    const open = await this.space(space);
    await inTurn(open, () => undefined);
    for await (const entries of this.entries(open, fromKey)) {
      const copies = new Copies();
      yield entries.map(({ key, stored }) => newer(open.underWay.get(key), decodeDocument(key, stored, stored.length, copies)));
    }
  }

  async *scanDue(space: Space): AsyncIterable<readonly DueEntry[]> {
    const open = await this.space(space);
    await inTurn(open, () => undefined);
    for await (const entries of this.entries(open, undefined)) {
      const due: DueEntry[] = [];
      for (const { key, stored } of entries) {
        const header = { lastOffset: lastOffsetOf(stored), dueMs: dueMsOf(stored), jobOwed: jobOwedOf(stored) };
        const { dueMs, jobOwed } = newer(open.underWay.get(key), header);
        if (dueMs !== Infinity || jobOwed) due.push({ key, dueMs, jobOwed });
      }
      if (due.length > 0) yield due;
    }
  }

  /** The partition document goes first: what is left after a crash is a space that begins anew and finds documents ahead. */
  async clear(space: Space): Promise<void> {
    const open = await this.space(space);
    await inTurn(open, async () => {
      await this.environment.write(() => void this.partitions.remove(open.prefix));
      for await (const entries of this.entries(open, undefined)) {
        await this.environment.write(() => {
          for (const { key } of entries) void this.documents.remove(encodeKey(open.prefix, key));
        });
      }
    });
  }

  size(): StateSize {
    const { entries, bytes } = this.environment.usage(this.documents);
    return { fileBytes: this.environment.fileBytes(), documents: entries, documentBytes: bytes, refused: this.refused };
  }

  /** Waits for the writes under way. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.spaces.idle();
    await this.environment.close();
  }

  private space(space: Space): Promise<OpenSpace> {
    return this.closed ? Promise.reject(new Error('the state store is closed')) : this.spaces.open(space);
  }

  private async writeAll(open: OpenSpace, documents: readonly StateDocument[], repeated: boolean): Promise<number> {
    let accepted = 0;
    let transaction: Promise<void> = Promise.resolve();
    for (const range of await keyRanges(documents, transactionsFor(documents))) {
      const puts = await this.accept(open, range, repeated);
      accepted += puts.keys.length;
      await transaction;
      transaction = this.put(open, puts);
      // Awaited above or below; the next range is prepared meanwhile.
      transaction.catch(() => undefined);
    }
    await transaction;
    return documents.length - accepted;
  }

  /** The documents that pass their guard, encoded. */
  private async accept(open: OpenSpace, range: readonly StateDocument[], repeated: boolean): Promise<Puts> {
    const puts: Puts = { keys: [], values: [], memory: [] };
    const highest = new Map<Key, number>();
    for (let start = 0; start < range.length;) {
      const slice: StateDocument[] = [];
      let bytes = 0;
      for (; start < range.length && slice.length < SLICE_DOCUMENTS && bytes < SLICE_BYTES; start++) {
        const document = range[start] as StateDocument;
        const { key, lastOffset } = document;
        if (Math.max(this.storedOffset(open, key), highest.get(key) ?? -1) >= lastOffset) continue;
        if (repeated) highest.set(key, lastOffset);
        slice.push(document);
        bytes += document.bytes.length;
      }
      const memory = this.buffers.take(encodedBytes(slice));
      puts.memory.push(memory);
      for (const { key } of slice) puts.keys.push(key);
      for (const value of encodeDocuments(slice, memory)) puts.values.push(value);
      if (start < range.length) await nextTurn();
    }
    return puts;
  }

  private async put(open: OpenSpace, { keys, values, memory }: Puts): Promise<void> {
    if (keys.length === 0) return;
    await this.environment.write(() => {
      for (let i = 0; i < keys.length; i++) void this.documents.put(encodeKey(open.prefix, keys[i] as Key), values[i] as Buffer);
    });
    for (const buffer of memory) this.buffers.release(buffer);
  }

  /** -1 where there is no document. */
  private storedOffset(open: OpenSpace, key: Key): number {
    const stored = this.documents.getBinaryFast(encodeKey(open.prefix, key));
    return stored === undefined ? -1 : lastOffsetOf(stored);
  }

  private stored(open: OpenSpace, key: Key, copies: Copies): StateDocument | undefined {
    const stored = this.documents.getBinaryFast(encodeKey(open.prefix, key));
    return stored && decodeDocument(key, stored, stored.length, copies);
  }

  private partition(open: OpenSpace): PartitionDocument | undefined {
    const stored = this.partitions.getBinary(open.prefix);
    return stored === undefined ? undefined : decodePartition(stored);
  }

  /** All stored documents from a key on, in slices; documents written meanwhile may be left out. */
  private async *entries(open: OpenSpace, fromKey: Key | undefined): AsyncIterable<readonly Entry[]> {
    const end = endOf(open.prefix);
    let start = Buffer.from(fromKey === undefined ? open.prefix : encodeKey(open.prefix, fromKey));
    for (;;) {
      const entries: Entry[] = [];
      let bytes = 0;
      let last: Buffer | undefined;
      for (const { key, value } of this.documents.getRange({ start, end, limit: SLICE_DOCUMENTS })) {
        last = Buffer.from(key);
        entries.push({ key: decodeKey(last) as Key, stored: Buffer.from(value.buffer, value.byteOffset, value.length) });
        bytes += value.length;
        if (bytes >= SLICE_BYTES) break;
      }
      if (last === undefined) return;
      yield entries;
      start = Buffer.concat([last, Buffer.from([0])]);
      await nextTurn();
    }
  }
}

/** The one with the higher lastOffset, whatever part of a document they are. */
function newer<T extends { readonly lastOffset: number }>(underWay: StateDocument | undefined, stored: T): T | StateDocument;
function newer(underWay: StateDocument | undefined, stored: StateDocument | undefined): StateDocument | undefined;
function newer<T extends { readonly lastOffset: number }>(underWay: StateDocument | undefined, stored: T | undefined) {
  if (underWay === undefined) return stored;
  return stored === undefined || stored.lastOffset <= underWay.lastOffset ? underWay : stored;
}

function transactionsFor(documents: readonly StateDocument[]): number {
  let bytes = 0;
  for (const document of documents) bytes += document.bytes.length;
  return Math.ceil(Math.max(documents.length / TRANSACTION_DOCUMENTS, bytes / TRANSACTION_BYTES));
}
