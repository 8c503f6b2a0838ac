// The read model in a StateStore: the documents that the three stages of decisions write, with a cache before them.
// M1 One `get` is one round trip: all partitions are asked at once.
// M2 What is served is what the store holds, or held when the cache last heard of a write: whoever writes the documents in this
//    process writes through `watched`, whoever hears of writes elsewhere calls `invalidate`.
// M3 Reads under way are bounded: a store that hangs costs waiting callers their deadline, never this process its memory.
import type { ReadContent, ReadKey } from '@tessera/decisions';
import { assignmentsStage, featuresStage, membershipsStage } from '@tessera/decisions';
import { type Key, type TopicId, ownerOf } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import { type Space, type Stage, type StateStore, RetryableError } from '@tessera/runtime';
import { DocumentCache } from './document-cache.js';
import type { ReadModel } from './read-model.js';

export interface StoreReadModelOptions {
  readonly store: StateStore;
  /** Partitions of the source topics, as the log has them. */
  partitions(topic: TopicId): number;
  freshness(): number | undefined;
  /** Default 64 MiB. */
  readonly cacheBytesMax?: number;
  /** Default 2,000. */
  readonly readsMax?: number;
}

const CACHE_BYTES_MAX = 64 << 20;
const READS_MAX = 2_000;

interface ReadStage extends Pick<Stage<{ content: ReadContent }, unknown, null>, 'name' | 'input'> {
  decode(bytes: Uint8Array, key: Key): { readonly content: ReadContent };
}

const STAGES: Readonly<Record<ReadKey['kind'], ReadStage>> = {
  assignment: assignmentsStage,
  membership: membershipsStage,
  features: featuresStage,
};

interface Load {
  readonly space: Space;
  readonly stage: ReadStage;
  readonly at: number[];
  readonly keys: Key[];
}

export class StoreReadModel implements ReadModel {
  private readonly cache: DocumentCache;
  private readsUnderWay = 0;

  constructor(private readonly options: StoreReadModelOptions) {
    this.cache = new DocumentCache(options.cacheBytesMax ?? CACHE_BYTES_MAX);
  }

  freshness(): number | undefined {
    return this.options.freshness();
  }

  async get(keys: readonly ReadKey[]): Promise<readonly ReadContent[]> {
    const contents: ReadContent[] = new Array<ReadContent>(keys.length).fill(undefined);
    const missing: number[] = [];
    for (const [i, key] of keys.entries()) {
      const hit = this.cache.get(key);
      if (hit === undefined) missing.push(i);
      else contents[i] = hit.content;
    }
    if (missing.length > 0) await this.read(keys, missing, contents);
    return contents;
  }

  /** A document was written, here or elsewhere. */
  invalidate(stage: string, keys: Iterable<string>): void {
    const kind = kindOf(stage);
    if (kind !== undefined) this.cache.invalidate(kind, keys);
  }

  /** The store for the loops that write the read model in this process: what they write is dropped from the cache. */
  watched(): StateStore {
    const { store } = this.options;
    return {
      load: (space, keys) => store.load(space, keys),
      write: async (space, documents) => {
        // Also after a failed write: it may have been taken.
        try {
          return await store.write(space, documents);
        } finally {
          const keys = documents.map((document) => document.key);
          this.invalidate(space.stage, keys);
        }
      },
      loadPartition: (space) => store.loadPartition(space),
      writePartition: (space, document) => store.writePartition(space, document),
      scan: (space, fromKey) => store.scan(space, fromKey),
      scanDue: (space) => store.scanDue(space),
      clear: async (space) => {
        try {
          await store.clear(space);
        } finally {
          if (kindOf(space.stage) !== undefined) this.cache.clear();
        }
      },
      close: () => store.close(),
    };
  }

  private async read(keys: readonly ReadKey[], missing: readonly number[], contents: ReadContent[]): Promise<void> {
    if (this.readsUnderWay >= (this.options.readsMax ?? READS_MAX))
      throw new RetryableError('too many reads of the read model are under way');
    const asked = missing.map((i) => keys[i] as ReadKey);
    const read = this.cache.begin(asked);
    this.readsUnderWay++;
    try {
      await Promise.all(this.loadsOf(keys, missing).map((load) => this.load(load, read, keys, contents)));
    } catch (error) {
      this.cache.abandon(read, asked);
      throw error;
    } finally {
      this.readsUnderWay--;
    }
  }

  private async load(
    { space, stage, at, keys }: Load,
    read: symbol,
    asked: readonly ReadKey[],
    contents: ReadContent[],
  ): Promise<void> {
    const documents = await this.options.store.load(space, keys);
    for (const [j, i] of at.entries()) {
      const document = documents[j];
      const content = document === undefined ? undefined : stage.decode(document.bytes, document.key).content;
      contents[i] = content;
      this.cache.keep(read, asked[i] as ReadKey, content, document?.bytes.length ?? 0);
    }
  }

  /** One load per stage and partition. */
  private loadsOf(keys: readonly ReadKey[], missing: readonly number[]): readonly Load[] {
    const loads = new Map<string, Load>();
    for (const i of missing) {
      const { kind, key } = keys[i] as ReadKey;
      const stage = STAGES[kind];
      const partition = partitionOf(ownerOf(key), this.options.partitions(stage.input));
      const name = `${kind} ${String(partition)}`;
      let load = loads.get(name);
      if (load === undefined) loads.set(name, (load = { space: { stage: stage.name, partition }, stage, at: [], keys: [] }));
      load.at.push(i);
      load.keys.push(key);
    }
    return [...loads.values()];
  }
}

function kindOf(stage: string): ReadKey['kind'] | undefined {
  return (Object.keys(STAGES) as ReadKey['kind'][]).find((kind) => STAGES[kind].name === stage);
}
