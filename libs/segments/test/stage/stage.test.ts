import { describe, expect, test } from '@jest/globals';
import { keyOf, type FragmentChangedRecord, type FragmentDetachedRecord, type FragmentsRecord } from '@tessera/contracts';
import { RetryableError } from '@tessera/runtime';
import { JOURNAL_MAX } from '../../src/path-pending.js';
import { membersOf, pathOf } from '../../src/profile-document.js';
import { Driver, heldBy } from './driver.js';
import { LATER_RULES, RULES, setOf, SLOTS } from './hand-made-set.js';

/** Without the one that blinks: it would have a part in every timeline. */
const CALM = RULES.filter(({ name }) => name !== 'blinks');
const SET = setOf(1, CALM);
const at = (ms: number): string => new Date(ms).toISOString();

let nextOffset = 0;

function changed(profile: string, more: Partial<FragmentChangedRecord> = {}): FragmentChangedRecord {
  return {
    kind: 'fragmentChanged',
    workspace: 'w',
    profile,
    fragment: 'email:ann@example.com|spell:0',
    source: 0,
    generation: 1,
    offset: (nextOffset += 1),
    index: 0,
    effectiveMs: 1000,
    reason: 'event',
    full: false,
    partials: {},
    traits: {},
    consent: {},
    ...more,
  };
}

function detached(profile: string, toProfile: string, more: Partial<FragmentDetachedRecord> = {}): FragmentDetachedRecord {
  const { fragment, source, generation, offset, index, effectiveMs } = changed(profile);
  return {
    kind: 'fragmentDetached',
    workspace: 'w',
    profile,
    fragment,
    source,
    generation,
    offset,
    index,
    effectiveMs,
    toProfile,
    reason: 'moved',
    ...more,
  };
}

const bought = { partials: { b: { n: 1 } } };
const viewed = (n: number): Partial<FragmentChangedRecord> => ({ partials: { a10: { n, u: 9000 } } });

function started(sets = [SET], clock: 'append' | 'event' = 'append'): Driver {
  const driver = new Driver({ sets, clock });
  driver.activate(sets[0] as typeof SET, 900);
  driver.emitted.length = 0;
  return driver;
}

