// Hot contents of the read model, absent ones included: most look-ups ask for a segment that the person is not in.
// C1 Bounded by bytes; what was not used for longest goes first.
// C2 A read that was under way when its key was invalidated is answered, but not kept: it may have seen the document before.
import type { ReadContent, ReadKey } from '@tessera/decisions';

/** Of a map entry and its key, beside the bytes of the document. */
const ENTRY_BYTES = 200;

interface Entry {
  readonly content: ReadContent;
  readonly bytes: number;
}

export class DocumentCache {
  private readonly entries = new Map<string, Entry>();
  /** Names whose reads are under way, with the latest such read: taken out by an invalidation. */
  private readonly reading = new Map<string, symbol>();
  private heldBytes = 0;

  constructor(private readonly bytesMax: number) {}

  /** Undefined where nothing is kept; the content of an entry may be undefined itself. */
  get(key: ReadKey): { readonly content: ReadContent } | undefined {
    const name = nameOf(key.kind, key.key);
    const entry = this.entries.get(name);
    if (entry === undefined) return undefined;
    this.entries.delete(name);
    this.entries.set(name, entry);
    return entry;
  }

  /** Before the store is asked. */
  begin(keys: readonly ReadKey[]): symbol {
    const read = Symbol('read');
    for (const { kind, key } of keys) this.reading.set(nameOf(kind, key), read);
    return read;
  }

  /** With the answer of the store. */
  keep(read: symbol, { kind, key }: ReadKey, content: ReadContent, bytes: number): void {
    const name = nameOf(kind, key);
    if (this.reading.get(name) !== read) return;
    this.reading.delete(name);
    this.drop(name);
    const entry = { content, bytes: bytes + name.length * 2 + ENTRY_BYTES };
    this.entries.set(name, entry);
    this.heldBytes += entry.bytes;
    while (this.heldBytes > this.bytesMax) this.drop(this.entries.keys().next().value as string);
  }

  /** After the store has failed. */
  abandon(read: symbol, keys: readonly ReadKey[]): void {
    for (const { kind, key } of keys) {
      const name = nameOf(kind, key);
      if (this.reading.get(name) === read) this.reading.delete(name);
    }
  }

  invalidate(kind: ReadKey['kind'], keys: Iterable<string>): void {
    for (const key of keys) {
      const name = nameOf(kind, key);
      this.reading.delete(name);
      this.drop(name);
    }
  }

  clear(): void {
    this.entries.clear();
    this.reading.clear();
    this.heldBytes = 0;
  }

  get bytes(): number {
    return this.heldBytes;
  }

  private drop(name: string): void {
    const entry = this.entries.get(name);
    if (entry === undefined) return;
    this.heldBytes -= entry.bytes;
    this.entries.delete(name);
  }
}

function nameOf(kind: ReadKey['kind'], key: string): string {
  return `${kind} ${key}`;
}
