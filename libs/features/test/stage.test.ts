// The features stage against naive recomputation: at every event, at every moment at which an event leaves a window, and a
// millisecond before it, what profiles were told is what the raw events say.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Slot } from '../src/plan.js';
import { changesIn, Driver, type Emitted } from './driver.js';
import { Naive, senderKey } from './naive.js';
import { EPOCH, planOf, someSlots, streams, type Arrival } from './streams.js';
import { View } from './view.js';

test('what is told is what the raw events say, to the millisecond, whatever is evicted between', async () => {
  await fc.assert(
    fc.asyncProperty(
      streams({ length: 60 }),
      someSlots(14),
      fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
      async (arrivals, slots, evictions) => {
        const driver = await started(slots);
        const world = { driver, naive: new Naive(slots), view: new View(), slots };
        arrivals.forEach((arrival, i) => {
          if (evictions[i % 7]) driver.evict((key) => (key.length + i) % 2 === 0);
          stepAndCheck(world, arrival);
        });
        stepAndCheck(world, { afterMs: 500, lateMs: 0, event: undefined });
      },
    ),
    { numRuns: 80, endOnFailure: true },
  );
}, 30_000);

interface World {
  readonly driver: Driver;
  readonly naive: Naive;
  readonly view: View;
  readonly slots: readonly Slot[];
}

async function started(slots: readonly Slot[]): Promise<Driver> {
  const plan = planOf(1, slots);
  const driver = new Driver(new Map([[plan.hash, plan]]));
  driver.publish(EPOCH, 1, plan.hash);
  for (const { key, value } of await driver.backfills()) if (value) driver.step(EPOCH, key, value);
  return driver;
}

function stepAndCheck({ driver, naive, view, slots }: World, { afterMs, lateMs, event }: Arrival): void {
  const before = driver.logTimeMs;
  const now = before + afterMs;
  const outputs = event
    ? driver.step(now, senderKey(event.sender), { ...event, timeMs: now - lateMs, receivedMs: now })
    : driver.tick(now);
  const changes = changesIn(outputs);
  const expiries = changes.filter(({ reason }) => reason === 'expiry');
  for (const { effectiveMs } of expiries) expect(effectiveMs).toBeGreaterThan(before);

  const moments = new Set([...naive.expiriesBetween(before, now), ...expiries.map(({ effectiveMs }) => effectiveMs)]);
  for (const moment of [...moments].sort((a, b) => a - b)) {
    view.expectPartials(naive, moment - 1);
    for (const changed of expiries) if (changed.effectiveMs === moment) view.apply(changed);
    view.expectPartials(naive, moment);
  }
  if (event) naive.add({ ...event, timeMs: now - lateMs }, now, now);
  for (const changed of changes.filter(({ reason }) => reason === 'event')) {
    expect(changed).toMatchObject({ effectiveMs: now, messageId: event?.messageId, full: !view.fragments.has(changed.fragment) });
    view.apply(changed);
  }
  expect(changes.every(({ reason }) => reason === 'event' || reason === 'expiry')).toBe(true);
  view.expectPartials(naive, now);
  view.expectNextChanges(naive, slots, now);
  expectVersions(outputs);
}

/** Within one cause the outputs of one document are numbered 0, 1, 2 ... */
function expectVersions(outputs: readonly Emitted[]): void {
  const next = new Map<string, number>();
  for (const { offset, ...changed } of changesIn(outputs)) {
    const sender = changed.fragment.slice(0, changed.fragment.indexOf('|'));
    expect({ offset, index: changed.index, generation: changed.generation, source: changed.source }).toEqual({
      offset: outputs[0]?.offset,
      index: next.get(sender) ?? 0,
      generation: 2,
      source: 5,
    });
    next.set(sender, changed.index + 1);
  }
}