describe('one cause', () => {
  test('is one record of changes, with a membership for each, all under versions of its offset', () => {
    const driver = started();
    driver.tell('p', changed('p', { ...bought, messageId: 'm1', offset: 77, source: 1 }), 1000);
    const offset = (driver.partitions[0]?.log.length ?? 0) - 1;
    const version = { generation: 1, offset };
    expect(driver.emitted.map(({ topic, key, value }) => ({ topic, key, value }))).toEqual([
      {
        topic: 'segment-changes',
        key: 'w/profile/p',
        value: {
          kind: 'segmentsChanged',
          workspace: 'w',
          profile: 'p',
          sequence: 1,
          ...version,
          index: 0,
          effective: at(1000),
          evaluated: at(1000),
          cause: { topic: 'events', partition: 1, offset: 77, messageId: 'm1' },
          changes: ['buyer', 'perhaps-pro', 'not-both'].map((segment) => ({
            segment,
            kind: 'entered',
            reason: 'conditions',
            enteredAt: at(1000),
            pending: false,
          })),
          definitionSet: 1,
        },
      },
      ...['buyer', 'perhaps-pro', 'not-both'].map((segment, i) => ({
        topic: 'segment-memberships',
        key: `w/profile/p/${segment}`,
        value: {
          kind: 'segmentMembership',
          workspace: 'w',
          profile: 'p',
          segment,
          enteredAt: at(1000),
          sequence: 1,
          ...version,
          index: i + 1,
          effective: at(1000),
          pending: false,
        },
      })),
      {
        topic: 'profile-features',
        key: 'w/profile/p',
        value: {
          kind: 'profileFeatures',
          workspace: 'w',
          profile: 'p',
          ...version,
          index: 4,
          asOf: at(1000),
          features: { 'a-count': 0 },
          traits: {},
          approximate: [],
          consent: {},
        },
      },
    ]);
  });

  test('that ends a membership leaves a tombstone which carries its version and its sequence', () => {
    const driver = started();
    driver.tell('p', changed('p', viewed(2)), 1000);
    driver.emitted.length = 0;
    driver.tell('p', changed('p', { ...viewed(1), reason: 'expiry', effectiveMs: 1004 }), 1005);
    const [change] = driver.of('segment-changes', 'segmentsChanged');
    expect(change).toMatchObject({ sequence: 2, effective: at(1004), evaluated: at(1005) });
    expect(change?.changes).toEqual([
      { segment: 'active', kind: 'exited', reason: 'expiry', enteredAt: at(1000), pending: false },
    ]);
    const tombstone = driver.emitted.find(({ topic }) => topic === 'segment-memberships');
    expect(tombstone).toMatchObject({
      key: 'w/profile/p/active',
      value: null,
      headers: { version: `1.${String(change?.offset)}.1`, sequence: '2' },
      timeMs: 1004,
    });
  });

  test('says why: time alone is `expiry`, a deadline that was waited for is `stability`', () => {
    const driver = started();
    driver.tell('p', changed('p', { partials: { a10: { n: 1, u: 9000 }, lastA: { v: 'x', t: 1000, i: 'm' } } }), 1000);
    driver.control(0, { kind: 'tick', closing: false, source: -1, effectiveMs: 0 }, 1020);
    const reasons = driver.of('segment-changes', 'segmentsChanged').map(({ effective, evaluated, cause, changes }) => ({
      effective,
      evaluated,
      topic: cause?.topic,
      changes: changes.map(({ segment, reason }) => `${segment}: ${reason}`),
    }));
    expect(reasons).toEqual([
      { effective: at(1000), evaluated: at(1000), topic: 'events', changes: ['perhaps-pro: conditions'] },
      { effective: at(1007), evaluated: at(1020), topic: 'fragments', changes: ['steady: stability'] },
      { effective: at(1015), evaluated: at(1020), topic: 'fragments', changes: ['silent: expiry'] },
    ]);
  });
});

describe('features', () => {
  test('are told when a value, a published trait or a choice changes, and not otherwise', () => {
    const driver = started();
    const told = (): unknown[] =>
      driver
        .of('profile-features', 'profileFeatures')
        .splice(0)
        .map(({ features, traits, consent }) => ({ features, traits, consent }));
    driver.tell('p', changed('p', viewed(1)), 1000);
    driver.tell('p', changed('p', { partials: { a10: { n: 1, u: 9500 } } }), 1001);
    driver.tell('p', changed('p', bought), 1002);
    driver.tell('p', changed('p', { traits: { color: { value: 'red', timeMs: 1002, messageId: 'm' } } }), 1002);
    expect(told()).toEqual([{ features: { 'a-count': 1 }, traits: {}, consent: {} }]);
    driver.emitted.length = 0;
    const address = { country: 'CA' };
    const features = { 'a-count': 1, country: 'CA' };
    driver.tell('p', changed('p', { traits: { address: { value: address, timeMs: 1003, messageId: 'm' } } }), 1003);
    driver.tell('p', changed('p', { traits: { plan: { value: 'pro', timeMs: 1004, messageId: 'm' } } }), 1004);
    driver.tell('p', changed('p', { consent: { ads: { granted: false, timeMs: 1005 } } }), 1005);
    expect(told()).toEqual([
      { features, traits: { address }, consent: {} },
      { features, traits: { plan: 'pro', address }, consent: {} },
      { features, traits: { plan: 'pro', address }, consent: { ads: false } },
    ]);
  });
});

