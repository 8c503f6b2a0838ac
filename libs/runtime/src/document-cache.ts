// Decoded documents of one partition, in two generations: when the young one is full it becomes the old one.
// D1 A dirty document, and one whose write is not yet acknowledged, is never dropped: the store may still show its former state.
// D2 A key is held at most once.
import type { Key } from '@tessera/contracts';

export interface Entry<Document> {
  readonly key: Key;
  readonly document: Document;
  /** Offset of the last record that this document has seen; -1 for none. */
  lastOffset: number;
  dirty: boolean;
  /** Writes under way; the entry stays until they are acknowledged. */
  flushing: number;
  /** What the stage says of the document since its last step; Infinity for no timer. */
  dueMs: number;
  /** Due time of its nearest entry in the timer index; Infinity for none. */
  scheduledMs: number;
}

export class DocumentCache<Document> {
  private young = new Map<Key, Entry<Document>>();
  private old = new Map<Key, Entry<Document>>();
  private dirty: Entry<Document>[] = [];

  constructor(private readonly capacity: number) {}

  get dirtyCount(): number {
    return this.dirty.length;
  }

  get(key: Key): Entry<Document> | undefined {
    const entry = this.young.get(key);
    if (entry) return entry;
    const former = this.old.get(key);
    if (former) {
      this.old.delete(key);
      this.young.set(key, former);
    }
    return former;
  }

  add(key: Key, document: Document, lastOffset: number): Entry<Document> {
    const entry = { key, document, lastOffset, dirty: false, flushing: 0, dueMs: Infinity, scheduledMs: Infinity };
    this.young.set(key, entry);
    return entry;
  }

  markDirty(entry: Entry<Document>): void {
    if (entry.dirty) return;
    entry.dirty = true;
    this.dirty.push(entry);
  }

  /** The dirty entries, from now on clean and held until `flushed`. */
  takeDirty(): Entry<Document>[] {
    const taken = this.dirty;
    this.dirty = [];
    for (const entry of taken) {
      entry.dirty = false;
      entry.flushing += 1;
    }
    return taken;
  }

  flushed(entries: readonly Entry<Document>[]): void {
    for (const entry of entries) entry.flushing -= 1;
  }

  /** Keys of all held documents. */
  *keys(): IterableIterator<Key> {
    yield* this.young.keys();
    yield* this.old.keys();
  }

  /** Drops what has not been used for a generation. Called between records, never while a step holds an entry. */
  trim(): void {
    if (this.young.size <= this.capacity) return;
    const former = this.old;
    this.old = this.young;
    this.young = new Map();
    for (const [key, entry] of former) if (entry.dirty || entry.flushing > 0) this.young.set(key, entry);
  }
}
