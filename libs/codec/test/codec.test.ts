import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Reader, Writer } from '../src/index.js';

const MAX = Number.MAX_SAFE_INTEGER;

const shared = new Writer();

function written(write: (writer: Writer) => void): Uint8Array {
  shared.take();
  write(shared);
  return shared.take();
}

function readBack<T>(write: (writer: Writer) => void, read: (reader: Reader) => T): T {
  const reader = new Reader(written(write));
  const value = read(reader);
  expect(reader.atEnd).toBe(true);
  return value;
}

// Every length around the border between the short path and the long one, every plane of Unicode, a byte order mark in front.
const text = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 50 }),
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.string({ unit: fc.constantFrom('\ufeff', 'a', '\u0000', '𝒜', '\u00ff'), maxLength: 45 }),
);
const json = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' });

describe('what is written is read back', () => {
  test('unsigned integers up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) =>
        expect(
          readBack(
            (w) => w.uint(value),
            (r) => r.uint(),
          ),
        ).toBe(value),
      ),
    );
    for (let power = 0; power <= 53; power++) {
      for (const value of [2 ** power - 1, 2 ** power].filter((candidate) => candidate <= MAX)) {
        expect(
          readBack(
            (w) => w.uint(value),
            (r) => r.uint(),
          ),
        ).toBe(value);
      }
    }
  });

  test('signed integers within 2^52', () => {
    const signed = fc.oneof(fc.integer(), fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 }));
    fc.assert(
      fc.property(signed, (value) =>
        expect(
          readBack(
            (w) => w.int(value),
            (r) => r.int(),
          ),
        ).toBe(value),
      ),
    );
  });

  test('doubles, to the bit', () => {
    fc.assert(
      fc.property(fc.double(), (value) =>
        expect(
          readBack(
            (w) => w.double(value),
            (r) => r.double(),
          ),
        ).toBe(value),
      ),
    );
  });

  test('times, and that there is none', () => {
    const time = fc.oneof(fc.constant(Infinity), fc.integer({ min: -(2 ** 50), max: 2 ** 50 }));
    fc.assert(
      fc.property(time, (value) =>
        expect(
          readBack(
            (w) => w.time(value),
            (r) => r.time(),
          ),
        ).toBe(value),
      ),
    );
  });

  test('text, present or not', () => {
    fc.assert(
      fc.property(text, (value) =>
        expect(
          readBack(
            (w) => w.string(value),
            (r) => r.string(),
          ),
        ).toBe(value),
      ),
    );
    fc.assert(
      fc.property(fc.option(text, { nil: undefined }), (value) =>
        expect(
          readBack(
            (w) => w.optionalString(value),
            (r) => r.optionalString(),
          ),
        ).toBe(value),
      ),
    );
  });

  test('bytes, which are a copy', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (value) => {
        const source = written((w) => w.bytes(value));
        const read = new Reader(source).bytes();
        source.fill(0);
        expect([...read]).toEqual([...value]);
      }),
    );
  });

  test('JSON values, keys named like parts of a prototype among them', () => {
    fc.assert(
      fc.property(json, (value) =>
        expect(
          readBack(
            (w) => w.json(value),
            (r) => r.json(),
          ),
        ).toStrictEqual(value),
      ),
    );
    const trap: unknown = JSON.parse('{"__proto__":{"admin":true},"constructor":1,"toString":null}');
    const read = readBack(
      (w) => w.json(trap),
      (r) => r.json(),
    ) as Record<string, unknown>;
    expect(Object.keys(read).sort()).toEqual(['__proto__', 'constructor', 'toString']);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  test('one after the other, past the end of a chunk', () => {
    const big = 'ä'.repeat(700_000);
    const writer = new Writer();
    for (const value of ['first', big, 'between', big]) writer.string(value);
    const reader = new Reader(writer.take());
    expect([reader.string(), reader.string() === big, reader.string(), reader.string() === big]).toEqual([
      'first',
      true,
      'between',
      true,
    ]);
  });
});

describe('equal values give equal bytes', () => {
  test('whatever the order of the keys', () => {
    fc.assert(
      fc.property(fc.dictionary(text, json), fc.nat(), (value, turn) => {
        const entries = Object.entries(value);
        const turned = Object.fromEntries([
          ...entries.slice(turn % (entries.length + 1)),
          ...entries.slice(0, turn % (entries.length + 1)),
        ]);
        expect(written((w) => w.json(turned))).toEqual(written((w) => w.json(value)));
      }),
    );
  });

  test('whatever was written before by the same writer', () => {
    fc.assert(
      fc.property(json, json, (before, value) => {
        const first = [...written((w) => w.json(value))];
        written((w) => w.json(before));
        expect([...written((w) => w.json(value))]).toEqual(first);
      }),
    );
  });

  test('for every NaN there is', () => {
    const strange = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)[0] as number;
    expect(written((w) => w.double(strange))).toEqual(written((w) => w.double(NaN)));
    expect(written((w) => w.double(-NaN))).toEqual(written((w) => w.double(NaN)));
  });

  test('and undefined counts as null', () => {
    expect(written((w) => w.json([undefined]))).toEqual(written((w) => w.json([null])));
  });

  test('in the same form for ever: these bytes are in stored state', () => {
    const bytes = written((w) => w.json({ b: [1, -1, 0.5, -0, 300], a: 'é', n: null, t: true }));
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '080401610602c3a9016207050301040105' + '3fe0000000000000' + '058000000000000000' + '03ac02' + '016e00' + '017402',
    );
  });
});