describe('a merge', () => {
  const told = (driver: Driver) =>
    driver.of('segment-changes', 'segmentsChanged').map(({ profile, sequence, changes }) => ({ profile, sequence, changes }));

  test('ends every membership of the profile that empties, and says into whom; the heir says from whom', () => {
    const driver = started();
    driver.tell('p', changed('p', bought), 1000);
    driver.emitted.length = 0;
    driver.tell('p', detached('p', 'q', { offset: 500, index: 0 }), 1010);
    driver.tell(
      'q',
      changed('q', { ...bought, offset: 500, index: 1, full: true, reason: 'moved', fromProfile: 'p', effectiveMs: 1010 }),
      1010,
    );
    const change = (segment: string, kind: string, enteredAt: number, more: object): object => ({
      segment,
      kind,
      reason: 'merged',
      enteredAt: at(enteredAt),
      pending: false,
      ...more,
    });
    expect(told(driver)).toEqual([
      {
        profile: 'p',
        sequence: 2,
        changes: ['buyer', 'not-both', 'perhaps-pro'].map((name) => change(name, 'exited', 1000, { mergedInto: 'q' })),
      },
      {
        profile: 'q',
        sequence: 1,
        changes: ['buyer', 'perhaps-pro', 'not-both'].map((name) => change(name, 'entered', 1010, { mergedFrom: 'p' })),
      },
    ]);
    const features = driver.emitted
      .filter(({ topic }) => topic === 'profile-features')
      .map(({ key, value }) => [key, value === null]);
    expect(features).toEqual([
      ['w/profile/p', true],
      ['w/profile/q', false],
    ]);
  });

  test('leaves a tombstone without personal data, that remembers versions and the sequence', () => {
    const driver = started();
    driver.tell('p', changed('p', { traits: { name: { value: 'Ann', timeMs: 1, messageId: 'm' } }, offset: 600 }), 1000);
    driver.tell('p', detached('p', 'q', { offset: 601 }), 1010);
    const document = driver.document('p');
    expect(document).toMatchObject({ sequence: 2, set: 0, hash: '', published: 0, dueMs: Infinity, pending: undefined });
    expect(document.fragments.length + membersOf(document).length).toBe(0);
    expect(Buffer.from(driver.stage.encode(document)).toString('latin1')).not.toMatch(/ann|Ann|example/);
    expect(driver.tell('p', changed('p', { offset: 600, index: 9 }), 1011)).toEqual({ kind: 'drop', reason: 'stale-version' });
    expect(driver.tell('p', changed('p', { ...bought, offset: 602, full: true }), 1012)).toEqual({ kind: 'applied' });
    expect(driver.of('segment-changes', 'segmentsChanged').at(-1)).toMatchObject({ profile: 'p', sequence: 3 });
    expect(driver.document('p').departed).toBeUndefined();
  });

  test('that takes one of several fragments evaluates what is left, with reason `merged`', () => {
    const driver = started();
    const other = { fragment: 'anonymous_id:d9|spell:0' };
    driver.tell('p', changed('p', { ...bought, ...other }), 1000);
    driver.tell('p', changed('p', viewed(2)), 1001);
    driver.emitted.length = 0;
    driver.tell('p', detached('p', 'q', other), 1002);
    expect(
      told(driver)[0]?.changes.map(({ segment, kind, reason, mergedInto }) => ({ segment, kind, reason, mergedInto })),
    ).toEqual([{ segment: 'buyer', kind: 'exited', reason: 'merged', mergedInto: undefined }]);
    expect(pathOf(driver.document('p'), 'not-both')).toMatchObject({ member: true, deadlineMs: 1003 });
  });
});

