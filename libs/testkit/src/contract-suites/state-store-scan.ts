// Laws of the state store: scans.
import assert from 'node:assert/strict';
import type { Key } from '@tessera/contracts';
import type { DueEntry } from '@tessera/runtime';
import { collect, documentOf, idKey, inKeyOrder, plain, SPACE } from './state-store-records.js';
import type { StateStoreLaw, StateStoreSubject } from './state-store.js';

export const scanLaws: readonly StateStoreLaw[] = [
  { name: 'a scan gives every document of the space once, in the order of the keys’ UTF-8 bytes', check: scanAll },
  { name: 'a scan can begin at a key: that one is the first, or the next where there is none', check: scanFrom },
  { name: 'an empty space gives nothing', check: scanEmpty },
  { name: 'a scan for timers gives exactly the documents with a timer or an owed job', check: due },
  { name: 'a scan gives what was written before it began', check: scanSeesWrites },
];

const IDS = ['b', 'a', 'é', 'z', 'aa', 'a/b', 'A', '日本', '\ue000', '\uffff', '👩', '\u{10000}', '~', '0', '00'];

async function scanAll({ store }: StateStoreSubject): Promise<void> {
  const documents = [
    ...IDS.map((id, i) => documentOf(id, i)),
    ...Array.from({ length: 4000 }, (_, i) => documentOf(`n${String(i)}`, i)),
  ];
  await store.write(SPACE, documents);
  await store.write({ ...SPACE, partition: 2 }, [documentOf('before', 1)]);
  await store.write({ ...SPACE, partition: 4 }, [documentOf('after', 1)]);
  assert.deepEqual((await collect(store.scan(SPACE))).map(plain), inKeyOrder(documents).map(plain));
}

async function scanFrom({ store }: StateStoreSubject): Promise<void> {
  const documents = inKeyOrder(IDS.map((id, i) => documentOf(id, i)));
  await store.write(SPACE, documents);
  for (const [i, { key }] of documents.entries()) {
    assert.deepEqual((await collect(store.scan(SPACE, key))).map(plain), documents.slice(i).map(plain));
    const after = `${key}\u0001` as Key;
    const rest = inKeyOrder([...documents, { ...documentOf('', 0), key: after }]).map((document) => document.key);
    const expected = rest.slice(rest.indexOf(after) + 1);
    assert.deepEqual(
      (await collect(store.scan(SPACE, after))).map((document) => document.key),
      expected,
    );
  }
}

async function scanEmpty({ store }: StateStoreSubject): Promise<void> {
  await store.write({ ...SPACE, partition: 4 }, [documentOf('a', 1)]);
  assert.deepEqual(await collect(store.scan(SPACE)), []);
  assert.deepEqual(await collect(store.scanDue(SPACE)), []);
}

async function due({ store }: StateStoreSubject): Promise<void> {
  const documents = Array.from({ length: 5000 }, (_, i) =>
    documentOf(String(i), 1, { dueMs: i % 3 === 0 ? i * 1000 : Infinity, jobOwed: i % 5 === 0 }),
  );
  await store.write(SPACE, documents);
  // A timer that was taken away is gone.
  await store.write(SPACE, [documentOf('3', 2), documentOf('1', 2, { dueMs: 7 })]);
  const expected = documents
    .map(({ key, dueMs, jobOwed }): DueEntry => {
      if (key === idKey('3')) return { key, dueMs: Infinity, jobOwed: false };
      return key === idKey('1') ? { key, dueMs: 7, jobOwed: false } : { key, dueMs, jobOwed };
    })
    .filter(({ dueMs, jobOwed }) => dueMs !== Infinity || jobOwed);
  assert.deepEqual(inKeyOrder(await collect(store.scanDue(SPACE))), inKeyOrder(expected));
}

async function scanSeesWrites({ store }: StateStoreSubject): Promise<void> {
  await store.write(SPACE, [documentOf('a', 1), documentOf('b', 1)]);
  await store.write(SPACE, [documentOf('b', 2, { dueMs: 4 }), documentOf('c', 1)]);
  assert.deepEqual(
    (await collect(store.scan(SPACE))).map(plain),
    [documentOf('a', 1), documentOf('b', 2, { dueMs: 4 }), documentOf('c', 1)].map(plain),
  );
  assert.deepEqual(await collect(store.scanDue(SPACE)), [{ key: idKey('b'), dueMs: 4, jobOwed: false }]);
}
