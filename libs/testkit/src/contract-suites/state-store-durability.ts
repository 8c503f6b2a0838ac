// Laws of the state store: what was written stays.
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { journalViolations } from './contract.js';
import { assertLoads, collect, documentOf, idKey, plain, SPACE } from './state-store-records.js';
import type { StateStoreLaw, StateStoreSubject } from './state-store.js';

export const durabilityLaws: readonly StateStoreLaw[] = [
  {
    name: 'no write is acknowledged before its flush, and no flush comes before its commit',
    needs: ['journal'],
    check: flushFirst,
  },
  { name: 'what was acknowledged is there after a crash', needs: ['crash'], check: acknowledgedSurvives },
  { name: 'what was written is there after closing and opening, guards included', needs: ['reopen'], check: reopened },
  { name: 'closing waits for the writes under way', needs: ['reopen'], check: closeWaits },
];

async function flushFirst({ store, journal = [] }: StateStoreSubject): Promise<void> {
  const writes: Promise<unknown>[] = [];
  for (let i = 0; i < 20; i++) {
    const number = i + 1;
    const documents = Array.from({ length: 1 + (i % 4) * 300 }, (_, id) => documentOf(String(id), i));
    const write = store.write({ ...SPACE, partition: i % 3 }, documents);
    writes.push(write.then(() => journal.push({ event: 'resolved', number })));
    if (i % 5 === 0) await nextTurn();
  }
  await Promise.all(writes);
  assert.deepEqual(journalViolations(journal), []);
  assert.equal(new Set(journal.filter(({ event }) => event === 'flush').map(({ number }) => number)).size, 20);
}

async function acknowledgedSurvives({ store, crash }: StateStoreSubject): Promise<void> {
  const documents = Array.from({ length: 3000 }, (_, i) => documentOf(String(i), 4));
  await store.write(SPACE, documents);
  await store.writePartition(SPACE, { nextOffset: 5, logTimeMs: 9, bytes: new Uint8Array([3]) });
  const under = store.write(SPACE, [documentOf('0', 5)]);
  const after = await crash?.();
  assert.ok(after);
  const keys = documents.map(({ key }) => key);
  const [first, ...rest] = await after.store.load(SPACE, keys);
  assert.ok((first?.lastOffset ?? 0) >= 4);
  assert.deepEqual(rest.map(plain), documents.slice(1).map(plain));
  assert.equal((await after.store.loadPartition(SPACE))?.nextOffset, 5);
  await after.dispose();
  await under;
}

async function reopened(subject: StateStoreSubject): Promise<void> {
  const { store } = subject;
  await store.write(SPACE, [documentOf('a', 5, { dueMs: 17, jobOwed: true }), documentOf('b', 6)]);
  await store.write({ stage: 'segments', partition: 3 }, [documentOf('a', 1)]);
  await store.writePartition(SPACE, { nextOffset: 7, logTimeMs: 9, bytes: new Uint8Array([1, 2]) });
  const again = await subject.reopen?.();
  assert.ok(again);
  await assertLoads(again.store, SPACE, ['a', 'b'].map(idKey), [
    documentOf('a', 5, { dueMs: 17, jobOwed: true }),
    documentOf('b', 6),
  ]);
  await assertLoads(again.store, { stage: 'segments', partition: 3 }, [idKey('a')], [documentOf('a', 1)]);
  assert.deepEqual((await again.store.loadPartition(SPACE))?.nextOffset, 7);
  assert.equal(await again.store.write(SPACE, [documentOf('a', 5), documentOf('b', 7)]), 1);
  assert.deepEqual(await collect(again.store.scanDue(SPACE)), [{ key: idKey('a'), dueMs: 17, jobOwed: true }]);
  await again.dispose();
}

async function closeWaits(subject: StateStoreSubject): Promise<void> {
  const write = subject.store.write(SPACE, [documentOf('a', 1)]);
  const again = await subject.reopen?.();
  assert.ok(again);
  await write;
  await assertLoads(again.store, SPACE, [idKey('a')], [documentOf('a', 1)]);
  await again.dispose();
}