describe('an un-merge', () => {
  test('gives value memberships at once and flagged, and the path when it is restored', async () => {
    const driver = started();
    driver.tell('p', changed('p', { ...viewed(1), offset: 700 }), 1000);
    driver.tell('p', detached('p', 'q', { offset: 701, effectiveMs: 1002 }), 1002);
    driver.tell(
      'q',
      changed('q', { ...viewed(1), offset: 701, index: 1, full: true, reason: 'moved', fromProfile: 'p', effectiveMs: 1002 }),
      1002,
    );
    driver.tell('q', detached('q', 'p', { offset: 702, effectiveMs: 1004, reason: 'unlinked' }), 1004);
    driver.emitted.length = 0;
    driver.tell(
      'p',
      changed('p', { ...viewed(1), offset: 702, index: 1, full: true, reason: 'unlinked', fromProfile: 'q', effectiveMs: 1004 }),
      1004,
    );
    const told = () => driver.of('segment-changes', 'segmentsChanged').map(({ changes, effective }) => ({ effective, changes }));
    const entered = { kind: 'entered', enteredAt: at(1004), reason: 'unlinked', pending: true };
    expect(told()).toEqual([
      {
        effective: at(1004),
        changes: [
          { segment: 'perhaps-pro', ...entered },
          { segment: 'steady', ...entered },
        ],
      },
    ]);
    driver.emitted.length = 0;
    expect(await driver.runJobs(1005)).toBe(1);
    expect(told()).toEqual([
      {
        effective: at(1004),
        changes: [
          { segment: 'perhaps-pro', kind: 'updated', reason: 'restored', enteredAt: at(1000), pending: false },
          { segment: 'steady', kind: 'exited', reason: 'restored', enteredAt: at(1004), pending: false },
        ],
      },
    ]);
    driver.control(0, { kind: 'tick', closing: false, source: -1, effectiveMs: 0 }, 1010);
    expect(pathOf(driver.document('p'), 'steady')).toMatchObject({ member: true, enteredAtMs: 1007 });
  });

  test('makes every membership its verdict at once, also those that were waiting and that nothing touched', () => {
    const driver = started();
    const other = { fragment: 'anonymous_id:d9|spell:0' };
    driver.tell('p', changed('p', { ...bought, ...other }), 1000);
    driver.tell('p', changed('p', viewed(1)), 1001);
    driver.emitted.length = 0;
    driver.tell('p', detached('p', 'q', { ...other, reason: 'unlinked', effectiveMs: 1003 }), 1003);
    const [change] = driver.of('segment-changes', 'segmentsChanged');
    expect(change?.changes.map(({ segment, kind, pending }) => `${segment} ${kind} ${String(pending)}`)).toEqual([
      'buyer exited true',
      'steady entered true',
      'not-both exited true',
      'perhaps-pro updated true',
    ]);
  });

  test('folds fragments of several sources in the order of what they told', async () => {
    const driver = started();
    const other = { fragment: 'anonymous_id:d9|spell:0', source: 1 };
    driver.tell('p', changed('p', { ...viewed(1), ...other, offset: 9_000 }), 1000);
    driver.tell('p', changed('p', { ...viewed(1), effectiveMs: 1003 }), 1003);
    driver.tell('p', changed('p', { partials: { a10: null }, ...other, offset: 9_001, effectiveMs: 1005 }), 1005);
    driver.tell('p', changed('p', { ...bought, fragment: 'x', reason: 'unlinked', full: true, effectiveMs: 1020 }), 1020);
    await driver.runJobs(1021);
    expect(pathOf(driver.document('p'), 'steady')).toMatchObject({ member: true, enteredAtMs: 1007 });
  });

  test('waits for the departure that belongs to an arrival: the history may not be all there yet', async () => {
    const driver = started();
    driver.tell('p', changed('p', { ...bought, offset: 801, index: 1, full: true, reason: 'unlinked', fromProfile: 'q' }), 1001);
    await expect(driver.runJobs(1002)).rejects.toThrow(RetryableError);
    driver.tell('q', detached('q', 'p', { offset: 801, reason: 'unlinked' }), 1003);
    expect(await driver.runJobs(1004)).toBe(1);
    expect(driver.document('p').pending).toBeUndefined();
  });

  test('folds once: a result that is in the log already is not told again', async () => {
    const driver = started();
    driver.tell('p', changed('p', { ...bought, reason: 'unlinked', full: true }), 1001);
    const { pending } = driver.document('p');
    const job = driver.stage.documentJob?.(driver.document('p'), keyOf('w', 'profile', 'p'));
    expect(await driver.runJobs(1002)).toBe(1);
    expect(pending?.job).toBe(job);
    expect(await driver.recordsOf(0, job as NonNullable<typeof job>)).toEqual([]);
  });

  test('moves the basis on when the definition set changes, and drops the result of the former fold', async () => {
    const later = setOf(2, LATER_RULES);
    const driver = started([SET, later]);
    driver.tell('p', changed('p', { ...viewed(1), reason: 'unlinked', full: true }), 1000);
    const stale = await driver.prepareJobs();
    driver.activate(later, 1001);
    driver.deliver(stale, 1002);
    expect(driver.outcomes.at(-1)).toEqual({ kind: 'drop', reason: 'stale-basis' });
    expect(await driver.runJobs(1003)).toBe(1);
    expect(driver.document('p').pending).toBeUndefined();
    expect(pathOf(driver.document('p'), 'steady')).toMatchObject({ member: true, enteredAtMs: 1003 });
  });

  test('moves the basis on when more has come since than the journal holds', async () => {
    const driver = started();
    driver.tell('p', changed('p', { ...viewed(1), reason: 'unlinked', full: true }), 1000);
    const stale = await driver.prepareJobs();
    for (let i = 1; i <= JOURNAL_MAX; i++) driver.tell('p', changed('p', { ...bought, effectiveMs: 1000 + i }), 1000 + i);
    const basis = (driver.partitions[0]?.log.length ?? 0) - 1;
    expect(driver.document('p').pending).toMatchObject({ basis, journal: [] });
    driver.deliver(stale, 6000);
    expect(driver.outcomes.at(-1)).toEqual({ kind: 'drop', reason: 'stale-basis' });
    await driver.runJobs(6001);
    expect(driver.document('p').pending).toBeUndefined();
    expect(pathOf(driver.document('p'), 'steady')).toMatchObject({ member: true, enteredAtMs: 1007 });
  });

  test('trusts present values where the folded history is older than what is kept', async () => {
    const driver = started();
    driver.tell('p', changed('p', { ...bought, fragment: 'anonymous_id:d9|spell:0' }), 1000);
    driver.tell('p', changed('p', { ...viewed(2), reason: 'unlinked', full: true }), 1001);
    const log = driver.partitions[0]?.log as { value: FragmentsRecord | null }[];
    const lost = log.findIndex(({ value }) => value?.kind === 'fragmentChanged');
    const job = driver.stage.documentJob?.(driver.document('p'), keyOf('w', 'profile', 'p'));
    const [{ value: kept }] = [log[lost] as { value: FragmentsRecord | null }];
    (log[lost] as { value: FragmentsRecord | null }).value = { kind: 'tick', closing: false, source: -1, effectiveMs: 0 };
    const records = await driver.recordsOf(0, job as NonNullable<typeof job>);
    (log[lost] as { value: FragmentsRecord | null }).value = kept;
    driver.deliver([{ partition: 0, records }], 1002);
    expect(pathOf(driver.document('p'), 'buyer')).toMatchObject({ member: true });
  });
});

