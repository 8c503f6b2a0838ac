import { describe, expect, test } from '@jest/globals';
import { readerOf, type Partial_, type Slot } from '@tessera/features';
import fc from 'fast-check';
import { compileSet } from '../../src/compile.js';
import type { CompiledSegment, ProfileView, Verdict } from '../../src/compiled.js';

type Condition = Record<string, unknown>;

const number = fc.integer({ min: -3, max: 6 });
const comparison: fc.Arbitrary<Condition> = fc.oneof(
  fc
    .record({ operator: fc.constantFrom('eq', 'ne', 'gt', 'gte', 'lt', 'lte'), operand: number })
    .map(({ operator, operand }) => ({ [operator]: operand })),
  fc.tuple(number, fc.nat(4)).map(([low, more]) => ({ between: [low, low + more] })),
  fc.array(number, { minLength: 1, maxLength: 3 }).map((operand) => ({ in: operand })),
  fc.tuple(number, number).map(([gte, lt]) => ({ gte: Math.min(gte, lt), lt: Math.max(gte, lt) + 1 })),
);
const leaf: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ event: fc.constant('Buy'), min: comparison.map((compared) => ({ of: 'properties.price', ...compared })) }),
  fc.record({ event: fc.constant('Buy'), sum: comparison.map((compared) => ({ of: 'properties.price', ...compared })) }),
);
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie('condition').map((not) => ({ not })),
  ),
}));

function compiled(when: Condition): { readonly segment: CompiledSegment; readonly slots: readonly Slot[] } | undefined {
  const outcome = compileSet('w', 1, [{ apiVersion: 'tessera/v1', kind: 'Segment', metadata: { name: 's' }, spec: { when } }]);
  return outcome.ok ? { segment: outcome.set.segments[0] as CompiledSegment, slots: outcome.set.plan.slots } : undefined;
}

function verdictOf(segment: CompiledSegment, slots: readonly Slot[], values: ReadonlyMap<string, number>): Verdict {
  const partials = new Map<string, Partial_>();
  for (const slot of slots) {
    const v = values.get(slot.id) as number;
    partials.set(slot.id, slot.kind === 'aggregate' && slot.aggregate === 'min' ? { v } : { s: [v, 0], n: 1 });
  }
  const view: ProfileView = {
    value: (slot) => readerOf(slot)(partials.get(slot.id)),
    partial: (id) => partials.get(id),
    trait: () => undefined,
    member: () => false,
  };
  return segment.evaluate(view, 0).verdict;
}

describe('the bounds of a condition', () => {
  test('a verdict does not change while every value stays on the same side of each of them', () => {
    fc.assert(
      fc.property(condition, fc.array(fc.tuple(number, number), { minLength: 2, maxLength: 2 }), (when, moves) => {
        const found = compiled(when);
        fc.pre(found !== undefined);
        const { segment, slots } = found;
        const from = new Map(slots.map(({ id }, i) => [id, moves[i]?.[0] ?? 0]));
        const to = new Map(
          slots.map(({ id }, i) => {
            const [a, b] = moves[i] ?? [0, 0];
            const crosses = (segment.bounds?.get(id) as readonly number[]).some(
              (bound) => Math.sign(a - bound) !== Math.sign(b - bound),
            );
            return [id, crosses ? a : b];
          }),
        );
        expect(verdictOf(segment, slots, to)).toBe(verdictOf(segment, slots, from));
      }),
      { numRuns: 500 },
    );
  });

  test('are the numbers of its comparisons, each once, ascending', () => {
    const event = { event: 'Buy' };
    const found = compiled({
      any: [
        { ...event, count: { gte: 3 } },
        { ...event, count: { between: [1, 7] } },
        { ...event, count: { in: [3, 5] } },
      ],
    });
    expect([...(found?.segment.bounds?.values() ?? [])]).toEqual([[1, 3, 5, 7]]);
  });

  test('are not claimed for dates, texts and trails', () => {
    const event = { event: 'Buy' };
    const read = [
      { ...event, last: { of: 'properties.day', after: '2026-01-01' } },
      { ...event, last: { of: 'properties.name', startsWith: 'a' } },
      { sequence: [event, { event: 'View' }] },
    ];
    for (const when of read) expect([compiled(when)?.slots.length, compiled(when)?.segment.bounds?.size]).toEqual([1, 0]);
  });
});
