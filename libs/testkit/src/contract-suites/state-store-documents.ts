// Laws of the state store: a document is loaded as it was written.
import assert from 'node:assert/strict';
import type { StateDocument } from '@tessera/runtime';
import { assertLoads, collect, documentOf, idKey, plain, SPACE } from './state-store-records.js';
import type { StateStoreLaw, StateStoreSubject } from './state-store.js';

export const documentLaws: readonly StateStoreLaw[] = [
  { name: 'documents are loaded in the order of the keys, undefined where there is none', check: loadOrder },
  { name: 'a document is loaded as it was written: bytes, offset, timer, owed job', check: sameDocument },
  { name: 'the same key in another stage or partition is another document', check: separateSpaces },
  { name: 'keys of any characters and length name their own document', check: anyKey },
  { name: 'a document of a megabyte is loaded as it was written, and small ones after it', check: largeDocument },
  { name: 'what was loaded stays as it is when other documents are loaded', check: loadedStays },
  { name: 'fifty thousand documents are one write', check: manyDocuments },
  { name: 'clearing a space forgets its documents and its partition document, and nothing else', check: cleared },
];

async function loadOrder({ store }: StateStoreSubject): Promise<void> {
  const [a, b, c] = [documentOf('a', 1), documentOf('b', 2), documentOf('c', 3)];
  assert.equal(await store.write(SPACE, [a, b, c]), 0);
  await assertLoads(store, SPACE, ['c', 'none', 'a', 'b', 'a'].map(idKey), [c, undefined, a, b, a]);
  assert.deepEqual(await store.load(SPACE, []), []);
  assert.equal(await store.write(SPACE, []), 0);
}

async function sameDocument({ store }: StateStoreSubject): Promise<void> {
  const documents = [
    documentOf('empty', 0, { bytes: new Uint8Array(0) }),
    documentOf('bytes', 2 ** 40, { bytes: new Uint8Array(256).map((_, i) => i) }),
    documentOf('view', 7, { bytes: new Uint8Array([9, 8, 7, 6, 5, 4]).subarray(2, 5) }),
    documentOf('due', 1, { dueMs: 1_767_225_600_123 }),
    documentOf('due at zero', 1, { dueMs: 0 }),
    documentOf('due before', 1, { dueMs: -62_135_596_800_000 }),
    documentOf('owed', 1, { jobOwed: true }),
    documentOf('both', 1, { dueMs: 5, jobOwed: true }),
  ];
  await store.write(SPACE, documents);
  await assertLoads(
    store,
    SPACE,
    documents.map(({ key }) => key),
    documents,
  );
}

async function separateSpaces({ store }: StateStoreSubject): Promise<void> {
  const spaces = [
    SPACE,
    { stage: 'features', partition: 4 },
    { stage: 'segments', partition: 3 },
    { stage: 'features', partition: 300 },
  ];
  await Promise.all(spaces.map((space, i) => store.write(space, [documentOf('a', 10 + i)])));
  for (const [i, space] of spaces.entries()) {
    await assertLoads(store, space, [idKey('a')], [documentOf('a', 10 + i)]);
    assert.equal((await collect(store.scan(space))).length, 1);
  }
}

async function anyKey({ store }: StateStoreSubject): Promise<void> {
  const ids = ['', 'é', 'e\u0301', '日本語', '👩‍👩‍👧', 'a/b%c', '\u0000', '\uffff', '\u{10ffff}', 'x'.repeat(600), 'é'.repeat(500)];
  const documents = ids.map((id, i) => documentOf(id, i));
  await store.write(SPACE, documents);
  await assertLoads(store, SPACE, ids.map(idKey), documents);
}

async function largeDocument({ store }: StateStoreSubject): Promise<void> {
  const large = documentOf('large', 1, { bytes: new Uint8Array(1 << 20).map((_, i) => i * 31) });
  const documents = [documentOf('a', 1), large, documentOf('z', 1)];
  await store.write(SPACE, documents);
  await assertLoads(
    store,
    SPACE,
    documents.map(({ key }) => key),
    documents,
  );
  const larger = documentOf('large', 2, { bytes: new Uint8Array(3 << 20).fill(7) });
  await store.write(SPACE, [larger]);
  await assertLoads(store, SPACE, [idKey('a'), idKey('large')], [documentOf('a', 1), larger]);
}

async function loadedStays({ store }: StateStoreSubject): Promise<void> {
  const documents = Array.from({ length: 50 }, (_, i) => documentOf(String(i), i));
  await store.write(SPACE, documents);
  const first = await store.load(SPACE, [idKey('7'), idKey('8')]);
  const before = first.map(plain);
  for (const { key } of documents) await store.load(SPACE, [key]);
  await store.write(SPACE, [documentOf('7', 99)]);
  assert.deepEqual(first.map(plain), before);
}

async function manyDocuments({ store }: StateStoreSubject): Promise<void> {
  const documents = Array.from({ length: 50_000 }, (_, i): StateDocument => documentOf(String((i * 7919) % 50_000), i));
  assert.equal(await store.write(SPACE, documents), 0);
  const loaded = await store.load(
    SPACE,
    documents.map(({ key }) => key),
  );
  loaded.forEach((document, i) => {
    assert.equal(document?.lastOffset, i);
  });
  assert.equal((await collect(store.scan(SPACE))).length, 50_000);
  const again = documents.map((document, i) => (i % 2 === 0 ? document : { ...document, lastOffset: 60_000 + i }));
  assert.equal(await store.write(SPACE, again), 25_000);
}

async function cleared({ store }: StateStoreSubject): Promise<void> {
  const other = { ...SPACE, partition: 4 };
  const partition = { nextOffset: 9, logTimeMs: 5, bytes: new Uint8Array([1]) };
  for (const space of [SPACE, other]) {
    await store.write(
      space,
      Array.from({ length: 2500 }, (_, i) => documentOf(String(i), 5)),
    );
    await store.writePartition(space, partition);
  }
  await store.clear(SPACE);
  assert.deepEqual(await collect(store.scan(SPACE)), []);
  assert.equal(await store.loadPartition(SPACE), undefined);
  await assertLoads(store, SPACE, [idKey('1')], [undefined]);
  assert.equal((await collect(store.scan(other))).length, 2500);
  assert.equal((await store.loadPartition(other))?.nextOffset, 9);
  assert.equal(await store.write(SPACE, [documentOf('1', 0)]), 0);
}
