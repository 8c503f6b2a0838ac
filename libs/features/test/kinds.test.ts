// The monoid laws of every kind, and its values against a naive recomputation over the events of all fragments together.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergePartials, readerOf, valueOf } from '../src/kind-registry.js';
import { DISTINCT_VALUES_MAX } from '../src/kinds/distinct.js';
import { TRAIL_EVENTS_MAX } from '../src/kinds/trail.js';
import type { Decimal, Partial_, TrailPartial } from '../src/partial.js';
import type { Aggregate, AggregateSlot, Slot, TrailSlot } from '../src/plan.js';
import { isNearest, plus, shownBy, type Rational } from './rational.js';

type Value = string | number | boolean;

/** An event as a fragment's owner sees it; `untilMs` is when it leaves the window, if it ever does. */
interface Raw {
  readonly timeMs: number;
  readonly messageId: string;
  readonly value: Value;
  readonly mask: number;
  readonly untilMs: number;
  /** The partial it is in says `approximate`. */
  readonly tiled: boolean;
}

const selector = { event: 'Order Completed', where: [] };
const slots: readonly Slot[] = [
  ...(['count', 'sum', 'mean', 'min', 'max', 'first', 'last', 'distinct'] as const).map(aggregate),
  { kind: 'trail', id: 'trail', selectors: [selector, selector, selector] } satisfies TrailSlot,
];

// Few times, ids and values: ties must happen.
const amount = fc.oneof(
  fc.integer({ min: -300, max: 300 }).map((cents) => cents / 100),
  fc.constantFrom(0.1, 0.2, 1e-7, 12345678.9, 2 ** 53, -(2 ** 60)),
);
const word = fc.oneof(
  fc.constantFrom<Value>('a', 'b', '1', 'true', '', 'Ä', '😀', true, false),
  fc.integer({ min: -2, max: 2 }).map((number) => number + 0),
);

function fragmentsOf(slot: Slot): fc.Arbitrary<readonly (readonly Raw[])[]> {
  const raw: fc.Arbitrary<Raw> = fc.record({
    timeMs: fc.integer({ min: 0, max: 4 }),
    messageId: fc.constantFrom('m1', 'm2', 'm3', 'm4', 'm5'),
    value: isNumeric(slot) ? amount : word,
    mask: fc.integer({ min: 1, max: 7 }),
    untilMs: fc.oneof(fc.integer({ min: 10, max: 20 }), fc.constant(Infinity)),
    tiled: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  });
  // A sender's message ids are its own: duplicates are gone before a kind sees them.
  return fc.array(fc.uniqueArray(raw, { minLength: 1, maxLength: 5, selector: ({ messageId }) => messageId }), { maxLength: 5 });
}

describe.each(slots.map((slot) => [slot.id, slot] as const))('%s', (_, slot) => {
  const fragments = fragmentsOf(slot);
  const partials = fragments.map((all) => all.map((events) => frozen(partialOf(slot, events))));

  test('no partial is the identity, and one is its own merge', () => {
    expect(mergePartials(slot, [])).toBeUndefined();
    fc.assert(
      fc.property(partials, (all) => {
        for (const one of all) expect(mergePartials(slot, [one])).toBe(one);
      }),
    );
  });

  test('merges are equal to the byte in any order', () => {
    fc.assert(
      fc.property(
        partials.chain((all) => fc.tuple(fc.constant(all), shuffled(all))),
        ([all, others]) => {
          expectSame(mergePartials(slot, others), mergePartials(slot, all));
        },
      ),
    );
  });

  test('merges are equal to the byte in any grouping', () => {
    fc.assert(
      fc.property(partials, fc.nat({ max: 5 }), (all, cut) => {
        const parts = [mergePartials(slot, all.slice(0, cut)), mergePartials(slot, all.slice(cut))].filter(
          (part) => part !== undefined,
        );
        expectSame(mergePartials(slot, parts), mergePartials(slot, all));
      }),
    );
  });

  test('the merge is the partial of all events together, and is read as they are', () => {
    fc.assert(
      fc.property(fragments, (all) => {
        const merged = mergePartials(
          slot,
          all.map((events) => frozen(partialOf(slot, events))),
        );
        const union = all.flat();
        expectSame(merged, union.length === 0 ? undefined : partialOf(slot, union));
        const { value, approximate, nextChangeMs } = valueOf(slot, merged);
        expectValue(slot, value, union);
        expect(approximate).toBe(union.some(({ tiled }) => tiled));
        expect(nextChangeMs).toBe(Math.min(Infinity, ...union.map(({ untilMs }) => untilMs)));
        if (slot.kind === 'aggregate') expect(readerOf(slot)(merged)).toBe(value);
      }),
      { numRuns: 150 },
    );
  });
});

