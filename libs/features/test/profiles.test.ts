// Where a fragment belongs and what is told when that changes; and the limits of a sender.
import { describe, expect, test } from '@jest/globals';
import { keyOf, type ProfileAssignedRecord } from '@tessera/contracts';
import { partitionOf, profileId } from '@tessera/hash';
import { TRAITS_MAX } from '../src/fragment.js';
import type { AggregateSlot } from '../src/plan.js';
import { FRAGMENTS_MAX, SEEN_FOR_MS, SEEN_MAX } from '../src/sender-document.js';
import { changesIn, Driver, SECRET, WORKSPACE, type Emitted } from './driver.js';
import { senderKey } from './naive.js';
import { EPOCH, planOf, tracked } from './streams.js';

const DEVICE = 'anonymous_id:d0';
const count: AggregateSlot = {
  kind: 'aggregate',
  id: 'count',
  selector: { event: 'A', where: [] },
  aggregate: 'count',
  windowMs: 1_000,
};

function begun(): Driver {
  const plan = planOf(1, [count]);
  const driver = new Driver(new Map([[plan.hash, plan]]));
  driver.publish(EPOCH, 1, plan.hash);
  return driver;
}

function send(driver: Driver, atMs: number, event: Parameters<typeof tracked>[0]): readonly Emitted[] {
  const number = driver.log.length;
  const whole = tracked({ event: 'A', messageId: `m${String(number)}`, messageHash: number, timeMs: atMs, ...event });
  return driver.step(atMs, senderKey(whole.sender), whole);
}

function assign(driver: Driver, atMs: number, assigned: Partial<ProfileAssignedRecord>): readonly Emitted[] {
  const value = {
    kind: 'profileAssigned',
    workspace: WORKSPACE,
    sender: DEVICE,
    fragment: 'spell:0',
    profile: 'p_x',
    reason: 'linked',
    generation: 1,
    offset: 7,
    index: 0,
    ...assigned,
  } as const;
  return driver.step(atMs, senderKey(value.sender), value);
}

describe('a fragment starts in the profile of its own node', () => {
  test.each([
    [DEVICE, undefined, 'spell:0@anonymous_id:d0', `${DEVICE}|spell:0`],
    [DEVICE, 'u1', 'user_id:u1', `${DEVICE}|user:u1`],
    ['email:a@b.c', undefined, 'email:a@b.c', 'email:a@b.c|spell:0'],
    ['email:a@b.c', 'u1', 'user_id:u1', 'email:a@b.c|user:u1'],
  ])('of %s with user %s: %s', (sender, userId, node, fragment) => {
    const [output] = send(begun(), EPOCH + 1, { sender, userId });
    const profile = profileId(SECRET, node);
    const key = keyOf(WORKSPACE, 'profile', profile);
    expect(output).toMatchObject({
      topic: 'fragments',
      partition: partitionOf(key, 3),
      record: { key, timeMs: EPOCH + 1, value: { profile, fragment } },
    });
  });
});

