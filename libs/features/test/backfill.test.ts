// A definition set that was published late is, once its backfill is merged, as if it had been there from the start: the same
// bytes in every document, the same partials told, the same behaviour from then on.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { NewRecord } from '@tessera/runtime';
import type { FeaturePlan, Slot } from '../src/plan.js';
import { encodeSenderDocument, type SenderDocument } from '../src/sender-document.js';
import { Writer } from '@tessera/codec';
import { changesIn, Driver } from './driver.js';
import { senderKey } from './naive.js';
import { EPOCH, planOf, someSlots, streams, tracked, type Arrival } from './streams.js';
import { View } from './view.js';

/** A definition set, published before the arrival `at`. */
interface Publication {
  readonly at: number;
  readonly slots: readonly Slot[];
  /** Arrivals until its backfill comes; it may come after the next publication. */
  readonly delay: number;
}

describe('a set published late equals one that was there from the start', () => {
  test('whatever sets were before it, however late its backfill comes, evicted or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        streams({ length: 70 }),
        publications(),
        fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
        async (arrivals, sets, evictions) => {
          const plans = plansOf(sets);
          const late = await run(plans, sets, arrivals, evictions);
          const last = plans.at(-1) as FeaturePlan;
          const [{ delay = 0 } = {}] = sets.slice(-1);
          const start = await run([last], [{ at: 0, slots: last.slots, delay: Math.min(delay, 0) }], arrivals, []);
          expect(partialsOf(late, last)).toEqual(partialsOf(start, last));
          // A further set, the same again under another name, lets go of what only the former sets needed.
          await expectSameBytes(late, start, last, sets.length + 1);
        },
      ),
      { numRuns: 70, endOnFailure: true },
    );
  }, 30_000);
});

interface World {
  readonly driver: Driver;
  readonly view: View;
}

function publications(): fc.Arbitrary<readonly Publication[]> {
  const publication = fc.record({
    at: fc.integer({ min: 0, max: 40 }),
    slots: someSlots(8),
    delay: fc.integer({ min: 0, max: 25 }),
    again: fc.boolean(),
  });
  // Sets that share slots, so that states are known, regrouped, dropped and asked for again.
  return fc
    .tuple(fc.oneof(someSlots(2), someSlots(10)), fc.array(publication, { minLength: 1, maxLength: 4 }))
    .map(([common, drawn]) =>
      drawn
        .toSorted((a, b) => a.at - b.at)
        .map(({ slots, again, ...rest }, i) => ({
          ...rest,
          slots: again ? common : i % 2 === 0 ? [...new Set([...slots, ...common])] : slots,
        })),
    );
}

/** Sets that ask for the same have one hash: what was taken back may come again. */
function plansOf(sets: readonly Publication[]): FeaturePlan[] {
  const known = new Map<string, FeaturePlan>();
  return sets.map(({ slots }, i) => {
    const asked = JSON.stringify(slots.map(({ id }) => id).sort());
    const plan = known.get(asked) ?? planOf(i + 1, slots);
    known.set(asked, plan);
    return plan;
  });
}

async function run(
  plans: readonly FeaturePlan[],
  sets: readonly Publication[],
  arrivals: readonly Arrival[],
  evictions: readonly boolean[],
): Promise<World> {
  const driver = new Driver(new Map([...plans, ...plans.map(renamed)].map((plan) => [plan.hash, plan])));
  const view = new View(true);
  const apply = (outputs: ReturnType<Driver['step']>): void => {
    for (const changed of changesIn(outputs)) view.apply(changed);
  };
  const waiting: { at: number; records: NewRecord[] }[] = [];
  let now = EPOCH;
  // Own times are rounded, so that some on both sides of a publication are equal.
  driver.tick(now);
  for (let i = 0; i <= arrivals.length; i++) {
    for (const [s, { at, delay }] of sets.entries()) {
      if (Math.min(at, arrivals.length) !== i) continue;
      apply(driver.publish(now, s + 1, (plans[s] as FeaturePlan).hash));
      const records = await driver.backfills();
      // Said twice, as after a crash.
      if (records.length > 0)
        waiting.push({
          at: Math.min(i + delay, arrivals.length),
          records: [...records.slice(0, 2), ...records, ...records.slice(0, 1)],
        });
    }
    for (const { records } of waiting.filter(({ at }) => at === i))
      for (const { key, value } of records) if (value) apply(driver.step(now, key, value));
    const arrival = arrivals[i];
    if (!arrival) break;
    if (evictions[i % evictions.length]) driver.evict((key) => (key.length + i) % 2 === 0);
    now += arrival.afterMs;
    const { event, lateMs } = arrival;
    apply(
      event
        ? driver.step(now, senderKey(event.sender), { ...event, timeMs: Math.floor((now - lateMs) / 10) * 10 })
        : driver.tick(now),
    );
  }
  return { driver, view };
}

function renamed(plan: FeaturePlan): FeaturePlan {
  return { ...plan, hash: `${plan.hash}-again` };
}

/** What profiles know of the slots of a plan. */
function partialsOf({ view }: World, plan: FeaturePlan): Record<string, unknown> {
  const slots = new Set(plan.slots.map(({ id }) => id));
  const entries = [...view.fragments].map(
    ([fragment, { partials }]) =>
      [fragment, Object.fromEntries(Object.entries(partials).filter(([slot]) => slots.has(slot)))] as const,
  );
  return Object.fromEntries(entries.filter(([, partials]) => Object.keys(partials).length > 0));
}

/** After the same set again every document holds the states of that set and no others. */
async function expectSameBytes(late: World, start: World, last: FeaturePlan, set: number): Promise<void> {
  for (const { driver } of [late, start]) {
    const now = driver.logTimeMs;
    driver.publish(now, set, `${last.hash}-again`);
    expect(await driver.backfills()).toEqual([]);
    // One more event of every sender touches its document; then time passes, window by window.
    for (const key of [...driver.documents.keys()].sort()) {
      const { sender } = driver.documents.get(key) as SenderDocument;
      driver.step(now, key, tracked({ sender, messageId: 'last', messageHash: 999_999, type: 'page', timeMs: now }));
    }
  }
  for (const afterMs of [0, 7, 40, 71, 200]) {
    const [a, b] = [late, start].map(({ driver }) => {
      driver.tick(driver.logTimeMs + afterMs);
      return stateBytes(driver);
    });
    expect(a).toEqual(b);
  }
}

/** The documents, but for which set they were last touched under and backfilled for. */
function stateBytes(driver: Driver): Record<string, string> {
  const writer = new Writer();
  const entries = [...driver.documents]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, document]) => {
      const plain = {
        ...document,
        set: 0,
        backfilledSet: 0,
        fragments: new Map([...document.fragments].map(([id, fragment]) => [id, { ...fragment, told: false, profile: '' }])),
      };
      return [key, Buffer.from(encodeSenderDocument(writer, plain)).toString('hex')];
    });
  return Object.fromEntries(entries) as Record<string, string>;
}