test.each<[Aggregate, Value | undefined]>([
  ['count', 0],
  ['sum', 0],
  ['distinct', 0],
  ['mean', undefined],
  ['min', undefined],
  ['max', undefined],
  ['first', undefined],
  ['last', undefined],
])('%s over no events is %p', (name, value) => {
  expect(valueOf(aggregate(name), undefined)).toStrictEqual({ value, approximate: false, nextChangeMs: Infinity });
  expect(readerOf(aggregate(name))(undefined)).toBe(value);
});

test('a trail over no events has no value', () => {
  expect(valueOf(slots.at(-1) as Slot, undefined)).toStrictEqual({
    value: undefined,
    approximate: false,
    nextChangeMs: Infinity,
  });
});

test('a sum and a mean of three fragments do not show binary fractions', () => {
  const tenths: Partial_[] = [1, 2, 3].map((tenth) => ({ s: [tenth, 1], n: 1 }));
  expect(valueOf(aggregate('sum'), mergePartials(aggregate('sum'), tenths)).value).toBe(0.6);
  expect(valueOf(aggregate('mean'), mergePartials(aggregate('mean'), tenths)).value).toBe(0.2);
});

describe('above its cap', () => {
  const size = (cap: number) => fc.integer({ min: Math.floor(cap / 4), max: cap });
  const three = (cap: number) => fc.tuple(size(cap), size(cap), size(cap));
  const bounded = { numRuns: 20 };

  test('distinct keeps the least values, in any order and grouping, and says approximate', () => {
    const slot = aggregate('distinct');
    fc.assert(
      fc.property(three(DISTINCT_VALUES_MAX), fc.integer({ min: 1, max: 4 }), (sizes, overlap) => {
        const lists = sizes.map((length, list) =>
          Array.from({ length }, (_, i) => `"v${String((i * 7 + list * 500 * overlap) % 4_000)}"`),
        );
        const all = [...new Set(lists.flat())].sort();
        const merged = expectOrderFree(
          slot,
          lists.map((v) => ({ v: [...new Set(v)].sort() })),
        );
        const cut = all.length > DISTINCT_VALUES_MAX;
        expect(merged).toStrictEqual({ v: all.slice(0, DISTINCT_VALUES_MAX), ...(cut && { a: true }) });
        expect(valueOf(slot, merged)).toMatchObject({ value: Math.min(all.length, DISTINCT_VALUES_MAX), approximate: cut });
      }),
      bounded,
    );
  });

  test('a trail keeps the newest events, in any order and grouping, and says approximate', () => {
    const slot = slots.at(-1) as Slot;
    fc.assert(
      fc.property(three(TRAIL_EVENTS_MAX), (sizes) => {
        const lists = sizes.map((length, list) =>
          Array.from({ length }, (_, i) => [(i * 37) % 91, `m${String((i * 13 + list) % 700)}`, 1 + (i % 7)] as const).sort(
            byOrder,
          ),
        );
        const all = lists.flat().sort(byOrder);
        const merged = expectOrderFree(
          slot,
          lists.map((e) => ({ e })),
        );
        const cut = all.length > TRAIL_EVENTS_MAX;
        expect(merged).toStrictEqual({ e: all.slice(-TRAIL_EVENTS_MAX), ...(cut && { a: true }) });
        expect(valueOf(slot, merged).approximate).toBe(cut);
      }),
      bounded,
    );
  });

  test('what was cut before a merge is still said after it', () => {
    expect(mergePartials(aggregate('distinct'), [{ v: ['1'] }, { v: ['2'], a: true, u: 7 }])).toStrictEqual({
      v: ['1', '2'],
      a: true,
      u: 7,
    });
    expect(mergePartials(slots.at(-1) as Slot, [{ e: [[1, 'm', 1]], a: true, u: 9 }, { e: [[0, 'n', 1]] }])).toStrictEqual({
      e: [
        [0, 'n', 1],
        [1, 'm', 1],
      ],
      a: true,
      u: 9,
    });
  });
});

