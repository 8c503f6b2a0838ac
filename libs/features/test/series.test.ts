// Above ENTRIES_MAX entries: old events leave in tiles of 1/512 of the longest window, and the partial says so.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CountPartial, DistinctPartial, ExtremePartial, Partial_, SumPartial, ValuePartial } from '../src/partial.js';
import { DISTINCT_VALUES_MAX } from '../src/kinds/distinct.js';
import type { Aggregate, AggregateSlot } from '../src/plan.js';
import { ENTRIES_MAX, TILES_PER_WINDOW } from '../src/series.js';
import { changesIn, Driver } from './driver.js';
import { senderKey } from './naive.js';
import { AGGREGATES, EPOCH, planOf, tracked } from './streams.js';
import { View } from './view.js';

const LONG = 512_000;
const SHORT = 60_000;
const TILE = LONG / TILES_PER_WINDOW;
const SENDER = 'anonymous_id:d0';
const FRAGMENT = `${SENDER}|spell:0`;

interface Raw {
  readonly ownMs: number;
  readonly value: number | string | undefined;
  readonly id: string;
}

describe('a sender with more events in a window than are kept one by one', () => {
  test('is wrong by less than a tile at the old end, says so, and ends exactly at nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 }), fc.boolean(), (seed, evicted) => {
        const world = busyWorld();
        // Lateness within the window; now and then beyond it.
        fill(world, 7_500, seed, (i) => {
          if (i % 900 !== 0) return;
          if (evicted) world.driver.evict();
          expectWithinATile(world);
        });
        const { n } = partial(world, 'count-long') as CountPartial;
        expect(n).toBeGreaterThan(ENTRIES_MAX);
        const ends = world.driver.logTimeMs + LONG;
        for (let now = world.driver.logTimeMs; now <= ends; now += LONG / 16) {
          apply(world, () => world.driver.tick(now));
          expectWithinATile(world);
        }
        const partials = world.view.fragments.get(FRAGMENT)?.partials ?? {};
        expect(Object.keys(partials).filter((slot) => !slot.endsWith('ever'))).toEqual([]);
        expect(partials['count-ever']).toEqual({ n: world.raw.length });
        expect(world.driver.stage.dueMs([...world.driver.documents.values()][0] as never)).toBe(Infinity);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  }, 30_000);

  test('gives the same outputs and the same bytes whether its document was evicted or not', () => {
    const [kept, evicted] = [busyWorld(), busyWorld()];
    fill(kept, 7_000, 99, () => undefined);
    fill(evicted, 7_000, 99, (i) => {
      if (i % 301 === 0) evicted.driver.evict();
    });
    expect(evicted.driver.bytes()).toEqual(kept.driver.bytes());
    expect(evicted.driver.outputs.length).toBe(kept.driver.outputs.length);
    expect(JSON.stringify(evicted.driver.outputs)).toBe(JSON.stringify(kept.driver.outputs));
  }, 30_000);

  test('costs per event what a quiet one costs, give or take: 20,000 events in their order', () => {
    const world = busyWorld(['count', 'sum', 'max', 'last']);
    const times: number[] = [];
    let began = performance.now();
    fill(world, 20_000, 7, (i) => {
      if ((i + 1) % 5_000 !== 0) return;
      times.push(performance.now() - began);
      began = performance.now();
    });
    // Quadratic would be seven times the first quarter in the last; the machine may be busy with other things.
    expect(times.at(-1) as number).toBeLessThan(Math.max(1_000, 5 * (times[0] as number)));
  }, 30_000);
});

test('above the cap distinct tells the least values, and the next ones when those leave', () => {
  const world = busyWorld(['distinct']);
  const values = Array.from({ length: DISTINCT_VALUES_MAX + 40 }, (_, i) => (i * 613) % (DISTINCT_VALUES_MAX + 40));
  for (const [i, value] of values.entries()) {
    apply(world, () =>
      world.driver.step(
        EPOCH + i,
        senderKey(SENDER),
        tracked({ messageId: `m${String(i)}`, messageHash: i, event: 'A', timeMs: EPOCH + i, properties: { value } }),
      ),
    );
  }
  for (const gone of [0, 1, 39, 40, 41, 500, values.length - 1]) {
    if (gone % 2 === 1) world.driver.evict();
    apply(world, () => world.driver.tick(EPOCH + LONG + gone - 1));
    const left = values.slice(gone).map(String).sort();
    expect(partial(world, 'distinct-long')).toEqual({
      v: left.slice(0, DISTINCT_VALUES_MAX),
      ...(left.length > DISTINCT_VALUES_MAX && { a: true }),
      u: EPOCH + LONG + gone,
    });
  }
  expect(partial(world, 'distinct-ever')).toEqual({ v: values.map(String).sort().slice(0, DISTINCT_VALUES_MAX), a: true });
});

interface World {
  readonly driver: Driver;
  readonly view: View;
  readonly raw: Raw[];
}

