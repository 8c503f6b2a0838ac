import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eachElement, measureValue, newMeasure, skipSpace, TRAP } from '../src/scan.js';

/** JSON text with white space wherever JSON allows it. */
const spaced = (value: unknown, gap: string): string => {
  if (Array.isArray(value)) return `[${gap}${value.map((item) => spaced(item, gap)).join(`${gap},${gap}`)}${gap}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}${gap}:${gap}${spaced(inner, gap)}`);
  return `{${gap}${members.join(`${gap},${gap}`)}${gap}}`;
};

const depthOf = (value: unknown): number =>
  typeof value !== 'object' || value === null ? 0 : 1 + Math.max(0, ...Object.values(value).map(depthOf));
const keysOf = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value).reduce((sum: number, item) => sum + keysOf(item), 0);
  return Array.isArray(value) ? inner : inner + Object.keys(value).length;
};
const hasUnsafeKey = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).some(
    ([key, inner]) => (!Array.isArray(value) && /^(__proto__|constructor|prototype)$/.test(key)) || hasUnsafeKey(inner),
  );

const keys = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'a:b,{}[]"\\'),
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(null, true, false, '__proto__'),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: 'binary' }),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(keys, tie('value')), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
  ),
})).value;

describe('the scan', () => {
  test('measures any JSON as a parser would: where it ends, how deep, how many keys, and no unsafe key missed', () => {
    fc.assert(
      fc.property(json, fc.constantFrom('', ' ', '\n\t '), fc.constantFrom('', ' ', ',1', '}', ']'), (value, gap, after) => {
        const text = spaced(value, gap);
        const measure = newMeasure();
        expect(measureValue(Buffer.from(text + after), 0, measure)).toBe(true);
        expect([measure.end, measure.depth, measure.keys]).toEqual([Buffer.byteLength(text), depthOf(value), keysOf(value)]);
        if (hasUnsafeKey(value)) expect(measure.traps & (TRAP.key | TRAP.escape)).not.toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['{"a":1e999}', '{"a":-2E+400}', '[1.e5]', `{"a":${'9'.repeat(310)}}`, `[${'9'.repeat(310)},1]`, '1e999'])(
    'flags the number in %p that may be infinite',
    (text) => {
      const measure = newMeasure();
      measureValue(Buffer.from(text), 0, measure);
      expect(measure.traps & TRAP.number).toBe(TRAP.number);
    },
  );

  test('flags nothing in an ordinary event', () => {
    const measure = newMeasure();
    const event = { type: 'track', event: 'true and false', properties: { price: 12.5, list: [true, null, -3], url: 'a\\b"c' } };
    measureValue(Buffer.from(JSON.stringify(event)), 0, measure);
    expect(measure.traps).toBe(0);
  });

  test('ends within any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const measure = newMeasure();
        if (measureValue(bytes, skipSpace(bytes, 0), measure)) expect(measure.end).toBeLessThanOrEqual(bytes.length + 1);
        eachElement(bytes, 0, measure, () => undefined);
      }),
      { numRuns: 2000 },
    );
  });

  test('takes a bomb of half a million brackets without recursion', () => {
    const measure = newMeasure();
    expect(measureValue(Buffer.from('['.repeat(250_000) + ']'.repeat(250_000)), 0, measure)).toBe(true);
    expect(measure.depth).toBe(250_000);
    expect(measureValue(Buffer.from('['.repeat(500_000)), 0, measure)).toBe(false);
  });
});
