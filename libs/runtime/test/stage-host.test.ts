import { describe, expect, test } from '@jest/globals';
import { MemoryEventLog } from '@tessera/log-memory';
import { MemoryStateStore } from '@tessera/state-memory';
import { noDefinitions, StageHost, systemClock, type Ownership, type PartitionOwner, type StateStore } from '../src/index.js';
import { countingStage, tracked } from './counting-stage.js';

class ManualOwnership implements Ownership {
  owner!: PartitionOwner;
  left = false;
  assigned = false;

  join(_input: unknown, owner: PartitionOwner) {
    this.owner = owner;
    const assigned = () => this.assigned;
    const leave = async () => {
      this.left = true;
      await owner.release([0, 1, 2, 3]);
    };
    return {
      get assigned() {
        return assigned();
      },
      leave,
    };
  }

  gain(...partitions: number[]): void {
    this.assigned = true;
    this.owner.gained(partitions);
  }
}

function setUp(change: (store: StateStore) => StateStore = (store) => store) {
  const log = new MemoryEventLog({ clock: 'append', nowMs: () => Date.now(), partitions: 4 });
  const store = change(new MemoryStateStore());
  const ownership = new ManualOwnership();
  const host = new StageHost(countingStage, { log, store, clock: systemClock, ownership, limits: { idleMs: 1 } }, noDefinitions);
  const append = async (): Promise<void> => {
    for (const partition of [0, 1, 2, 3]) {
      const { firstOffset } = await log.append('events', partition, []);
      await log.append('events', partition, [tracked(`s${String(partition)}`, `m${String(firstOffset)}`, Date.now())]);
    }
  };
  const written = async (partition: number) => (await store.loadPartition({ stage: 'counting', partition }))?.nextOffset ?? 0;
  return { log, store, ownership, host, append, written };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 5_000; !(await condition());) {
    if (Date.now() > deadline) throw new Error('it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe('the host of a stage', () => {
  test('works on what it owns, and on nothing before it is told', async () => {
    const { host, ownership, append, written } = setUp();
    host.start();
    await append();
    expect([host.assigned, host.idle, host.loops.length]).toEqual([false, false, 0]);
    ownership.gain(1, 3);
    await until(() => host.idle);
    expect(host.loops.map(({ options, status }) => [options.partition, status])).toEqual([
      [1, 'running'],
      [3, 'running'],
    ]);
    expect([...ownership.owner.positions()].map(([partition]) => partition)).toEqual([1, 3]);
    await host.stop();
    expect(ownership.left).toBe(true);
    expect([await written(0), (await written(1)) > 0, (await written(3)) > 0]).toEqual([0, true, true]);
  });

  test('gives a partition away only when all that was read is written', async () => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { host, ownership, append, written } = setUp((store) => {
      const write = store.write.bind(store);
      store.write = async (space, documents) => {
        await gate;
        return write(space, documents);
      };
      return store;
    });
    host.start();
    await append();
    ownership.gain(0);
    await until(() => host.loops[0]?.options.ledger.applied === 1);
    let released = false;
    const release = ownership.owner.release([0]).then(() => (released = true));
    expect(host.loops).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([released, await written(0)]).toEqual([false, 0]);
    open();
    await release;
    expect(await written(0)).toBeGreaterThan(0);
    await host.stop();
  });

  test('starts a partition that comes back after its last stop has ended, once', async () => {
    const { host, ownership, append } = setUp();
    host.start();
    await append();
    ownership.gain(2);
    await until(() => host.idle);
    const release = ownership.owner.release([2]);
    ownership.gain(2);
    await release;
    await append();
    const applied = () => host.loops[0]?.options.ledger.applied;
    await until(() => applied() === 2);
    ownership.owner.lost([2]);
    expect(host.loops).toEqual([]);
    await append();
    ownership.gain(2);
    await until(() => applied() === 3);
    await host.stop();
  });

  test('a partition that is lost again before it could start is not started', async () => {
    const { host, ownership } = setUp();
    host.start();
    ownership.gain(0);
    ownership.owner.lost([0]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(host.loops).toEqual([]);
    ownership.gain(0);
    await until(() => host.idle);
    await host.stop();
    expect(host.loops.every(({ status }) => status === 'stopped')).toBe(true);
  });
});
