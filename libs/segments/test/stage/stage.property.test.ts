import { describe, expect, test } from '@jest/globals';
import type { FragmentsRecord } from '@tessera/contracts';
import fc from 'fast-check';
import { membersOf } from '../../src/profile-document.js';
import { Driver } from './driver.js';
import { FragmentsModel } from './fragments-model.js';
import { LATER_RULES, setOf, SLOTS } from './hand-made-set.js';
import { NaiveProfile } from './naive-profile.js';
import { happen, happening, type Happening } from './runs.js';

const SET = setOf(1);
/** Without the slot of the last `a`. */
const LATER = setOf(2, LATER_RULES, SLOTS.slice(0, 2));
const BACK = { ...setOf(3), hash: 'hash-3' };
const run = fc.array(happening, { minLength: 1, maxLength: 40 });
/** After which happenings the next sets come into force. */
const switches = fc.array(fc.nat(40), { maxLength: 2 });

interface Outcome {
  readonly driver: Driver;
  readonly model: FragmentsModel;
  readonly naive: ReadonlyMap<string, NaiveProfile>;
}

function play(
  happenings: readonly Happening[],
  homes: readonly string[],
  evict: boolean,
  switchesAt: readonly number[] = [],
): Outcome {
  const driver = new Driver({ sets: [SET, LATER, BACK], partitions: 2, evict });
  const naive = new Map([...new Set(homes)].map((home) => [home, new NaiveProfile(SET)]));
  const model = new FragmentsModel(driver, homes, (profile, fragment, nowMs, left) => {
    const oracle = naive.get(profile) as NaiveProfile;
    if (left) oracle.left(fragment, nowMs);
    else oracle.told(fragment, nowMs);
  });
  driver.activate(SET, 990);
  const later = [LATER, BACK];
  for (const [i, each] of happenings.entries()) {
    happen(model, each);
    const set = switchesAt.includes(i) ? later.shift() : undefined;
    if (set === undefined) continue;
    model.publish(set.plan.slots.map(({ id }) => id));
    driver.activate(set, model.nowMs);
    for (const oracle of naive.values()) oracle.switchTo(set, model.nowMs);
  }
  model.advance(60);
  for (const oracle of naive.values()) oracle.advanceTo(model.nowMs);
  return { driver, model, naive };
}

const changesOf = (driver: Driver, profile: string): unknown[] =>
  driver
    .of('segment-changes', 'segmentsChanged')
    .filter((record) => record.profile === profile)
    .map(({ effective, changes }) => ({
      effective: Date.parse(effective as string),
      changes: changes.map(({ segment, kind, enteredAt }) => ({ segment, kind, enteredAt: Date.parse(enteredAt as string) })),
    }));

describe('the segments stage', () => {
  test('tells for each cause exactly what a naive recomputation finds, at the same millisecond', () => {
    fc.assert(
      fc.property(run, fc.constantFrom(['p1', 'p2'], ['p1', 'p1', 'p1', 'p2']), switches, (happenings, homes, switchesAt) => {
        const { driver, naive } = play(happenings, homes, false, switchesAt);
        for (const [profile, oracle] of naive) expect(changesOf(driver, profile)).toEqual(oracle.records);
      }),
      { numRuns: 200 },
    );
  });

  test('raises the sequence by exactly one with each record of changes, and no version comes twice', () => {
    fc.assert(
      fc.property(run, switches, (happenings, switchesAt) => {
        const { driver } = play(happenings, ['p1', 'p1', 'p2'], false, switchesAt);
        for (const profile of ['p1', 'p2']) {
          const records = driver.of('segment-changes', 'segmentsChanged').filter((record) => record.profile === profile);
          expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, i) => i + 1));
        }
        const versions = driver.emitted.map(({ topic, key, value, headers }) => {
          const own = value as { generation?: number; offset?: number; index?: number } | null;
          return `${topic} ${key} ${headers?.version ?? `${String(own?.generation)}.${String(own?.offset)}.${String(own?.index)}`}`;
        });
        expect(new Set(versions).size).toBe(versions.length);
      }),
      { numRuns: 60 },
    );
  });

  test('keeps the compacted twin equal to the members in its documents', () => {
    fc.assert(
      fc.property(run, switches, (happenings, switchesAt) => {
        const { driver } = play(happenings, ['p1', 'p1', 'p2'], false, switchesAt);
        const twin = new Map<string, unknown>();
        for (const { topic, key, value } of driver.emitted) {
          if (topic !== 'segment-memberships') continue;
          if (value === null) twin.delete(key);
          else if (value.kind === 'segmentMembership') twin.set(key, Date.parse(value.enteredAt as string));
        }
        const members = ['p1', 'p2'].flatMap((profile) =>
          membersOf(driver.document(profile)).map(
            ({ segment, enteredAtMs }) => [`w/profile/${profile}/${segment}`, enteredAtMs] as const,
          ),
        );
        expect(Object.fromEntries(twin)).toEqual(Object.fromEntries(members));
      }),
      { numRuns: 60 },
    );
  });

  test('is the same to the byte when every document is evicted after every step', () => {
    fc.assert(
      fc.property(run, switches, (happenings, switchesAt) => {
        const kept = play(happenings, ['p1', 'p1', 'p2'], false, switchesAt).driver;
        const evicted = play(happenings, ['p1', 'p1', 'p2'], true, switchesAt).driver;
        expect(JSON.stringify(evicted.emitted)).toBe(JSON.stringify(kept.emitted));
        for (const profile of ['p1', 'p2']) {
          const [a, b] = [kept.document(profile), evicted.document(profile)].map((document) =>
            Buffer.from(kept.stage.encode(document).slice()),
          );
          expect((a as Buffer).equals(b as Buffer)).toBe(true);
          expect(evicted.document(profile).dueMs).toBe(kept.document(profile).dueMs);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('changes nothing when records that it has applied come again', () => {
    fc.assert(
      fc.property(run, fc.nat(), (happenings, from) => {
        const { driver, model } = play(happenings, ['p1', 'p1', 'p2'], false);
        const emitted = driver.emitted.length;
        const before = ['p1', 'p2'].map((profile) => Buffer.from(driver.stage.encode(driver.document(profile)).slice()));
        for (const [i, { log }] of driver.partitions.entries()) {
          const again = log
            .filter(({ value }) => value?.kind === 'fragmentChanged' || value?.kind === 'fragmentDetached')
            .slice(from % (log.length + 1));
          for (const { key, value } of again) {
            expect(driver.append(i, key, value as FragmentsRecord, model.nowMs)).toEqual({
              kind: 'drop',
              reason: 'stale-version',
            });
          }
        }
        expect(driver.emitted).toHaveLength(emitted);
        expect(['p1', 'p2'].map((profile) => Buffer.from(driver.stage.encode(driver.document(profile)).slice()))).toEqual(before);
      }),
      { numRuns: 60 },
    );
  });
});
