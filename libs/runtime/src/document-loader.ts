// Documents from the store into memory: for a batch of records in one round trip, and for timers that fire.
import type { Key } from '@tessera/contracts';
import type { DocumentCache, Entry } from './document-cache.js';
import type { LoopOptions } from './loop-options.js';
import type { LogRecord } from './ports.js';

export class DocumentLoader<Document, Definitions, State> {
  constructor(
    private readonly options: LoopOptions<Document, Definitions, State>,
    private readonly cache: DocumentCache<Document>,
    /** Told of every document that the store had. */
    private readonly loaded: (entry: Entry<Document>) => void,
  ) {}

  /** The document of each record, in one round trip for those that are not held; none for control records and graphs. */
  async prefetch(records: readonly LogRecord[]): Promise<readonly (Entry<Document> | undefined)[]> {
    const { stage } = this.options;
    const entries = new Array<Entry<Document> | undefined>(records.length).fill(undefined);
    if (stage.stepGraph) return entries;
    const missing: number[] = [];
    for (let i = 0; i < records.length; i++) {
      const key = stage.keyOf(records[i] as LogRecord);
      if (key === undefined) continue;
      entries[i] = this.cache.get(key);
      if (!entries[i]) missing.push(i);
    }
    if (missing.length === 0) return entries;
    const keyAt = (i: number): Key => stage.keyOf(records[i] as LogRecord) as Key;
    await this.load([...new Set(missing.map(keyAt))]);
    for (const i of missing) entries[i] = this.cache.get(keyAt(i));
    return entries;
  }

  async entryOf(key: Key): Promise<Entry<Document>> {
    const held = this.cache.get(key);
    if (held) return held;
    await this.load([key]);
    return this.cache.get(key) as Entry<Document>;
  }

  /** Holds them all; a key that the store does not have gets a new document. */
  async load(keys: readonly Key[]): Promise<void> {
    const { stage, partition, store } = this.options;
    const missing = keys.filter((key) => !this.cache.get(key));
    if (missing.length === 0) return;
    const stored = await store.load({ stage: stage.name, partition }, missing);
    missing.forEach((key, i) => {
      const found = stored[i];
      const document = found ? stage.decode(found.bytes, key) : stage.create(key);
      const entry = this.cache.add(key, document, found?.lastOffset ?? -1);
      entry.dueMs = stage.dueMs(document);
      if (found) this.loaded(entry);
    });
  }
}
