import { describe, expect, test } from '@jest/globals';
import type { Key } from '@tessera/contracts';
import fc from 'fast-check';
import { TimerIndex } from '../src/timer-index.js';

describe('the timer index', () => {
  test('gives entries by due time, then by key, whatever the order they came in', () => {
    const entry = fc.tuple(fc.integer({ min: 0, max: 50 }), fc.constantFrom('a', 'b', 'c', 'd'));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
        const index = new TimerIndex();
        for (const [due, key] of entries) index.add(due, key as Key);
        const found: [number, string][] = [];
        while (index.size > 0) found.push([index.nearestMs, index.pop()]);
        expect(found).toEqual([...entries].sort((x, y) => x[0] - y[0] || (x[1] < y[1] ? -1 : x[1] > y[1] ? 1 : 0)));
        expect(index.nearestMs).toBe(Infinity);
      }),
    );
  });
});