function busyWorld(aggregates: readonly Aggregate[] = AGGREGATES): World {
  const slots = aggregates.flatMap((aggregate) => [
    slotOf(aggregate, 'long', LONG),
    slotOf(aggregate, 'short', SHORT),
    slotOf(aggregate, 'ever'),
  ]);
  const plan = planOf(1, slots);
  const driver = new Driver(new Map([[plan.hash, plan]]));
  driver.publish(EPOCH, 1, plan.hash);
  return { driver, view: new View(), raw: [] };
}

function slotOf(aggregate: Aggregate, name: string, windowMs?: number): AggregateSlot {
  const selector = { event: 'A', where: [] };
  return {
    kind: 'aggregate',
    id: `${aggregate}-${name}`,
    selector,
    aggregate,
    ...(aggregate !== 'count' && { of: 'properties.value' }),
    ...(windowMs !== undefined && { windowMs }),
  };
}

function fill(world: World, length: number, seed: number, after: (i: number) => void): void {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  for (let i = 0; i < length; i++) {
    const now = world.driver.logTimeMs + random(90);
    const late = random(20);
    const ownMs = now - (late === 0 ? random(LONG) : late === 1 ? random(SHORT) : random(100));
    const kind = random(10);
    const value = kind === 0 ? undefined : kind === 1 ? `text ${String(random(5))}` : (random(601) - 300) / 10;
    const id = `m${String(random(1_000))}-${String(i)}`;
    world.raw.push({ ownMs, value, id });
    apply(world, () =>
      world.driver.step(
        now,
        senderKey(SENDER),
        tracked({ messageId: id, messageHash: i, event: 'A', timeMs: ownMs, properties: { value } }),
      ),
    );
    after(i);
  }
}

function apply({ view }: World, step: () => ReturnType<Driver['step']>): void {
  for (const changed of changesIn(step())) view.apply(changed);
}

function partial({ view }: World, slot: string): Partial_ | undefined {
  return view.fragments.get(FRAGMENT)?.partials[slot];
}

function expectWithinATile(world: World): void {
  const now = world.driver.logTimeMs;
  for (const [name, windowMs] of [
    ['long', LONG],
    ['short', SHORT],
  ] as const) {
    const inside = world.raw.filter(({ ownMs }) => ownMs > now - windowMs);
    const nearly = world.raw.filter(({ ownMs }) => ownMs > now - windowMs - TILE);
    const [least, most] = [inside, nearly];
    const count = (partial(world, `count-${name}`) as CountPartial | undefined) ?? { n: 0 };
    expect(count.n).toBeGreaterThanOrEqual(least.length);
    expect(count.n).toBeLessThanOrEqual(most.length);
    if (count.n !== least.length) expect(count.a).toBe(true);
    expect(count.u ?? Infinity).toBeGreaterThan(now);

    const numbers = ({ value }: Raw): boolean => typeof value === 'number';
    const sum = (partial(world, `sum-${name}`) as SumPartial | undefined) ?? { n: 0 };
    expect(sum.n).toBeGreaterThanOrEqual(least.filter(numbers).length);
    expect(sum.n).toBeLessThanOrEqual(most.filter(numbers).length);

    const max = (partial(world, `max-${name}`) as ExtremePartial | undefined)?.v ?? -Infinity;
    expect(max).toBeGreaterThanOrEqual(greatest(least));
    expect(max).toBeLessThanOrEqual(greatest(most));

    const distinct = (partial(world, `distinct-${name}`) as DistinctPartial | undefined)?.v ?? [];
    const texts = (raw: readonly Raw[]): Set<string> =>
      new Set(raw.flatMap(({ value }) => (value === undefined ? [] : [JSON.stringify(value)])));
    const [told, possible] = [new Set(distinct), texts(most)];
    expect([...texts(least)].filter((text) => !told.has(text))).toEqual([]);
    expect(distinct.filter((text) => !possible.has(text))).toEqual([]);

    const last = partial(world, `last-${name}`) as ValuePartial | undefined;
    if (last || valued(least).length > 0) expect(last).toMatchObject(stamp(valued(most).at(-1)));
    const first = partial(world, `first-${name}`) as ValuePartial | undefined;
    const earliest = valued(least)[0];
    if (earliest) expect(first?.t).toBeLessThanOrEqual(earliest.ownMs);
    if (first) expect(most.some(({ value, ownMs, id }) => value === first.v && ownMs === first.t && id === first.i)).toBe(true);
  }
}

function valued(raw: readonly Raw[]): Raw[] {
  return raw.filter(({ value }) => value !== undefined).sort((a, b) => a.ownMs - b.ownMs || (a.id < b.id ? -1 : 1));
}

function stamp(raw: Raw | undefined): object {
  return { v: raw?.value, t: raw?.ownMs, i: raw?.id };
}

function greatest(raw: readonly Raw[]): number {
  return raw.reduce((held, { value }) => (typeof value === 'number' && value > held ? value : held), -Infinity);
}