/** The partial of these events, by definition. */
function partialOf(slot: Slot, events: readonly Raw[]): Partial_ {
  const soonest = Math.min(...events.map(({ untilMs }) => untilMs));
  const u = { ...(events.some(({ tiled }) => tiled) && { a: true as const }), ...(soonest !== Infinity && { u: soonest }) };
  const numbers = events.map(({ value }) => value as number);
  const ordered = events.toSorted(
    (a, b) => a.timeMs - b.timeMs || order(a.messageId, b.messageId) || order(JSON.stringify(a.value), JSON.stringify(b.value)),
  );
  switch (slot.kind === 'trail' ? 'trail' : slot.aggregate) {
    case 'count':
      return { n: events.length, ...u };
    case 'sum':
    case 'mean':
      return { s: decimalFrom(numbers.map(shownBy).reduce(plus)), n: events.length, ...u };
    case 'min':
      return { v: numbers.toSorted((a, b) => a - b)[0] as number, ...u };
    case 'max':
      return { v: numbers.toSorted((a, b) => b - a)[0] as number, ...u };
    case 'first':
      return { ...stamp(ordered[0] as Raw), ...u };
    case 'last':
      return { ...stamp(ordered.at(-1) as Raw), ...u };
    case 'distinct':
      return { v: [...new Set(events.map(({ value }) => JSON.stringify(value)))].sort(), ...u };
    case 'trail':
      return { e: events.map(({ timeMs, messageId, mask }) => [timeMs, messageId, mask] as const).toSorted(byOrder), ...u };
  }
}

function expectValue(slot: Slot, found: unknown, events: readonly Raw[]): void {
  const numbers = events.map(({ value }) => value as number);
  const [numerator, denominator] = isNumeric(slot) ? numbers.map(shownBy).reduce(plus, [0n, 1n]) : [0n, 1n];
  switch (slot.kind === 'trail' ? 'trail' : slot.aggregate) {
    case 'count':
      return expect(found).toBe(events.length);
    case 'sum':
      return expect(isNearest(found as number, [numerator, denominator])).toBe(true);
    case 'mean': {
      if (events.length === 0) return expect(found).toBeUndefined();
      const exact = [numerator, denominator * BigInt(events.length)] as const;
      return expect(Math.abs((found as number) - Number(exact[0]) / Number(exact[1]))).toBeLessThanOrEqual(
        Math.abs(found as number) * 4 * Number.EPSILON,
      );
    }
    case 'min':
      return expect(found).toBe(events.length === 0 ? undefined : Math.min(...numbers));
    case 'max':
      return expect(found).toBe(events.length === 0 ? undefined : Math.max(...numbers));
    case 'distinct':
      return expect(found).toBe(new Set(events.map(({ value }) => value)).size);
    case 'first':
    case 'last':
      return expect(found).toBe(events.length === 0 ? undefined : (partialOf(slot, events) as { v: Value }).v);
    case 'trail':
      return expect(found).toStrictEqual(events.length === 0 ? undefined : (partialOf(slot, events) as TrailPartial).e);
  }
}

/** The merge of three, the same in all orders and both groupings. */
function expectOrderFree(slot: Slot, [a, b, c]: readonly Partial_[]): Partial_ | undefined {
  const parts = [a, b, c].map((part) => frozen(part as Partial_));
  const merged = mergePartials(slot, parts);
  for (const order of [
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ]) {
    expectSame(
      mergePartials(
        slot,
        order.map((index) => parts[index] as Partial_),
      ),
      merged,
    );
    const pair = mergePartials(
      slot,
      order.slice(1).map((index) => parts[index] as Partial_),
    ) as Partial_;
    expectSame(mergePartials(slot, [parts[order[0] as number] as Partial_, pair]), merged);
  }
  return merged;
}

/** Equal, and equal bytes: the order of the fields counts. */
function expectSame(found: Partial_ | undefined, expected: Partial_ | undefined): void {
  expect(found).toStrictEqual(expected);
  expect(JSON.stringify(found)).toBe(JSON.stringify(expected));
}

/** A merge that changed its arguments would throw. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

/** Canonical decimal of a fraction whose denominator is a power of ten. */
function decimalFrom([numerator, denominator]: Rational): Decimal {
  let scale = denominator.toString().length - 1;
  let mantissa = numerator;
  if (mantissa === 0n) return [0, 0];
  for (; scale > 0 && mantissa % 10n === 0n; scale--) mantissa /= 10n;
  return [Number.isSafeInteger(Number(mantissa)) ? Number(mantissa) : mantissa.toString(), scale];
}

function aggregate(name: Aggregate): AggregateSlot {
  return { kind: 'aggregate', id: name, selector, aggregate: name, ...(name !== 'count' && { of: 'properties.revenue' }) };
}

function isNumeric(slot: Slot): boolean {
  return slot.kind === 'aggregate' && ['sum', 'mean', 'min', 'max'].includes(slot.aggregate);
}

function stamp({ value, timeMs, messageId }: Raw): { v: Value; t: number; i: string } {
  return { v: value, t: timeMs, i: messageId };
}

function byOrder(a: TrailPartial['e'][number], b: TrailPartial['e'][number]): number {
  return a[0] - b[0] || order(a[1], b[1]) || a[2] - b[2];
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function shuffled<T>(items: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
}
