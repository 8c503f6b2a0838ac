// The spaces of the store: where their keys begin, what of them is under way to disk, and whose turn it is.
// P1 A stage has one number for ever: it is on disk before any document that is stored under it.
// P2 The writes of one space take effect in call order; spaces do not wait for each other.
import type { Key } from '@tessera/contracts';
import type { LmdbEnvironment } from '@tessera/lmdb-environment';
import type { Space, StateDocument } from '@tessera/runtime';
import { prefixOf } from './key-codec.js';

export interface OpenSpace {
  readonly prefix: Buffer;
  /** Of the writes that were called and are not yet done: the highest lastOffset of each key, whether its guard will let it in or not. */
  readonly underWay: Map<Key, StateDocument>;
  /** Number of those writes. */
  writes: number;
  /** Ends with the last write of the space. */
  tail: Promise<unknown>;
}

const STAGES = 'stages';

export class Spaces {
  private readonly stages: Map<string, number>;
  private nextStage: number;
  private readonly stageNumbers = new Map<string, Promise<number>>();
  private readonly opened = new Map<string, Promise<OpenSpace>>();

  constructor(private readonly environment: LmdbEnvironment) {
    this.stages = new Map(Object.entries(environment.readMeta<Record<string, number>>(STAGES) ?? {}));
    this.nextStage = Math.max(-1, ...this.stages.values()) + 1;
  }

  open({ stage, partition }: Space): Promise<OpenSpace> {
    return remembered(this.opened, `${stage}/${String(partition)}`, async () => ({
      prefix: prefixOf(await this.stageNumber(stage), partition),
      underWay: new Map(),
      writes: 0,
      tail: Promise.resolve(),
    }));
  }

  /** Resolves when no write is under way. */
  async idle(): Promise<void> {
    for (const open of await Promise.all(this.opened.values())) await open.tail;
  }

  private stageNumber(stage: string): Promise<number> {
    return remembered(this.stageNumbers, stage, async () => {
      const known = this.stages.get(stage);
      if (known !== undefined) return known;
      const number = this.nextStage++;
      this.stages.set(stage, number);
      try {
        await this.environment.write(() => {
          this.environment.putMeta(STAGES, Object.fromEntries(this.stages));
        });
      } catch (error) {
        this.stages.delete(stage);
        throw error;
      }
      return number;
    });
  }
}

/** From the call on, `load` sees the documents. Returns true where some key may be there twice. */
export function begin(open: OpenSpace, documents: readonly StateDocument[]): boolean {
  const { underWay } = open;
  open.writes++;
  const before = underWay.size;
  for (const document of documents) {
    const present = underWay.get(document.key);
    if (present === undefined || present.lastOffset < document.lastOffset) underWay.set(document.key, document);
  }
  return underWay.size < before + documents.length;
}

export function end(open: OpenSpace, documents: readonly StateDocument[]): void {
  const { underWay } = open;
  if (--open.writes === 0) underWay.clear();
  else for (const document of documents) if (underWay.get(document.key) === document) underWay.delete(document.key);
}

/** After all earlier work of the space, failed or not. */
export function inTurn<T>(open: OpenSpace, work: () => T | Promise<T>): Promise<T> {
  const done = open.tail.then(work);
  open.tail = done.catch(() => undefined);
  return done;
}

/** A promise per name, kept unless it fails. */
function remembered<T>(promises: Map<string, Promise<T>>, name: string, create: () => Promise<T>): Promise<T> {
  let promise = promises.get(name);
  if (promise === undefined) {
    promise = create();
    promises.set(name, promise);
    promise.catch(() => promises.delete(name));
  }
  return promise;
}
