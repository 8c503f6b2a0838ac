import { describe, expect, test } from '@jest/globals';
import { Reader, Writer } from '@tessera/codec';
import { readerOf, type AggregateSlot, type Partial_, type Slot } from '@tessera/features';
import fc from 'fast-check';
import {
  formOf,
  isHeld,
  layoutOf,
  layoutOfStored,
  OTHER,
  partialIn,
  putPartial,
  readColumns,
  relay,
  valueAt,
  widthOf,
  writeColumns,
  type Layout,
  type SlotPlace,
  type SlotValues,
} from '../../src/slot-values.js';

const AGGREGATES = ['count', 'sum', 'mean', 'min', 'max', 'last', 'distinct'] as const;
const slotOf = (aggregate: AggregateSlot['aggregate']): AggregateSlot => ({
  kind: 'aggregate',
  id: aggregate,
  selector: { event: 'a', where: [] },
  aggregate,
});
const TRAIL: Slot = { kind: 'trail', id: 'trail', selectors: [] };
const SLOTS: readonly Slot[] = [...AGGREGATES.map(slotOf), TRAIL];

const ends = fc.record({ a: fc.constant(true as const), u: fc.nat(9999) }, { requiredKeys: [] });
const n = fc.nat(1000);
// Mantissas up to the safe integers are numbers, beyond them text: what columns cannot hold.
const s = fc.tuple(fc.oneof(fc.maxSafeInteger(), fc.constant('123456789012345678901')), fc.nat(30));
const PARTIALS: Readonly<Record<string, fc.Arbitrary<object>>> = {
  count: fc.record({ n }),
  sum: fc.record({ s, n }),
  mean: fc.record({ s, n }),
  min: fc.record({ v: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
  max: fc.record({ v: fc.integer() }),
  last: fc.record({ v: fc.string(), t: n, i: fc.string() }),
  distinct: fc.record({ v: fc.array(fc.string()) }),
  trail: fc.record({ e: fc.constant([[1, 'm', 1]]) }),
  unplanned: fc.record({ n }),
};
const put = fc.constantFrom(...Object.keys(PARTIALS)).chain((id) =>
  fc.tuple(
    fc.constant(id),
    fc.option(
      fc.tuple(PARTIALS[id] as fc.Arbitrary<object>, ends).map(([part, end]) => ({ ...part, ...end }) as Partial_),
      { nil: undefined },
    ),
  ),
);
const puts = fc.array(put, { maxLength: 20 });

function layoutFor(slots: readonly Slot[]): Layout {
  const places = new Map<string, SlotPlace>();
  let at = 0;
  for (const slot of slots) {
    const form = formOf(slot);
    places.set(slot.id, { id: slot.id, form, at, read: slot.kind === 'aggregate' ? readerOf(slot) : undefined });
    at += widthOf(form);
  }
  return layoutOf(places);
}

function held(layout: Layout, steps: readonly (readonly [string, Partial_ | undefined])[]): SlotValues {
  const values: SlotValues = { numbers: layout.blank.slice(), others: undefined };
  for (const [id, partial] of steps) putPartial(values, layout.places.get(id), id, partial);
  return values;
}

const read = (layout: Layout, values: SlotValues): unknown =>
  Object.fromEntries(Object.keys(PARTIALS).map((id) => [id, partialIn(layout, values, id)]));

describe('the values of slots', () => {
  test('give back the last partial of each slot, whatever its kind, and the value that its kind reads', () => {
    const layout = layoutFor(SLOTS);
    fc.assert(
      fc.property(puts, (steps) => {
        const values = held(layout, steps);
        const known = new Map(steps);
        expect(read(layout, values)).toEqual(Object.fromEntries(Object.keys(PARTIALS).map((id) => [id, known.get(id)])));
        for (const { id, form, at, read: reader } of layout.places.values()) {
          if (form !== OTHER) expect(valueAt(values, at)).toBe(reader?.(known.get(id)));
        }
      }),
    );
  });

  test('are held alike however they came: in another order, after others, in the columns of another set', () => {
    const layout = layoutFor(SLOTS);
    const former = layoutFor(SLOTS.slice(2, 5).toReversed());
    fc.assert(
      fc.property(puts, (steps) => {
        const direct = held(layout, lastOf(steps));
        const moved = held(former, steps);
        relay(moved, former, layout);
        expect(normal(layout, held(layout, steps))).toEqual(normal(layout, direct));
        expect(normal(layout, moved)).toEqual(normal(layout, direct));
      }),
    );
  });

  test('come back from their bytes', () => {
    const layout = layoutFor(SLOTS);
    fc.assert(
      fc.property(puts, (steps) => {
        const values = held(layout, steps);
        const writer = new Writer();
        for (const place of layout.packed) writeColumns(writer, values.numbers, place);
        const reader = new Reader(writer.take());
        const again: SlotValues = { numbers: layout.blank.slice(), others: values.others };
        for (const place of layout.packed) readColumns(reader, again.numbers, place);
        expect(reader.atEnd).toBe(true);
        expect(read(layout, again)).toEqual(read(layout, values));
      }),
    );
  });

  test('that were stored under a set of fewer slots are read straight into the columns of the one in use', () => {
    const layout = layoutFor(SLOTS);
    fc.assert(
      fc.property(puts, fc.nat(SLOTS.length), (steps, count) => {
        const fewer = layoutFor(SLOTS.slice(0, count));
        const before = held(fewer, steps);
        const writer = new Writer();
        for (const place of fewer.packed) writeColumns(writer, before.numbers, place);
        relay(held(layout, []), layout, layout);
        const stored = [...fewer.packed];
        expect(layoutOfStored(stored)).toBe(layout);
        const again: SlotValues = { numbers: layout.blank.slice(), others: before.others };
        const reader = new Reader(writer.take());
        for (const place of stored) readColumns(reader, again.numbers, place);
        relay(again, layout, layout);
        expect(read(layout, again)).toEqual(read(fewer, before));
        expect(normal(layout, again)).toEqual(normal(layout, held(layout, lastOf(steps))));
      }),
    );
  });
});

/** Each slot's last partial, where it has one. */
function lastOf<P>(steps: readonly (readonly [string, P | undefined])[]): (readonly [string, P | undefined])[] {
  return [...new Map(steps)].filter(([, partial]) => partial !== undefined);
}

/** What is held where; columns of which nothing is held say nothing. */
function normal(layout: Layout, { numbers, others }: SlotValues): unknown {
  const columns = layout.packed
    .filter(({ at }) => isHeld(numbers, at))
    .map(({ id, at, form }) => [id, numbers.slice(at, at + widthOf(form))]);
  return { columns, others: new Map([...(others ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) };
}
