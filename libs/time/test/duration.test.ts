import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../src/duration.js';

const CENTURY_MS = 100 * 366 * 86_400_000;

describe('a duration', () => {
  test.each([
    ['24h', 86_400_000],
    ['29m59.999s', 1_799_999],
    ['1d12h', 129_600_000],
    ['250ms', 250],
    ['2w', 1_209_600_000],
    ['0s', 0],
    ['1.5h', 5_400_000],
    ['0.001s', 1],
    ['1m1ms', 60_001],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each([
    ['nothing', ''],
    ['a bare number', '30'],
    ['an unknown unit', '30x'],
    ['a sign', '-1h'],
    ['a space', '1 h'],
    ['what is left over', '1hour'],
    ['finer than a millisecond', '0.5ms'],
    ['finer than a millisecond, in seconds', '0.0001s'],
    ['no digits before the point', '.5h'],
    ['no digits after the point', '1.h'],
    ['an exponent', '1e3s'],
    ['longer than a century', '36601d'],
    ['upper case', '1H'],
    ['a unit twice', '1h2h'],
    ['units out of order', '5m1h'],
  ])('is not %s: %j', (_, text) => expect(parseDuration(text)).toBeUndefined());

  test('is read back as it was written, for every length up to a century', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: CENTURY_MS }), (ms) => expect(parseDuration(formatDuration(ms))).toBe(ms)));
  });

  test('is exact to the millisecond in decimal seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (ms) => expect(parseDuration(`${(ms / 1000).toFixed(3)}s`)).toBe(ms)),
    );
  });

  test('is written with the largest units first', () => {
    expect(formatDuration(90_061_001)).toBe('1d1h1m1s1ms');
    expect(formatDuration(1_209_600_000)).toBe('14d');
    expect(formatDuration(0)).toBe('0s');
  });

  test('is no duration whatever the text: the parser answers and does not throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('1', '0', '9', '.', 'h', 'm', 's', 'd', 'w', ' ', '-') }), (text) => {
        const ms = parseDuration(text);
        if (ms !== undefined) expect(Number.isSafeInteger(ms) && ms >= 0 && ms <= CENTURY_MS).toBe(true);
      }),
    );
  });
});
