import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { decodeId, encodeId, KEY_BYTES_MAX, rangeOf } from '../src/key-codec.js';

const { deserialize, serialize } = mongoose.mongo.BSON;
const anyKey = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 30 }),
  fc.constantFrom(
    '\ud800',
    '\udc00',
    '\ud800\ud800\udc00',
    '\ufffd',
    'a\udfff',
    '\ufffd\ud800',
    '',
    '$set',
    'a.b',
    '\u0000',
    '__proto__',
    'é',
  ),
);
const { prefix } = rangeOf(3);
const stored = (id: string): string => (deserialize(serialize({ _id: id })) as { readonly _id: string })._id;

describe('a key as an id', () => {
  test('is read from BSON as it was written: $, dots, NUL, ill-formed strings too', () => {
    fc.assert(fc.property(anyKey, (key) => decodeId(stored(encodeId(prefix, key))) === key));
  });

  test('is never that of another key', () => {
    fc.assert(fc.property(anyKey, anyKey, (a, b) => (encodeId(prefix, a) === encodeId(prefix, b)) === (a === b)));
  });

  test('stands in the order of the key’s bytes, by UTF-16 units and by bytes, inside its partition', () => {
    const { end } = rangeOf(3);
    const next = rangeOf(4).prefix;
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const expected = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
        const [idA, idB] = [encodeId(prefix, a), encodeId(prefix, b)];
        expect(idA < idB ? -1 : Number(idA > idB)).toBe(expected);
        expect(Math.sign(Buffer.compare(Buffer.from(idA), Buffer.from(idB)))).toBe(expected);
        expect(idA >= prefix && idA < end && end <= next).toBe(true);
      }),
    );
  });

  test('of ASCII stands as it is', () => {
    expect(encodeId(rangeOf(300).prefix, 'w/sender/a-1')).toBe('012c/w/sender/a-1');
  });

  test('is refused when it is too long, and names itself', () => {
    expect(decodeId(encodeId(prefix, 'x'.repeat(KEY_BYTES_MAX)))).toHaveLength(KEY_BYTES_MAX);
    for (const key of ['x'.repeat(KEY_BYTES_MAX + 1), 'é'.repeat(KEY_BYTES_MAX / 2 + 1), '€'.repeat(1e6)]) {
      expect(() => encodeId(prefix, key)).toThrow(`at most ${String(KEY_BYTES_MAX)} bytes: ${key.slice(0, 5)}`);
    }
  });

  test('has a partition from 0 to 65535, and a string', () => {
    for (const partition of [-1, 65_536, 1.5, NaN]) expect(() => rangeOf(partition)).toThrow(`not ${String(partition)}`);
    expect(() => encodeId(prefix, { $gt: '' } as unknown as string)).toThrow('a key is a string, not object');
  });
});
