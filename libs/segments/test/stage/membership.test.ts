import { describe, expect, test } from '@jest/globals';
import { createPathState, isUntouched, observe, pathDueMs, settle, wanted } from '../../src/membership.js';

const AT_ONCE = { enterAfterMs: 0, exitAfterMs: 0 };
const SLOW = { enterAfterMs: 10, exitAfterMs: 5 };

describe('a membership', () => {
  test('without stability is the verdict, and remembers when it began', () => {
    const path = createPathState();
    observe(path, true, 100, AT_ONCE, false);
    expect(path).toEqual({ member: true, enteredAtMs: 100, timing: undefined });
    observe(path, true, 150, AT_ONCE, false);
    expect(path.enteredAtMs).toBe(100);
    observe(path, false, 200, AT_ONCE, false);
    expect(isUntouched(path)).toBe(true);
  });

  test('with stability follows at exactly since + duration, not a millisecond before', () => {
    const path = createPathState();
    observe(path, true, 100, SLOW, false);
    observe(path, true, 104, SLOW, false);
    expect(pathDueMs(path)).toBe(110);
    expect(settle(path, 109)).toBe(false);
    expect(settle(path, 110)).toBe(true);
    expect(path).toMatchObject({ member: true, enteredAtMs: 110 });
    expect(pathDueMs(path)).toBe(Infinity);
  });

  test('forgets a verdict that flipped back before its duration was over', () => {
    const path = createPathState();
    observe(path, true, 100, SLOW, false);
    observe(path, false, 109, SLOW, false);
    observe(path, true, 112, SLOW, false);
    expect(pathDueMs(path)).toBe(122);
  });

  test('has one duration for entering and another for leaving', () => {
    const path = createPathState();
    observe(path, true, 100, SLOW, false);
    settle(path, 110);
    observe(path, false, 120, SLOW, false);
    expect(path).toMatchObject({ member: true, timing: { sinceMs: 120, deadlineMs: 125 } });
    settle(path, 300);
    expect(path.member).toBe(false);
  });

  test('that waits under another duration keeps its beginning', () => {
    const path = createPathState();
    observe(path, true, 100, SLOW, false);
    observe(path, true, 105, { enterAfterMs: 20, exitAfterMs: 0 }, false);
    expect(pathDueMs(path)).toBe(120);
    observe(path, true, 107, { enterAfterMs: 5, exitAfterMs: 0 }, false);
    expect(path).toMatchObject({ member: true, enteredAtMs: 107 });
  });

  test('follows at once while its path is pending', () => {
    const path = createPathState();
    observe(path, true, 100, SLOW, true);
    expect(path).toMatchObject({ member: true, enteredAtMs: 100 });
  });

  test('takes an unknown verdict by the policy of its segment', () => {
    expect([wanted(undefined, 'exclude'), wanted(undefined, 'include'), wanted(false, 'include')]).toEqual([false, true, false]);
  });
});
