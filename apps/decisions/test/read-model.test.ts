// The read model in a store: point reads, one round trip, and a cache that never outlives a write.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyOf } from '@tessera/contracts';
import type { ReadKey } from '@tessera/decisions';
import { DocumentCache, ReadModelFreshness, StoreReadModel } from '@tessera/read-model';
import { FakeClock, FakeLog, FakeStore, PARTITIONS, settle } from './fakes.js';
import { ENTERED, assigned, entered, named } from './shop.js';

const membershipKey = (profile: string): ReadKey => ({ kind: 'membership', key: keyOf('shop', 'profile', profile, 'vips') });
const featuresKey = (profile: string): ReadKey => ({ kind: 'features', key: keyOf('shop', 'profile', profile) });
const assignmentKey = (identity: string): ReadKey => ({ kind: 'assignment', key: keyOf('shop', 'identity', identity) });

function modelOf(store: FakeStore, more: { cacheBytesMax?: number; readsMax?: number } = {}): StoreReadModel {
  return new StoreReadModel({ store, partitions: () => PARTITIONS, freshness: () => undefined, ...more });
}

describe('the read model', () => {
  test('gives contents in the order of the keys, one load per stage and partition, and then none', async () => {
    const store = new FakeStore();
    await assigned(store, 'user_id:42', 'p_1');
    await entered(store, 'p_1', 'vips');
    await named(store, 'p_2', 'Ada');
    const model = modelOf(store);
    const keys = [
      featuresKey('p_2'),
      membershipKey('p_1'),
      membershipKey('p_2'),
      assignmentKey('user_id:42'),
      featuresKey('p_1'),
      membershipKey('p_1'),
    ];
    const membership = { enteredAtMs: Date.parse(ENTERED), sequence: 1, pending: false };
    const expected = [
      expect.objectContaining({ traits: { firstName: 'Ada' } }),
      membership,
      undefined,
      { profile: 'p_1' },
      undefined,
      membership,
    ];
    expect(await model.get(keys)).toEqual(expected);
    const names = store.loads.map(({ stage, partition }) => `${stage}/${String(partition)}`);
    expect(new Set(names).size).toBe(names.length);
    expect(await model.get(keys)).toEqual(expected);
    expect(store.loads.length).toBe(names.length);
  });

  test('sees a write through the watched store at once, also for a person it knew nothing of', async () => {
    const store = new FakeStore();
    const model = modelOf(store);
    expect(await model.get([membershipKey('p_1')])).toEqual([undefined]);
    await entered(model.watched(), 'p_1', 'vips');
    expect(await model.get([membershipKey('p_1')])).not.toEqual([undefined]);
    for (let partition = 0; partition < PARTITIONS; partition++)
      await model.watched().clear({ stage: 'decisions.memberships', partition });
    expect(await model.get([membershipKey('p_1')])).toEqual([undefined]);
  });

  test('does not keep what was read before a write', async () => {
    const store = new FakeStore();
    const model = modelOf(store);
    let go = (): void => undefined;
    store.before = () => new Promise((resolve) => (go = resolve));
    const early = model.get([membershipKey('p_1')]);
    await entered(model.watched(), 'p_1', 'vips');
    store.before = () => Promise.resolve();
    go();
    expect(await early).toEqual([undefined]);
    expect(await model.get([membershipKey('p_1')])).not.toEqual([undefined]);
  });

  test('rejects while too many reads are under way, and after a failure reads again', async () => {
    const store = new FakeStore();
    const model = modelOf(store, { readsMax: 1 });
    let fail = (_: Error): void => undefined;
    store.before = () => new Promise((_, reject) => (fail = reject));
    const first = model.get([membershipKey('p_1')]);
    await expect(model.get([membershipKey('p_2')])).rejects.toThrow('too many reads');
    fail(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    store.before = () => Promise.resolve();
    expect(await model.get([membershipKey('p_1')])).toEqual([undefined]);
  });

  test('after any interleaving of reads and writes answers what the store holds', async () => {
    const people = ['p_1', 'p_2', 'p_3'];
    const step = fc.oneof(
      fc.record({ kind: fc.constant('read' as const), people: fc.subarray(people, { minLength: 1 }) }),
      fc.record({ kind: fc.constant('write' as const), person: fc.constantFrom(...people) }),
      fc.record({ kind: fc.constant('release' as const), index: fc.nat(5) }),
      fc.record({ kind: fc.constant('release' as const), index: fc.nat(5) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.constantFrom(0, 900, 1 << 20), async (steps, cacheBytesMax) => {
        const store = new FakeStore();
        const model = modelOf(store, { cacheBytesMax });
        const held: (() => void)[] = [];
        const reads: Promise<unknown>[] = [];
        const versions = new Map<string, number>();
        store.before = () => new Promise((resolve) => held.push(resolve));
        for (const one of steps) {
          if (one.kind === 'read') reads.push(model.get(one.people.map(featuresKey)));
          else if (one.kind === 'release') held.splice(one.index, 1).forEach((release) => release());
          else {
            const version = (versions.get(one.person) ?? 0) + 1;
            versions.set(one.person, version);
            await named(model.watched(), one.person, String(version));
          }
          await settle();
        }
        store.before = () => Promise.resolve();
        for (const release of held) release();
        await Promise.all(reads);
        const answers = (await model.get(people.map(featuresKey))) as ({ traits: { firstName: string } } | undefined)[];
        expect(answers.map((answer) => answer?.traits.firstName)).toEqual(
          people.map((person) => (versions.has(person) ? String(versions.get(person)) : undefined)),
        );
      }),
      { numRuns: 100 },
    );
  });
});

test('the cache keeps what was used last, within its bytes', () => {
  const cache = new DocumentCache(2_000);
  const keep = (person: string): void => {
    const key = featuresKey(person);
    cache.keep(cache.begin([key]), key, undefined, 300);
  };
  for (const person of ['a', 'b', 'c']) keep(person);
  expect(cache.get(featuresKey('a'))).toBeDefined();
  for (let i = 0; i < 50; i++) {
    keep(`n${String(i)}`);
    expect(cache.get(featuresKey('a'))).toBeDefined();
    expect(cache.bytes).toBeLessThanOrEqual(2_000);
  }
  expect(cache.get(featuresKey('b'))).toBeUndefined();
  cache.clear();
  expect([cache.bytes, cache.get(featuresKey('a'))]).toEqual([0, undefined]);
});

describe('freshness', () => {
  const caughtUp = async (store: FakeStore, log: FakeLog): Promise<void> => {
    for (const [name, nextOffset] of log.ends) {
      const [topic = '', partition] = name.split('/');
      const stage = {
        'identity-assignments': 'decisions.assignments',
        'segment-memberships': 'decisions.memberships',
        'profile-features': 'decisions.features',
      }[topic];
      await store.writePartition(
        { stage: stage as string, partition: Number(partition) },
        { nextOffset, logTimeMs: 0, bytes: new Uint8Array(0) },
      );
    }
  };

  test('counts from the last moment that the documents are known to be as new as', async () => {
    const [store, log, clock] = [new FakeStore(), new FakeLog(), new FakeClock(1_000_000)];
    const freshness = new ReadModelFreshness({ store, log: log.port, clock, intervalMs: 100 });
    expect(freshness.freshness()).toBeUndefined();
    await freshness.start();
    expect(freshness.freshness()).toBe(0);
    await clock.advance(60);
    expect(freshness.freshness()).toBe(60);

    // Silent topics are fresh; one that the documents do not follow grows old, from when they last did.
    await clock.advance(40);
    expect(freshness.freshness()).toBe(0);
    log.ends.set('segment-memberships/2', 5);
    for (let i = 0; i < 10; i++) await clock.advance(100);
    expect(freshness.freshness()).toBe(1_000);
    // A busy one is as old as the mark that was passed last.
    await caughtUp(store, log);
    log.ends.set('segment-memberships/2', 9);
    await clock.advance(100);
    expect(freshness.freshness()).toBe(1_000);
    await caughtUp(store, log);
    await clock.advance(100);
    await clock.advance(100);
    expect(freshness.freshness()).toBeLessThanOrEqual(100);
    await freshness.stop();
    expect(clock.waiters).toBe(0);
  });

  test('grows while the store is away', async () => {
    const [store, log, clock] = [new FakeStore(), new FakeLog(), new FakeClock(0)];
    const freshness = new ReadModelFreshness({ store, log: log.port, clock, intervalMs: 100 });
    await freshness.start();
    store.loadPartition = () => Promise.reject(new Error('away'));
    for (let i = 0; i < 5; i++) await clock.advance(100);
    expect(freshness.freshness()).toBe(500);
    await freshness.stop();
  });
});
