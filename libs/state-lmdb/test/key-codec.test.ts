import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeKey, encodeKey, endOf, KEY_BYTES_MAX, prefixOf } from '../src/key-codec.js';

const anyKey = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 30 }),
  fc.constantFrom('\ud800', '\udc00', '\ud800\ud800\udc00', '\ufffd', 'a\udfff', '\ufffd\ud800', ''),
);
const prefix = prefixOf(3, 300);
const encoded = (key: string): Buffer => Buffer.from(encodeKey(prefix, key));

describe('a key on disk', () => {
  test('is read as it was written, ill-formed strings too', () => {
    fc.assert(fc.property(anyKey, (key) => decodeKey(encoded(key)) === key));
  });

  test('is never that of another key', () => {
    fc.assert(fc.property(anyKey, anyKey, (a, b) => encoded(a).equals(encoded(b)) === (a === b)));
  });

  test('stands in the order of its code points, inside its space', () => {
    const points = (key: string): readonly number[] => Array.from(key, (character) => character.codePointAt(0) as number);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const [pointsA, pointsB] = [points(a), points(b)];
        const at = pointsA.findIndex((point, i) => point !== pointsB[i]);
        const expected = at < 0 ? pointsA.length - pointsB.length : (pointsA[at] as number) - (pointsB[at] ?? -1);
        expect(Math.sign(Buffer.compare(encoded(a), encoded(b)))).toBe(Math.sign(expected));
        expect(Buffer.compare(encoded(a), endOf(prefix))).toBe(-1);
        expect(Buffer.compare(encoded(a), prefixOf(3, 301))).toBe(-1);
      }),
    );
  });

  test('is refused when it is too long, and names itself', () => {
    expect(decodeKey(encoded('x'.repeat(KEY_BYTES_MAX)))).toHaveLength(KEY_BYTES_MAX);
    for (const key of ['x'.repeat(KEY_BYTES_MAX + 1), 'é'.repeat(KEY_BYTES_MAX / 2 + 1), '€'.repeat(1e6)]) {
      expect(() => encodeKey(prefix, key)).toThrow(`at most ${String(KEY_BYTES_MAX)} bytes: ${key.slice(0, 5)}`);
    }
  });
});
