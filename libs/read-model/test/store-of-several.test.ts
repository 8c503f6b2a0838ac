// The read model where other processes write the store too: what they have written is read at once.
import { expect, test } from '@jest/globals';
import { keyOf, ownerOf, type Key } from '@tessera/contracts';
import { assignmentsStage } from '@tessera/decisions';
import { partitionOf } from '@tessera/hash';
import { MemoryStateStore } from '@tessera/state-memory';
import type { StateStore } from '@tessera/runtime';
import { StoreReadModel } from '../src/index.js';

const PARTITIONS = 4;
const key = keyOf('shop', 'identity', 'user_id:42');

/** As the stage of another process does it. */
async function assign(store: StateStore, profile: string, offset: number): Promise<void> {
  const document = assignmentsStage.create(key);
  document.content = { profile };
  const space = { stage: assignmentsStage.name, partition: partitionOf(ownerOf(key), PARTITIONS) };
  const bytes = assignmentsStage.encode(document).slice();
  await store.write(space, [{ key, lastOffset: offset, dueMs: Infinity, jobOwed: false, bytes }]);
}

async function read(model: StoreReadModel, asked: Key): Promise<unknown> {
  const [content] = await model.get([{ kind: 'assignment', key: asked }]);
  return content;
}

test('without a cache what another process has overwritten is never served', async () => {
  const store = new MemoryStateStore();
  const model = new StoreReadModel({ store, partitions: () => PARTITIONS, freshness: () => undefined, cacheBytesMax: 0 });
  await assign(store, 'p_1', 1);
  expect(await read(model, key)).toEqual({ profile: 'p_1' });
  await assign(store, 'p_2', 2);
  expect(await read(model, key)).toEqual({ profile: 'p_2' });
});

test('with a cache it is served until somebody tells: so a cache is for processes that have the store for themselves', async () => {
  const store = new MemoryStateStore();
  const model = new StoreReadModel({ store, partitions: () => PARTITIONS, freshness: () => undefined });
  await assign(store, 'p_1', 1);
  expect(await read(model, key)).toEqual({ profile: 'p_1' });
  await assign(store, 'p_2', 2);
  expect(await read(model, key)).toEqual({ profile: 'p_1' });
  model.invalidate(assignmentsStage.name, [key]);
  expect(await read(model, key)).toEqual({ profile: 'p_2' });
});