test('bytes that were taken stay as they are while the writer goes on', () => {
  const writer = new Writer();
  const taken: [Uint8Array, string][] = [];
  for (let i = 0; i < 3000; i++) {
    writer.string(`${String(i)} ${'x'.repeat(i % 1000)}`);
    const bytes = writer.take();
    taken.push([bytes, Buffer.from(bytes).toString('hex')]);
  }
  expect(taken.every(([bytes, hex]) => Buffer.from(bytes).toString('hex') === hex)).toBe(true);
});

test('half of a surrogate pair becomes U+FFFD, and what was written can be read', () => {
  expect(
    readBack(
      (w) => w.string('a\ud800'),
      (r) => r.string(),
    ),
  ).toBe('a\ufffd');
  expect(
    readBack(
      (w) => w.json({ '\ud801': 1, '\ue000': 2, '\ud800': 3 }),
      (r) => r.json(),
    ),
  ).toEqual({ '\ue000': 2, '\ufffd': 3 });
});

describe('the writer refuses', () => {
  test.each([-1, 0.5, NaN, Infinity, MAX + 1])('%p as an unsigned integer', (value) => {
    expect(() => written((w) => w.uint(value))).toThrow('no unsigned integer');
  });

  test.each([NaN, -Infinity, 0.5])('%p as a time', (value) => {
    expect(() => written((w) => w.time(value))).toThrow('no unsigned integer');
  });
});

describe('the reader refuses', () => {
  const read = (hex: string, what: (reader: Reader) => unknown) => () => what(new Reader(Buffer.from(hex, 'hex')));

  test.each<[string, string, (reader: Reader) => unknown, string]>([
    ['nothing', '', (r) => r.byte(), 'end too early'],
    ['a cut integer', '80', (r) => r.uint(), 'end too early'],
    ['a cut double', '00112233', (r) => r.double(), 'end too early'],
    ['a cut text', '0561', (r) => r.string(), 'end too early'],
    ['cut bytes', '0561', (r) => r.bytes(), 'end too early'],
    ['a text longer than any memory', 'ffffffffffff0f61', (r) => r.string(), 'end too early'],
    ['an array longer than any memory', '07ffffffffffff0f00', (r) => r.json(), 'end too early'],
    ['an integer in a longer form', '8000', (r) => r.uint(), 'shortest form'],
    ['an integer above 2^53 - 1', 'ffffffffffffff10', (r) => r.uint(), 'above 2^53 - 1'],
    ['an integer without an end', 'ffffffffffffffffffff', (r) => r.uint(), 'more than eight bytes'],
    ['a third truth value', '02', (r) => r.bool(), 'neither true nor false'],
    ['an unknown tag', '09', (r) => r.json(), 'unknown tag 9'],
    ['a negative zero as an integer', '0400', (r) => r.json(), 'negative zero'],
    ['an integer as a double', '053ff0000000000000', (r) => r.json(), 'shortest form'],
    ['another NaN', 'fff8000000000000', (r) => r.double(), 'another form of NaN'],
    ['a time before the epoch that is not', '0100', (r) => r.time(), 'before it'],
    ['keys out of order', '0802016200016100', (r) => r.json(), 'keys out of order'],
    ['a key twice', '0802016100016101', (r) => r.json(), 'keys out of order'],
  ])('%s', (_, hex, what, message) => expect(read(hex, what)).toThrow(message));

  test.each([
    ['a lone continuation byte', '0180'],
    ['a longer form of a letter', '02c1a1'],
    ['half of a surrogate pair', '03eda080'],
  ])('text that is not UTF-8: %s', (_, hex) => expect(read(hex, (r) => r.string())).toThrow());

  test('arrays without end in each other, instead of losing the process', () => {
    expect(read('0701'.repeat(1_000_000), (r) => r.json())).toThrow('call stack');
  });

  test('all bytes that the writer would not write for the value that they give', () => {
    const likely = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x61, 0x62, 0x7f, 0x80, 0xc3, 0xff);
    fc.assert(
      fc.property(fc.array(fc.oneof(likely, fc.nat(255)), { maxLength: 24 }), (list) => {
        const reader = new Reader(Uint8Array.from(list));
        let value: unknown;
        try {
          value = reader.json();
        } catch {
          return;
        }
        const again = [...written((w) => w.json(value))];
        expect(list.slice(0, again.length)).toEqual(again);
      }),
      { numRuns: 5000 },
    );
  });
});