describe('a fragment that is assigned', () => {
  test('leaves the old profile and tells the new one everything, in this order, at the log time of the assignment', () => {
    const driver = begun();
    send(driver, EPOCH + 1, {
      type: 'identify',
      event: undefined,
      traits: { plan: 'gold' },
      consent: { purposes: { ads: true } },
    });
    send(driver, EPOCH + 2, {});
    const [detached, changed, ...more] = assign(driver, EPOCH + 10, {}).map(({ record }) => record.value);
    const old = profileId(SECRET, 'spell:0@anonymous_id:d0');
    const version = { source: 5, generation: 2, offset: 3, effectiveMs: EPOCH + 10, fragment: `${DEVICE}|spell:0` };
    expect(detached).toEqual({
      kind: 'fragmentDetached',
      workspace: WORKSPACE,
      profile: old,
      toProfile: 'p_x',
      reason: 'moved',
      index: 0,
      ...version,
    });
    expect(changed).toEqual({
      kind: 'fragmentChanged',
      workspace: WORKSPACE,
      profile: 'p_x',
      fromProfile: old,
      reason: 'moved',
      messageId: undefined,
      full: true,
      index: 1,
      partials: { count: { n: 1, u: EPOCH + 1_002 } },
      traits: { plan: { value: 'gold', timeMs: EPOCH + 1, messageId: 'm1' } },
      consent: { ads: { granted: true, timeMs: EPOCH + 1 } },
      ...version,
    });
    expect(more).toEqual([]);
    // Expiry is told to the new profile, and coming back is an unlink.
    expect(changesIn(driver.tick(EPOCH + 1_002))).toMatchObject([
      { profile: 'p_x', reason: 'expiry', effectiveMs: EPOCH + 1_002, partials: { count: null } },
    ]);
    expect(
      assign(driver, EPOCH + 2_000, { profile: old, reason: 'unlinked', offset: 8 }).map(({ record }) => record.value),
    ).toMatchObject([
      { kind: 'fragmentDetached', profile: 'p_x', toProfile: old, reason: 'unlinked' },
      { kind: 'fragmentChanged', profile: old, fromProfile: 'p_x', full: true, reason: 'unlinked', partials: {} },
    ]);
  });

  test('says nothing when it is where it belongs, or when the assignment is an old one', () => {
    const driver = begun();
    send(driver, EPOCH + 1, {});
    expect(assign(driver, EPOCH + 2, { profile: profileId(SECRET, 'spell:0@anonymous_id:d0') })).toEqual([]);
    for (const stale of [{}, { offset: 6, index: 9 }, { generation: 0, offset: 99 }]) {
      expect(assign(driver, EPOCH + 3, stale)).toEqual([]);
      expect(driver.outcomes.at(-1)).toEqual({ kind: 'drop', reason: 'stale-version' });
    }
    driver.evict();
    expect(assign(driver, EPOCH + 3, { index: 1 })).toHaveLength(2);
  });

  test('before it said anything, tells its profile when it does, and nobody was left', () => {
    const driver = begun();
    expect(assign(driver, EPOCH + 1, {})).toEqual([]);
    driver.evict();
    expect(send(driver, EPOCH + 2, {}).map(({ record }) => record.value)).toMatchObject([
      { kind: 'fragmentChanged', profile: 'p_x', partials: { count: { n: 1 } } },
    ]);
  });
});

describe('limits', () => {
  test(`a sender with ${String(FRAGMENTS_MAX)} people: the next one is a dead letter, and those known go on`, () => {
    const driver = begun();
    for (let i = 0; i < FRAGMENTS_MAX; i++) send(driver, EPOCH + 1, { userId: `u${String(i)}` });
    expect(driver.outcomes.at(-1)).toEqual({ kind: 'applied' });
    expect(send(driver, EPOCH + 2, { userId: 'one-more' })).toEqual([]);
    expect(driver.outcomes.at(-1)).toMatchObject({ kind: 'dead-letter', reason: 'sender-fragments-limit' });
    expect(changesIn(send(driver, EPOCH + 3, { userId: 'u0' }))).toMatchObject([{ partials: { count: { n: 2 } } }]);
    expect(assign(driver, EPOCH + 4, { fragment: 'user:one-more' })).toEqual([]);
    expect(driver.outcomes.at(-1)).toEqual({ kind: 'drop', reason: 'sender-fragments-limit' });
  });

  test(`${String(TRAITS_MAX)} names of traits: known ones change, further ones are left out`, () => {
    const driver = begun();
    const identify = (atMs: number, names: readonly string[]) =>
      changesIn(
        send(driver, atMs, { type: 'identify', event: undefined, traits: Object.fromEntries(names.map((name) => [name, atMs])) }),
      );
    const names = Array.from({ length: TRAITS_MAX }, (_, i) => `t${String(i)}`);
    expect(Object.keys(identify(EPOCH + 1, names)[0]?.traits ?? {})).toHaveLength(TRAITS_MAX);
    expect(identify(EPOCH + 2, ['another'])).toEqual([]);
    expect(identify(EPOCH + 3, ['t0', 'another'])).toMatchObject([{ traits: { t0: { value: EPOCH + 3 } } }]);
  });

  test(`${String(SEEN_MAX)} messages in 24 h: the oldest are forgotten, and counted; a repeated one forgets none`, () => {
    const driver = begun();
    const repeat = (number: number): string => {
      send(driver, EPOCH + 2, { messageId: `n${String(number)}`, messageHash: 1e6 + number });
      return driver.outcomes.at(-1)?.kind ?? '';
    };
    for (let i = 0; i < SEEN_MAX; i++) repeat(i);
    const [document] = driver.documents.values();
    expect([repeat(0), repeat(1), document?.forgotten]).toEqual(['duplicate', 'duplicate', 0]);
    expect([repeat(SEEN_MAX), document?.forgotten]).toEqual(['applied', 1]);
    expect([repeat(1), repeat(SEEN_MAX), repeat(0), document?.forgotten]).toEqual(['duplicate', 'duplicate', 'applied', 2]);
  });

  test('a message counts again after 24 h of log time, and not a millisecond before; however many were seen between', () => {
    for (const between of [0, 30]) {
      const driver = begun();
      const say = (atMs: number, number: number): string => {
        send(driver, atMs, { messageId: `n${String(number)}`, messageHash: 1e6 + number });
        return driver.outcomes.at(-1)?.kind ?? '';
      };
      // Many, few, and many again: the set beside the list comes and goes.
      for (let i = 0; i < between; i++) say(EPOCH, i);
      expect([say(EPOCH + 1, 99), say(EPOCH + SEEN_FOR_MS, 99), say(EPOCH + SEEN_FOR_MS + 1, 99)]).toEqual([
        'applied',
        'duplicate',
        'applied',
      ]);
      for (let i = 0; i < between; i++) expect(say(EPOCH + SEEN_FOR_MS + 2, i)).toBe('applied');
      for (let i = 0; i < between; i++) expect(say(EPOCH + SEEN_FOR_MS + 3, i)).toBe('duplicate');
      expect(say(EPOCH + SEEN_FOR_MS + 4, 99)).toBe('duplicate');
    }
  });
});