describe('definitions', () => {
  test('are not evaluated before a set is active; then everybody is, also those who sleep', () => {
    const driver = new Driver({ sets: [SET], sources: 2 });
    driver.tell('p', changed('p', bought), 1000);
    driver.tell('p', changed('p', { ...bought, fragment: 'anonymous_id:d9|spell:0' }), 1000);
    const ready = (source: number) =>
      ({ kind: 'definitionsReady', workspace: 'w', set: 1, hash: 'hash-1', source, effectiveMs: 990 }) as const;
    expect(driver.control(0, ready(0), 1001)).toEqual({ kind: 'applied' });
    expect(driver.control(0, ready(0), 1002)).toEqual({ kind: 'duplicate' });
    expect(driver.emitted).toEqual([]);
    expect(driver.control(0, ready(1), 1003)).toEqual({ kind: 'applied' });
    expect(driver.control(0, ready(1), 1004)).toEqual({ kind: 'drop', reason: 'set-already-seen' });
    const [activated] = driver.of('definitions', 'definitionsActivated');
    expect(activated).toEqual({
      kind: 'definitionsActivated',
      workspace: 'w',
      set: 1,
      hash: 'hash-1',
      partition: 0,
      effectiveMs: 1003,
    });
    const [change] = driver.of('segment-changes', 'segmentsChanged');
    expect(change).toMatchObject({ effective: at(1003), cause: { topic: 'fragments', offset: 4 }, definitionSet: 1 });
    expect(change?.changes.map(({ segment, reason }) => `${segment} ${reason}`)).toEqual([
      'buyer definitions',
      'perhaps-pro definitions',
      'not-both definitions',
    ]);
  });

  test('that are edited emit their exits, keep the path of what stays, and forget slots that nobody keeps', () => {
    const later = setOf(2, LATER_RULES, SLOTS.slice(0, 2));
    const driver = started([SET, later]);
    driver.tell(
      'p',
      changed('p', { partials: { a10: { n: 1, u: 9000 }, b: { n: 1 }, lastA: { v: 'x', t: 1000, i: 'm' } } }),
      1000,
    );
    driver.emitted.length = 0;
    driver.activate(later, 1005);
    expect(
      driver
        .of('segment-changes', 'segmentsChanged')
        .map(({ changes }) => changes.map(({ segment, kind }) => `${segment} ${kind}`)),
    ).toEqual([['buyer exited', 'not-both exited', 'active entered', 'steady entered', 'both entered']]);
    expect(pathOf(driver.document('p'), 'perhaps-pro')).toMatchObject({ member: true, enteredAtMs: 1000 });
    expect(heldBy(driver.document('p'))).toEqual([{ a10: { n: 1, u: 9000 }, b: { n: 1 } }]);
  });

  test('forget a slot that none of two later sets asks for', () => {
    const [second, third] = [setOf(2, LATER_RULES, SLOTS.slice(0, 2)), setOf(3, LATER_RULES, SLOTS.slice(0, 2))];
    const driver = started([SET, second, third]);
    driver.activate(second, 1000);
    driver.tell('p', changed('p', { partials: { lastA: { v: 'x', t: 1, i: 'm' }, b: { n: 1 } } }), 1001);
    driver.activate(third, 1002);
    expect(heldBy(driver.document('p'))).toEqual([{ b: { n: 1 } }]);
  });

  test('that follow each other closely lose no value, and none comes back from before', () => {
    const [second, third] = [setOf(2, LATER_RULES, SLOTS.slice(0, 2)), setOf(3, RULES, SLOTS)];
    const driver = started([SET, second, third]);
    const last = (t: number) => ({ partials: { lastA: { v: 'x', t, i: 'm' } } });
    const other = { fragment: 'anonymous_id:d9|spell:0', source: 1 };
    driver.tell('p', changed('p', last(990)), 1000);
    driver.tell('p', changed('p', { ...last(980), ...other }), 1000);
    const ready = (set: number, source: number): void => {
      driver.control(
        0,
        { kind: 'definitionsReady', workspace: 'w', set, hash: `hash-${String(set)}`, source, effectiveMs: 1001 },
        1001,
      );
    };
    ready(2, 0);
    driver.tell('p', changed('p', { ...last(999), reason: 'definitions' }), 1001);
    ready(3, 0);
    ready(2, 1);
    const kept = (): unknown[] => heldBy(driver.document('p')).map(({ lastA }) => lastA);
    expect(kept()).toEqual([undefined, { v: 'x', t: 999, i: 'm' }]);
    ready(3, 1);
    expect(kept()).toEqual([undefined, { v: 'x', t: 999, i: 'm' }]);
    expect(driver.document('p').set).toBe(3);
    expect(driver.document('p').fragments.map(({ early }) => early)).toEqual([undefined, undefined]);
  });
});

