import { describe, expect, test } from '@jest/globals';
import { percentilesOf } from '../../src/bench/latencies.js';
import { callAt, callOf, TOGGLED_DEFINITION } from '../../src/bench/load-plan.js';
import { compileSet, parseDefinitions } from '@tessera/segments';

describe('percentiles of latencies', () => {
  test('are latencies that were measured, by nearest rank', () => {
    const latencies = Array.from({ length: 1_000 }, (_, i) => 1_000 - i);
    expect(percentilesOf(latencies)).toEqual({ p50: 500, p90: 900, p99: 990, p999: 999, max: 1_000 });
  });

  test('of one are that one, to a tenth of a millisecond', () => {
    expect(percentilesOf([12.3456])).toEqual({ p50: 12.3, p90: 12.3, p99: 12.3, p999: 12.3, max: 12.3 });
  });

  test('of none are refused', () => {
    expect(() => percentilesOf([])).toThrow(RangeError);
  });
});

describe('the plan of the calls', () => {
  const plan = { rate: 1_000, people: 3 };

  test('calls are due at a steady rate, people take turns, and what each says alternates', () => {
    expect([0, 1, 3, 7].map((index) => callAt(index, plan))).toEqual([
      { dueMs: 0, userId: 'user-0', state: 'on' },
      { dueMs: 1, userId: 'user-1', state: 'on' },
      { dueMs: 3, userId: 'user-0', state: 'off' },
      { dueMs: 7, userId: 'user-1', state: 'on' },
    ]);
  });

  test('the n-th change of a person answers their n-th call', () => {
    for (let index = 0; index < 10; index++) {
      const person = Number(callAt(index, plan).userId.slice('user-'.length));
      expect(callOf(person, Math.floor(index / plan.people), plan)).toBe(index);
    }
  });

  test('the watched segment compiles', () => {
    const { documents, errors } = parseDefinitions(TOGGLED_DEFINITION, 'the watched segment');
    expect(errors).toEqual([]);
    expect(compileSet('default', 1, documents)).toMatchObject({ ok: true });
  });
});
