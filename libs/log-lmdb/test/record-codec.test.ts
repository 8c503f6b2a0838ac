import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RecordDecoder } from '../src/record-decoder.js';
import type { DecodedRecord } from '../src/record-decoder.js';
import { RecordEncoder } from '../src/record-encoder.js';
import type { EncodableRecord } from '../src/record-encoder.js';

const TRAP_NAMES = [
  '__proto__',
  '__keys__',
  'constructor',
  'toJSON',
  'hasOwnProperty',
  'valueOf',
  '',
  '0',
  '10',
  'a b',
  '\u2028',
  '\ud800',
  '"',
  'é',
];

/** Everything a record may hold. */
const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 300 }),
    fc.constantFrom('same', 'x'.repeat(255), 'x'.repeat(256), 'é'.repeat(255), ''),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.constantFrom(
      0,
      -0,
      NaN,
      Infinity,
      -Infinity,
      63,
      64,
      255,
      256,
      65535,
      65536,
      2 ** 32 - 1,
      2 ** 32,
      -1,
      -(2 ** 31),
      -(2 ** 31) - 1,
    ),
    fc.constantFrom(null, undefined, true, false),
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  ),
  array: fc.array(tie('value'), { maxLength: 6 }),
  object: fc
    .array(fc.tuple(fc.oneof(fc.constantFrom(...TRAP_NAMES), fc.string({ maxLength: 4 })), tie('value')), { maxLength: 8 })
    .map((entries) => objectOf(entries)),
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('leaf'), tie('array'), tie('object')),
})).value;

function objectOf(entries: readonly (readonly [string, unknown])[]): unknown {
  const object = {};
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
}

/** Encoded by one encoder, decoded by another process's decoder. */
function throughFrame(
  encoder: RecordEncoder,
  records: readonly EncodableRecord[],
  decoder = new RecordDecoder(),
): readonly DecodedRecord[] {
  const { structures, texts } = encoder.encode(records);
  const frame = Buffer.concat([structures, texts]);
  const decoded: DecodedRecord[] = [];
  decoder.decode(frame.subarray(0, structures.length), frame.subarray(structures.length), records.length, (_, record) =>
    decoded.push(record),
  );
  frame.fill(0xff);
  return decoded;
}

const valuesThrough = (encoder: RecordEncoder, values: readonly unknown[]): readonly unknown[] =>
  throughFrame(
    encoder,
    values.map((value, i) => ({ key: `w/profile/${String(i)}`, value })),
  ).map(({ value }) => value);

describe('records in a frame', () => {
  test('are decoded strictly equal to what was encoded: missing and undefined, 0 and -0, bytes and buffers, names and order', () => {
    const encoder = new RecordEncoder();
    const decoder = new RecordDecoder();
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            key: fc.string({ unit: 'binary' }),
            value: anyValue,
            headers: fc.option(fc.dictionary(fc.string(), fc.string()), { nil: undefined }),
          }),
          { maxLength: 8 },
        ),
        (records) => {
          const decoded = throughFrame(encoder, records, decoder);
          for (const [i, record] of records.entries()) {
            const { key, value, headers } = decoded[i] as DecodedRecord;
            expect(key).toBe(record.key);
            expect(isDeepStrictEqual(value, record.value)).toBe(true);
            expect(JSON.stringify(value)).toBe(JSON.stringify(record.value));
            expect(isDeepStrictEqual({ ...(headers as object) }, { ...record.headers })).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('give the same values when the encoder has seen other records before and the decoder is new', () => {
    const encoder = new RecordEncoder();
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 5 }), (values) => {
        expect(isDeepStrictEqual(valuesThrough(encoder, values), values)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('keep the prototype of objects clean', () => {
    const value = JSON.parse('{"__proto__": {"polluted": true}}') as object;
    const [decoded] = valuesThrough(new RecordEncoder(), [value]) as [Record<string, unknown>];
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(decoded['polluted']).toBeUndefined();
    expect(Object.keys(decoded)).toEqual(['__proto__']);
  });

  test('may have more shapes than are remembered, and objects used as maps', () => {
    const encoder = new RecordEncoder();
    const shapes = Array.from({ length: 3000 }, (_, i) => ({
      [`only${String(i)}`]: i,
      shared: 'text',
      [`more${String(i % 7)}`]: { a: i },
    }));
    const maps = Array.from({ length: 20 }, (_, i) =>
      Object.fromEntries(Array.from({ length: 200 }, (_, j) => [`p${String(i * 100 + j)}`, 'same'])),
    );
    const nested = {
      list: [
        { a: 'x', next: { a: 'x', next: { a: 'y', next: null } } },
        { a: 'y', next: null },
        { a: 'y', next: null },
      ],
    };
    for (let round = 0; round < 2; round++) {
      const values = [...shapes, ...maps, nested, ...shapes];
      expect(isDeepStrictEqual(valuesThrough(encoder, values), values)).toBe(true);
    }
  });

  test('may be longer than the buffers of the encoder', () => {
    const encoder = new RecordEncoder();
    const values = [
      'é'.repeat(400_000),
      Array.from({ length: 300_000 }, (_, i) => i % 300),
      new Uint8Array(2_000_000).fill(3),
      Array.from({ length: 2000 }, (_, i) => `text ${String(i)} ${'x'.repeat(200)}`),
      { a: '\ud83d', b: '\ude00' },
    ];
    expect(isDeepStrictEqual(valuesThrough(encoder, values), values)).toBe(true);
  });

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['a map', new Map([[1, 2]])],
    [
      'a class instance',
      new (class Person {
        readonly name = 'n';
      })(),
    ],
  ])('cannot hold %s', (_, value) => {
    expect(() => valuesThrough(new RecordEncoder(), [{ nested: [value] }])).toThrow(TypeError);
  });

  test('are shared neither with the encoder nor with the frame', () => {
    const encoder = new RecordEncoder();
    const bytes = new Uint8Array([1, 2, 3]);
    const [decoded] = valuesThrough(encoder, [{ bytes }]) as [{ bytes: Uint8Array }];
    valuesThrough(encoder, [{ bytes: new Uint8Array([9, 9, 9]) }]);
    expect(decoded.bytes).toEqual(bytes);
    expect(decoded.bytes.buffer.byteLength).toBe(3);
  });
});
