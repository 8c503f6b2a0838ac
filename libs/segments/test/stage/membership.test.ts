import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  dueOf,
  expectChange,
  isUntouched,
  observe,
  pathAt,
  pathDueMs,
  settle,
  wanted,
  type Paths,
  type PathState,
} from '../../src/membership.js';

const AT_ONCE = { enterAfterMs: 0, exitAfterMs: 0 };
const SLOW = { enterAfterMs: 10, exitAfterMs: 5 };
const PLACES = 3;

const createPaths = (): Paths => ({ entered: new Array<number>(PLACES).fill(Infinity), timers: undefined });

describe('a membership', () => {
  test('without stability is the verdict, and remembers when it began', () => {
    const paths = createPaths();
    observe(paths, 1, true, 100, AT_ONCE, false);
    expect(paths).toEqual({ entered: [Infinity, 100, Infinity], timers: undefined });
    observe(paths, 1, true, 150, AT_ONCE, false);
    expect(pathAt(paths, 1)).toMatchObject({ member: true, enteredAtMs: 100 });
    observe(paths, 1, false, 200, AT_ONCE, false);
    expect(paths).toEqual(createPaths());
  });

  test('with stability follows at exactly since + duration, not a millisecond before', () => {
    const paths = createPaths();
    observe(paths, 1, true, 100, SLOW, false);
    observe(paths, 1, true, 104, SLOW, false);
    expect(dueOf(paths)).toBe(110);
    expect(settle(paths, 1, 109)).toBe(false);
    expect(settle(paths, 1, 110)).toBe(true);
    expect(pathAt(paths, 1)).toMatchObject({ member: true, enteredAtMs: 110 });
    expect(paths.timers).toBeUndefined();
  });

  test('forgets a verdict that flipped back before its duration was over', () => {
    const paths = createPaths();
    observe(paths, 1, true, 100, SLOW, false);
    observe(paths, 1, false, 109, SLOW, false);
    expect(paths).toEqual(createPaths());
    observe(paths, 1, true, 112, SLOW, false);
    expect(dueOf(paths)).toBe(122);
  });

  test('has one duration for entering and another for leaving', () => {
    const paths = createPaths();
    observe(paths, 1, true, 100, SLOW, false);
    settle(paths, 1, 110);
    observe(paths, 1, false, 120, SLOW, false);
    expect(pathAt(paths, 1)).toMatchObject({ member: true, sinceMs: 120, deadlineMs: 125 });
    settle(paths, 1, 300);
    expect(pathAt(paths, 1).member).toBe(false);
  });

  test('that waits under another duration keeps its beginning', () => {
    const paths = createPaths();
    observe(paths, 1, true, 100, SLOW, false);
    observe(paths, 1, true, 105, { enterAfterMs: 20, exitAfterMs: 0 }, false);
    expect(dueOf(paths)).toBe(120);
    observe(paths, 1, true, 107, { enterAfterMs: 5, exitAfterMs: 0 }, false);
    expect(pathAt(paths, 1)).toMatchObject({ member: true, enteredAtMs: 107 });
  });

  test('follows at once while its path is pending', () => {
    const paths = createPaths();
    observe(paths, 1, true, 100, SLOW, true);
    expect(pathAt(paths, 1)).toMatchObject({ member: true, enteredAtMs: 100 });
  });

  test('takes an unknown verdict by the policy of its segment', () => {
    expect([wanted(undefined, 'exclude'), wanted(undefined, 'include'), wanted(false, 'include')]).toEqual([false, true, false]);
  });

  test('does not see those beside it: each place is as it would be alone, and timers are kept in order, none of them at rest', () => {
    const step = fc.record({
      place: fc.nat(PLACES - 1),
      what: fc.constantFrom('true', 'false', 'settle', 'expect', 'expect-none'),
      afterMs: fc.nat(6),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const together = createPaths();
        const alone = Array.from({ length: PLACES }, createPaths);
        let nowMs = 1000;
        for (const { place, what, afterMs } of steps) {
          nowMs += afterMs;
          for (const paths of [together, alone[place] as Paths]) {
            if (what === 'settle') settle(paths, place, nowMs);
            else if (what === 'expect') expectChange(paths, place, nowMs + 3);
            else if (what === 'expect-none') expectChange(paths, place, Infinity);
            else observe(paths, place, what === 'true', nowMs, SLOW, false);
          }
        }
        const paths = alone.map((each, place) => pathAt(each, place));
        expect(alone.map((_, place) => pathAt(together, place))).toEqual(paths);
        expect(dueOf(together)).toBe(Math.min(...paths.map(pathDueMs)));
        const timed = paths.flatMap((path: PathState, place) => (pathDueMs(path) < Infinity ? [place] : []));
        expect((together.timers ?? []).filter((_, i) => i % 4 === 0)).toEqual(timed);
        expect(paths.filter(isUntouched).length).toBe(PLACES - new Set([...timed, ...membersIn(paths)]).size);
      }),
    );
  });
});

function membersIn(paths: readonly PathState[]): number[] {
  return paths.flatMap(({ member }, place) => (member ? [place] : []));
}
