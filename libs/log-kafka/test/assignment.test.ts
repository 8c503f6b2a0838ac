import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assign, type GroupMemberState } from '../src/assignment.js';

const members = fc
  .record({
    partitions: fc.integer({ min: 1, max: 64 }),
    count: fc.integer({ min: 1, max: 9 }),
    seed: fc.array(fc.nat(10), { minLength: 64, maxLength: 64 }),
  })
  .map(({ partitions, count, seed }) => {
    const states: { id: string; owned: number[] }[] = Array.from({ length: count }, (_, i) => ({
      id: `m${String(i)}`,
      owned: [],
    }));
    // Some partitions are nobody's.
    for (let partition = 0; partition < partitions; partition++) states[seed[partition] as number]?.owned.push(partition);
    return { partitions, states: states as readonly GroupMemberState[] };
  });

function next(states: readonly GroupMemberState[], partitions: number): readonly GroupMemberState[] {
  const answer = assign(states, partitions);
  return states.map(({ id }) => ({ id, owned: answer.get(id) ?? [] }));
}

describe('who gets which partition', () => {
  test('nothing is given to one while another has it', () => {
    fc.assert(
      fc.property(members, ({ partitions, states }) => {
        for (const [id, given] of assign(states, partitions))
          for (const { id: other, owned } of states)
            if (other !== id) expect(owned.filter((partition) => given.includes(partition))).toEqual([]);
      }),
    );
  });

  test('after two rounds everything is owned once, shares differ by one at most, and a further round changes nothing', () => {
    fc.assert(
      fc.property(members, ({ partitions, states }) => {
        const settled = next(next(states, partitions), partitions);
        expect(settled.flatMap(({ owned }) => owned).sort((a, b) => a - b)).toEqual(
          Array.from({ length: partitions }, (_, i) => i),
        );
        const sizes = settled.map(({ owned }) => owned.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(next(settled, partitions)).toEqual(settled);
      }),
    );
  });

  test('one who joins an even group takes from the others no more than its share', () => {
    const states = [0, 1, 2].map((i) => ({ id: `m${String(i)}`, owned: Array.from({ length: 16 }, (_, j) => i * 16 + j) }));
    const settled = next(next([...states, { id: 'new', owned: [] }], 48), 48);
    expect(settled.map(({ owned }) => owned.length)).toEqual([12, 12, 12, 12]);
    for (const { id, owned } of states) {
      const kept = settled.find((one) => one.id === id)?.owned ?? [];
      expect(owned.filter((partition) => kept.includes(partition))).toHaveLength(12);
    }
  });

  test('a partition that two claim is taken from one of them before anybody else gets it', () => {
    const answer = assign(
      [
        { id: 'a', owned: [0, 1] },
        { id: 'b', owned: [0] },
      ],
      2,
    );
    expect([...answer]).toEqual([
      ['a', [0]],
      ['b', []],
    ]);
  });
});