test('a closing tick is passed on to every partition of fragments, at the log time; another tick is not', () => {
  const driver = begun();
  expect(driver.tick(EPOCH + 5)).toEqual([]);
  const key = keyOf('', 'workspace', 'tick');
  const outputs = driver.step(EPOCH + 9, key, { kind: 'tick', closing: true, source: -1, effectiveMs: 0 });
  expect(outputs.map(({ topic, partition, record }) => ({ topic, partition, ...record }))).toEqual(
    [0, 1, 2].map((partition) => ({
      topic: 'fragments',
      partition,
      key,
      timeMs: EPOCH + 9,
      value: { kind: 'tick', closing: true, source: 5, effectiveMs: EPOCH + 9 },
    })),
  );
});

test('a set is ready in every partition of fragments after its backfill, once, and at once when it needs nothing of the past', async () => {
  const [first, second] = [planOf(1, [count]), planOf(2, [count])];
  const driver = new Driver(
    new Map([
      [first.hash, first],
      [second.hash, second],
    ]),
  );
  const readyIn = (outputs: readonly Emitted[]) =>
    outputs.flatMap(({ partition, record: { value } }) =>
      value?.kind === 'definitionsReady' ? [[partition, value.set, value.hash, value.source, value.effectiveMs]] : [],
    );
  expect(readyIn(driver.publish(EPOCH, 1, first.hash))).toEqual([]);
  const records = await driver.backfills();
  const ready = (set: number, hash: string, atMs: number) => [0, 1, 2].map((partition) => [partition, set, hash, 5, atMs]);
  const told = records.map(({ key, value }) => readyIn(driver.step(EPOCH + 1, key, value as never)));
  expect(told).toEqual([ready(1, first.hash, EPOCH + 1)]);
  for (const { key, value } of records) expect(driver.step(EPOCH + 2, key, value as never)).toEqual([]);
  expect(driver.outcomes.at(-1)).toEqual({ kind: 'drop', reason: 'stale-basis' });
  expect(readyIn(driver.publish(EPOCH + 3, 2, second.hash))).toEqual(ready(2, second.hash, EPOCH + 3));
  expect(driver.publish(EPOCH + 4, 2, second.hash)).toEqual([]);
  expect(driver.outcomes.at(-1)).toEqual({ kind: 'drop', reason: 'set-already-seen' });
});
