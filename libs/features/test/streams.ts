// Random streams of tracked events: late ones, equal times, duplicates, several senders and people, values of every type.
import type { TrackedRecord } from '@tessera/contracts';
import fc from 'fast-check';
import type { Aggregate, AggregateSlot, EventSelector, FeaturePlan, Slot } from '../src/plan.js';
import { WORKSPACE } from './driver.js';

export interface Arrival {
  /** Since the record before. */
  readonly afterMs: number;
  /** A tick has no event. */
  readonly event: TrackedRecord | undefined;
  /** How long before its arrival it happened; negative: the client's clock is ahead. */
  readonly lateMs: number;
}

export const AGGREGATES: readonly Aggregate[] = ['count', 'sum', 'min', 'max', 'mean', 'first', 'last', 'distinct'];

const selectors: readonly EventSelector[] = [
  { event: 'A', where: [] },
  { event: 'A', where: [{ path: 'properties.kind', comparisons: [{ operator: 'eq', operand: 'x' }] }] },
  { event: 'B', where: [{ path: 'properties.weight', comparisons: [{ operator: 'gte', operand: 2 }] }] },
  { event: '$page', where: [] },
];

const value = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -2, max: 3 }) },
  { weight: 2, arbitrary: fc.constantFrom(0.1, 0.2, 1e-7, 2 ** 53, -(2 ** 60)) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>('a', 'b', true, false, '1') },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(undefined, null, [1], { v: 1 }, -0) },
);

export const EPOCH = 1_000_000;

export interface StreamOptions {
  readonly length: number;
  readonly gapMs?: number;
  readonly lateMs?: number;
}

export function streams({ length, gapMs = 12, lateMs = 60 }: StreamOptions): fc.Arbitrary<readonly Arrival[]> {
  const arrival = fc.record({
    afterMs: fc.oneof(
      { weight: 1, arbitrary: fc.constant(0) },
      { weight: 4, arbitrary: fc.integer({ min: 0, max: gapMs }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: gapMs * 10 }) },
    ),
    lateMs: fc.oneof(fc.constant(0), fc.integer({ min: -5, max: 5 }), fc.integer({ min: 0, max: lateMs })),
    type: fc.constantFrom('track', 'track', 'track', 'track', 'page', 'identify', 'group', 'tick'),
    event: fc.constantFrom('A', 'A', 'B', 'C'),
    sender: fc.constantFrom('anonymous_id:d0', 'anonymous_id:d0', 'anonymous_id:d1', 'email:a@b.c'),
    userId: fc.constantFrom(undefined, undefined, undefined, 'u1', 'u2'),
    kind: fc.constantFrom('x', 'y', undefined),
    trait: fc.constantFrom(undefined, 'gold', 7),
    granted: fc.constantFrom(undefined, undefined, true, false),
    value,
    repeats: fc.integer({ min: 0, max: 11 }),
    order: fc.nat({ max: 99 }),
  });
  return fc.array(arrival, { minLength: Math.ceil(length / 4), maxLength: length, size: 'max' }).map((drawn) =>
    drawn.map((one, i): Arrival => {
      if (one.type === 'tick') return { afterMs: one.afterMs, lateMs: 0, event: undefined };
      // One in twelve says again what was said a while ago, with other content.
      const number = one.repeats === 0 && i > 3 ? i - 3 : i;
      const properties = {
        ...(one.kind !== undefined && { kind: one.kind }),
        ...(one.value !== undefined && { value: one.value }),
        weight: i % 5,
      };
      return {
        afterMs: one.afterMs,
        lateMs: one.lateMs,
        event: tracked({
          sender: one.sender,
          // Ids whose order is not that of their arrival.
          messageId: `m${String((number * 37) % 101)}-${String(number)}`,
          messageHash: number,
          type: one.type,
          event: one.type === 'track' ? one.event : undefined,
          userId: one.userId,
          properties,
          traits: one.type === 'identify' && one.trait !== undefined ? { plan: one.trait } : undefined,
          groupId: one.type === 'group' ? 'g1' : undefined,
          consent: one.granted === undefined ? undefined : { purposes: { ads: one.granted } },
        }),
      };
    }),
  );
}

export function tracked(event: Partial<TrackedRecord>): TrackedRecord {
  return {
    kind: 'tracked',
    workspace: WORKSPACE,
    sender: 'anonymous_id:d0',
    messageId: 'm0',
    messageHash: 0,
    type: 'track',
    identities: [],
    timeMs: EPOCH,
    receivedMs: EPOCH,
    properties: undefined,
    traits: undefined,
    context: undefined,
    consent: undefined,
    source: 'test',
    ...event,
  };
}

/** Every slot that the tests ask for: windows of several lengths over one selector, lifetime, since, trails. */
export const SLOTS: readonly Slot[] = [
  ...selectors.flatMap((selector, s) =>
    AGGREGATES.flatMap((aggregate) => [
      aggregateSlot(selector, s, aggregate, 40),
      aggregateSlot(selector, s, aggregate, 100),
      aggregateSlot(selector, s, aggregate),
    ]),
  ),
  ...AGGREGATES.map((aggregate) => ({
    ...aggregateSlot(selectors[0] as EventSelector, 0, aggregate),
    id: `since-${aggregate}`,
    sinceMs: EPOCH + 90,
  })),
  {
    kind: 'aggregate',
    id: 'sum-of-weight',
    selector: selectors[0] as EventSelector,
    aggregate: 'sum',
    of: 'properties.weight',
    windowMs: 40,
  },
  { kind: 'aggregate', id: 'count-of-an-instant', selector: selectors[0] as EventSelector, aggregate: 'count', windowMs: 1 },
  {
    kind: 'trail',
    id: 'trail-of-two',
    selectors: [selectors[0] as EventSelector, selectors[1] as EventSelector, selectors[2] as EventSelector],
    windowMs: 70,
  },
  { kind: 'trail', id: 'trail-for-ever', selectors: [selectors[3] as EventSelector, selectors[2] as EventSelector] },
];

function aggregateSlot(selector: EventSelector, s: number, aggregate: Aggregate, windowMs?: number): AggregateSlot {
  return {
    kind: 'aggregate',
    id: `${aggregate}-${String(s)}-${windowMs === undefined ? 'ever' : String(windowMs)}`,
    selector,
    aggregate,
    ...(aggregate !== 'count' && { of: 'properties.value' }),
    ...(windowMs !== undefined && { windowMs }),
  };
}

let numbered = 0;

/** A plan of these slots under a hash of its own: compiled plans are kept by hash. */
export function planOf(set: number, slots: readonly Slot[]): FeaturePlan {
  numbered += 1;
  return { hash: `plan-${String(numbered)}`, set, slots: slots.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
}

export function someSlots(max: number): fc.Arbitrary<readonly Slot[]> {
  return fc.subarray([...SLOTS], { minLength: 1, maxLength: max });
}
