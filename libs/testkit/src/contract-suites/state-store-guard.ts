// Laws of the state store: who may overwrite what.
import assert from 'node:assert/strict';
import type { Key } from '@tessera/contracts';
import type { PartitionDocument, StateDocument } from '@tessera/runtime';
import { Random } from '../simulator/random.js';
import { assertLoads, documentOf, idKey, SPACE } from './state-store-records.js';
import type { StateStoreLaw, StateStoreSubject } from './state-store.js';

export const guardLaws: readonly StateStoreLaw[] = [
  {
    name: 'a document is written only over one with a smaller lastOffset; a refused write is counted and changes nothing',
    check: guarded,
  },
  { name: 'whatever is written in whatever order, the highest lastOffset of a key stays', check: highestStays },
  { name: 'writes at once to the same documents leave the highest lastOffset', check: writesAtOnce },
  { name: 'a document is never loaded older than a write that was called', needs: ['reads-under-way'], check: readsUnderWay },
  { name: 'the partition document is read as it was written', check: partitionDocument },
  { name: 'the partition document never goes back, and going back is no error', check: partitionGuarded },
];

async function guarded({ store }: StateStoreSubject): Promise<void> {
  assert.equal(await store.write(SPACE, [documentOf('a', 5), documentOf('b', 5)]), 0);
  const older = { ...documentOf('a', 4), dueMs: 1, jobOwed: true };
  const same = { ...documentOf('a', 5), bytes: new Uint8Array([1]) };
  assert.equal(await store.write(SPACE, [older]), 1);
  assert.equal(await store.write(SPACE, [same]), 1);
  await assertLoads(store, SPACE, [idKey('a')], [documentOf('a', 5)]);
  assert.equal(await store.write(SPACE, [documentOf('a', 6), documentOf('b', 4), documentOf('c', 0)]), 1);
  await assertLoads(store, SPACE, ['a', 'b', 'c'].map(idKey), [documentOf('a', 6), documentOf('b', 5), documentOf('c', 0)]);
}

async function highestStays({ store }: StateStoreSubject): Promise<void> {
  const random = new Random(7);
  const expected = new Map<Key, StateDocument>();
  for (let round = 0; round < 40; round++) {
    // Distinct keys: a write names a document once.
    const ids = random.shuffled(Array.from({ length: 30 }, (_, i) => String(i))).slice(0, random.int(1, 30));
    const documents = ids.map((id) => ({ ...documentOf(id, random.int(0, 60)), dueMs: round }));
    const refused = documents.filter(({ key, lastOffset }) => (expected.get(key)?.lastOffset ?? -1) >= lastOffset);
    for (const document of documents) if (!refused.includes(document)) expected.set(document.key, document);
    assert.equal(await store.write(SPACE, documents), refused.length);
    await assertLoads(store, SPACE, [...expected.keys()], [...expected.values()]);
  }
}

async function writesAtOnce({ store }: StateStoreSubject): Promise<void> {
  const offsets = new Random(3).shuffled(Array.from({ length: 24 }, (_, i) => i));
  const ids = Array.from({ length: 200 }, (_, i) => String(i));
  const writes = offsets.map((offset) =>
    store.write(
      SPACE,
      ids.map((id) => documentOf(id, offset)),
    ),
  );
  await Promise.all(writes);
  await assertLoads(
    store,
    SPACE,
    ids.map(idKey),
    ids.map((id) => documentOf(id, 23)),
  );
}

async function readsUnderWay({ store }: StateStoreSubject): Promise<void> {
  const ids = Array.from({ length: 3000 }, (_, i) => String(i));
  await store.write(
    SPACE,
    ids.map((id) => documentOf(id, 0)),
  );
  for (let offset = 1; offset < 5; offset++) {
    const write = store.write(
      SPACE,
      ids.map((id) => documentOf(id, offset)),
    );
    // The caller has let go of what it wrote: this is what a cache of one document does.
    const [last, first] = await store.load(SPACE, [idKey('2999'), idKey('0')]);
    assert.equal(first?.lastOffset, offset);
    assert.equal(last?.lastOffset, offset);
    await write;
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function partitionDocument({ store }: StateStoreSubject): Promise<void> {
  assert.equal(await store.loadPartition(SPACE), undefined);
  const written: PartitionDocument = { nextOffset: 2 ** 40, logTimeMs: 1_767_225_600_123, bytes: bytesOf('definitions') };
  await store.writePartition(SPACE, written);
  const loaded = await store.loadPartition(SPACE);
  assert.deepEqual({ ...loaded, bytes: Buffer.from(loaded?.bytes ?? []).toString() }, { ...written, bytes: 'definitions' });
  assert.equal(await store.loadPartition({ ...SPACE, partition: 1 }), undefined);
}

async function partitionGuarded({ store }: StateStoreSubject): Promise<void> {
  for (const [nextOffset, stays] of [
    [5, 5],
    [4, 5],
    [9, 9],
    [0, 9],
    [10, 10],
  ] as const) {
    await store.writePartition(SPACE, { nextOffset, logTimeMs: nextOffset, bytes: bytesOf(String(nextOffset)) });
    const loaded = await store.loadPartition(SPACE);
    assert.equal(loaded?.nextOffset, stays);
    assert.equal(loaded.logTimeMs, stays);
    assert.equal(Buffer.from(loaded.bytes).toString(), String(stays));
  }
}