describe('a record', () => {
  test('that tells everything ends what it does not name', () => {
    const driver = started();
    const partials = { a10: { n: 2, u: 9000 }, b: { n: 1 } };
    const plan = { value: 'pro', timeMs: 1, messageId: 'm' };
    driver.tell('p', changed('p', { partials, traits: { plan }, consent: { ads: { granted: true, timeMs: 1 } } }), 1000);
    driver.tell('p', changed('p', { ...bought, reason: 'backfill', full: true }), 1001);
    const [, change] = driver.of('segment-changes', 'segmentsChanged');
    expect(change?.changes.map(({ segment, kind, reason }) => `${segment} ${kind} ${reason}`)).toEqual([
      'active exited definitions',
      'pro exited definitions',
    ]);
    const told = driver.of('profile-features', 'profileFeatures').at(-1);
    expect(told).toMatchObject({ features: { 'a-count': 0 }, traits: {}, consent: {} });
  });
});

describe('with an event clock', () => {
  test('a person gets the same changes whatever the other sources tell in between, and time ends with the closing ticks', () => {
    const timelines = [false, true].map((crowded) => {
      const driver = started([SET], 'event');
      const crowd = (ms: number): void => {
        if (crowded) driver.tell('x', changed('x', { fragment: 'x', source: 1, effectiveMs: ms }), ms);
      };
      crowd(5000);
      driver.tell('p', changed('p', { partials: { a10: { n: 1, u: 1010 } } }), 1000);
      crowd(6000);
      driver.tell('p', changed('p', { partials: { a10: null }, reason: 'expiry', effectiveMs: 1010 }), 1010);
      driver.control(0, { kind: 'tick', closing: true, source: 1, effectiveMs: 7000 }, 7000);
      expect(pathOf(driver.document('p'), 'steady')?.member).toBe(true);
      driver.control(0, { kind: 'tick', closing: true, source: 0, effectiveMs: 7000 }, 7000);
      return driver
        .of('segment-changes', 'segmentsChanged')
        .filter(({ profile }) => profile === 'p')
        .map(({ effective, changes }) => ({ effective, changes }));
    });
    expect(timelines[0]).toEqual(timelines[1]);
    expect(
      timelines[0]?.map(({ effective, changes }) => [effective, ...changes.map(({ segment, kind }) => `${segment} ${kind}`)]),
    ).toEqual([
      [at(1000), 'perhaps-pro entered'],
      [at(1007), 'steady entered'],
      [at(1014), 'steady exited'],
    ]);
  });

  test('a set is in force from its latest announcement on, wherever that stands among the records', () => {
    const results = [false, true].map((late) => {
      const driver = new Driver({ sets: [SET], clock: 'event' });
      const ready = (source: number, effectiveMs: number): void => {
        driver.control(0, { kind: 'definitionsReady', workspace: 'w', set: 1, hash: 'hash-1', source, effectiveMs }, effectiveMs);
      };
      ready(0, late ? 900 : 1200);
      if (!late) ready(1, 900);
      driver.tell('p', changed('p', bought), 1000);
      if (late) ready(1, 1200);
      return pathOf(driver.document('p'), 'buyer');
    });
    expect(results).toEqual([
      expect.objectContaining({ member: true, enteredAtMs: 1200 }),
      expect.objectContaining({ member: true, enteredAtMs: 1200 }),
    ]);
  });

  test('timers that were due before another set came into force fire under the former one', () => {
    const later = setOf(
      2,
      CALM.filter(({ name }) => name !== 'steady' && name !== 'both' && name !== 'not-both'),
    );
    const driver = started([SET, later], 'event');
    driver.tell('p', changed('p', { partials: { a10: { n: 1, u: 9000 } } }), 1000);
    driver.activate(later, 1100);
    const told = driver
      .of('segment-changes', 'segmentsChanged')
      .map(({ effective, changes }) => [
        effective,
        ...changes.map(({ segment, kind, reason }) => `${segment} ${kind} ${reason}`),
      ]);
    expect(told).toEqual([
      [at(1000), 'perhaps-pro entered conditions'],
      [at(1007), 'steady entered stability'],
      [at(1100), 'steady exited definitions'],
    ]);
  });
});
