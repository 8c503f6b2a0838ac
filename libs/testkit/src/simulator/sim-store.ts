// The simulated store: single-document guarded writes, torn checkpoints, slow and failing calls.
// O1 The documents of one write land one by one, in random order, with time between them: a crash tears it anywhere.
import type { Key } from '@tessera/contracts';
import { RetryableError, type PartitionDocument, type Space, type StateDocument, type StateStore } from '@tessera/runtime';
import type { Faults } from './faults.js';
import type { Scheduler } from './scheduler.js';
import { delay, type Door } from './sim-log.js';

export class SimStore {
  readonly spaces = new Map<string, Map<Key, StateDocument>>();
  readonly partitionDocuments = new Map<string, PartitionDocument>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly faults: Faults,
  ) {}

  documents(space: Space): Map<Key, StateDocument> {
    const name = nameOf(space);
    let documents = this.spaces.get(name);
    if (!documents) this.spaces.set(name, (documents = new Map()));
    return documents;
  }

  door(door: Door): StateStore {
    const fault = (): boolean => this.scheduler.random.chance(this.faults.storeFails);
    const call = async <T>(label: string, run: () => T): Promise<T> => {
      const fails = fault();
      const result = await delay(this.scheduler, this.faults, door, label, () => (fails ? undefined : { value: run() }));
      if (!result) throw new RetryableError(`store: ${label} failed`);
      return result.value;
    };
    const chunked = async function* <T>(items: () => readonly T[]): AsyncGenerator<readonly T[]> {
      const all = await call('scan', items);
      for (let at = 0; at < all.length; at += 2) yield all.slice(at, at + 2);
    };
    return {
      load: (space, keys) => call('load', () => keys.map((key) => this.documents(space).get(key))),
      write: (space, documents) => this.write(door, space, documents),
      loadPartition: (space) => call('load-partition', () => this.partitionDocuments.get(nameOf(space))),
      writePartition: (space, document) => this.writePartition(door, space, document),
      scan: (space) => chunked(() => [...this.documents(space).values()].sort((a, b) => (a.key < b.key ? -1 : 1))),
      scanDue: (space) =>
        chunked(() => [...this.documents(space).values()].filter((one) => one.dueMs !== Infinity || one.jobOwed)),
      clear: (space) => call('clear', () => void this.documents(space).clear()),
      close: () => Promise.resolve(),
    };
  }

  private async write(door: Door, space: Space, documents: readonly StateDocument[]): Promise<number> {
    const { scheduler } = this;
    let refused = 0;
    for (const document of scheduler.random.shuffled(documents)) {
      await this.effect(door, `write ${document.key}`, () => {
        const held = this.documents(space).get(document.key);
        if (held && held.lastOffset >= document.lastOffset) refused += 1;
        else this.documents(space).set(document.key, document);
      });
    }
    return refused;
  }

  private async writePartition(door: Door, space: Space, document: PartitionDocument): Promise<void> {
    await this.effect(door, `write-partition ${nameOf(space)}`, () => {
      const held = this.partitionDocuments.get(nameOf(space));
      if (!held || held.nextOffset < document.nextOffset) this.partitionDocuments.set(nameOf(space), document);
    });
  }

  /** A write: may be lost before it lands, may land without an answer; a dead process's write may still land. */
  private effect(door: Door, label: string, run: () => void): Promise<void> {
    const { scheduler, faults } = this;
    const { random } = scheduler;
    const lands = !random.chance(faults.storeFails);
    const acknowledged = lands && !random.chance(faults.storeAckLost);
    const ms = random.int(0, 2 + door.lagMs) + (random.chance(0.2) ? random.int(0, faults.slowMs) : 0);
    return new Promise((resolve, reject) => {
      scheduler.at(ms, `${label} ${door.name}`, () => {
        if (!door.alive && random.chance(0.5)) return;
        if (lands) run();
        scheduler.at(0, 'ack', () => {
          if (!door.alive) return;
          if (acknowledged) resolve();
          else reject(new RetryableError('store: write failed'));
        });
      });
    });
  }
}

export function nameOf(space: Space): string {
  return `${space.stage}/${String(space.partition)}`;
}
