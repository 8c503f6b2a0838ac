// The state store in memory: for tests, scenarios and the simulator's oracle. Nothing survives the process.
// M1 Everything that the ports promise (P3), with the plainest code.
import type { Key } from '@tessera/contracts';
import type { DueEntry, PartitionDocument, Space, StateDocument, StateStore } from '@tessera/runtime';

interface StoredSpace {
  readonly documents: Map<Key, StateDocument>;
  partition: PartitionDocument | undefined;
}

/** Documents of one chunk of a scan. */
const CHUNK_DOCUMENTS = 1000;

export class MemoryStateStore implements StateStore {
  private readonly spaces = new Map<string, StoredSpace>();

  load(space: Space, keys: readonly Key[]): Promise<readonly (StateDocument | undefined)[]> {
    const { documents } = this.space(space);
    return Promise.resolve(keys.map((key) => documents.get(key)));
  }

  write(space: Space, documents: readonly StateDocument[]): Promise<number> {
    const stored = this.space(space).documents;
    let refused = 0;
    for (const document of documents) {
      const present = stored.get(document.key);
      if (present !== undefined && present.lastOffset >= document.lastOffset) refused++;
      else stored.set(document.key, document);
    }
    return Promise.resolve(refused);
  }

  loadPartition(space: Space): Promise<PartitionDocument | undefined> {
    return Promise.resolve(this.space(space).partition);
  }

  writePartition(space: Space, document: PartitionDocument): Promise<void> {
    const stored = this.space(space);
    if (stored.partition === undefined || stored.partition.nextOffset <= document.nextOffset) stored.partition = document;
    return Promise.resolve();
  }

  async *scan(space: Space, fromKey?: Key): AsyncIterable<readonly StateDocument[]> {
    const { documents } = this.space(space);
    const keys = [...documents.keys()].filter((key) => fromKey === undefined || compareKeys(key, fromKey) >= 0).sort(compareKeys);
    for (let start = 0; start < keys.length; start += CHUNK_DOCUMENTS) {
      const chunk = keys.slice(start, start + CHUNK_DOCUMENTS).map((key) => documents.get(key));
      await Promise.resolve();
      yield chunk.filter((document) => document !== undefined);
    }
  }

  async *scanDue(space: Space): AsyncIterable<readonly DueEntry[]> {
    for await (const chunk of this.scan(space)) {
      const due = chunk.filter(({ dueMs, jobOwed }) => dueMs !== Infinity || jobOwed);
      if (due.length > 0) yield due.map(({ key, dueMs, jobOwed }) => ({ key, dueMs, jobOwed }));
    }
  }

  clear(space: Space): Promise<void> {
    this.spaces.delete(nameOf(space));
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private space(space: Space): StoredSpace {
    const name = nameOf(space);
    let stored = this.spaces.get(name);
    if (stored === undefined) {
      stored = { documents: new Map(), partition: undefined };
      this.spaces.set(name, stored);
    }
    return stored;
  }
}

function nameOf({ stage, partition }: Space): string {
  return `${stage}/${String(partition)}`;
}

/** The order of code points, which is that of the keys' UTF-8 bytes: what every store on disk sorts by. */
function compareKeys(a: Key, b: Key): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA !== unitB) return codePointRank(unitA) - codePointRank(unitB);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all single units. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
