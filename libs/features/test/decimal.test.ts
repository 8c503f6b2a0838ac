// Decimals against exact fractions.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, compareDecimals, decimalOf, decimalToNumber, quotientOf, subtractDecimals, ZERO } from '../src/decimal.js';
import type { Decimal } from '../src/partial.js';
import { compare, isNearest, neighbour, plus, rationalOf, shownBy, type Rational } from './rational.js';

const amount = fc.integer({ min: -10_000_000, max: 10_000_000 }).map((cents) => cents / 100);
const whole = fc.maxSafeInteger();
const moderate = fc.double({ min: -1e9, max: 1e9, noNaN: true });
const any = fc.double({ noNaN: true, noDefaultInfinity: true });
const value = fc.oneof(
  { weight: 4, arbitrary: amount },
  whole,
  moderate,
  any,
  fc.constantFrom(0, -0, 0.1, 0.2, 0.3, 1e21, 1e-7, 5e-324, Number.MAX_VALUE),
);
const decimal = value.map(decimalOf);

describe('a decimal', () => {
  test.each<[number, Decimal]>([
    [0, [0, 0]],
    [-0, [0, 0]],
    [5, [5, 0]],
    [-120, [-120, 0]],
    [19.99, [1999, 2]],
    [-0.5, [-5, 1]],
    [0.0001, [1, 4]],
    [0.00001, [1, 5]],
    [1e-7, [1, 7]],
    [1.5e-7, [15, 8]],
    [5e-324, [5, 324]],
    [0.1 + 0.2, ['30000000000000004', 17]],
    [Number.MAX_SAFE_INTEGER, [9007199254740991, 0]],
    [2 ** 53, ['9007199254740992', 0]],
    [1e21, ['1000000000000000000000', 0]],
    [-1.5e22, ['-15000000000000000000000', 0]],
    [123456789012.3456, [1234567890123456, 4]],
  ])('of %p is %p', (number, expected) => {
    expect(decimalOf(number)).toStrictEqual(expected);
  });

  test('is what the text of the double shows, in the one form', () => {
    fc.assert(
      fc.property(value, (number) => {
        const found = decimalOf(number);
        expectOneForm(found);
        expect(compare(rationalOf(found), shownBy(number))).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });

  test('reads back as the double that it came from', () => {
    fc.assert(
      fc.property(value, (number) => {
        expect(decimalToNumber(decimalOf(number))).toBe(number === 0 ? 0 : number);
      }),
      { numRuns: 2_000 },
    );
  });

  test('of what is no finite number is a bug', () => {
    for (const number of [NaN, Infinity, -Infinity]) expect(() => decimalOf(number)).toThrow('invariant violated');
  });
});

describe('sums of decimals', () => {
  test('are exact: 0.1 + 0.2 = 0.3', () => {
    expect(addDecimals(decimalOf(0.1), decimalOf(0.2))).toStrictEqual([3, 1]);
    expect(addDecimals(decimalOf(0.5), decimalOf(0.5))).toStrictEqual([1, 0]);
    expect(addDecimals(decimalOf(1e21), decimalOf(1e-7))).toStrictEqual(['10000000000000000000000000001', 7]);
  });

  test('leave the safe integers, and come back to them', () => {
    const edge: Decimal = [Number.MAX_SAFE_INTEGER, 0];
    const beyond = addDecimals(edge, [1, 0]);
    expect(beyond).toStrictEqual(['9007199254740992', 0]);
    expect(subtractDecimals(beyond, [1, 0])).toStrictEqual(edge);
    expect(addDecimals([900719925474100, 0], [5, 1])).toStrictEqual(['9007199254741005', 1]);
    expect(addDecimals([900719925474102, 0], [-9007199254740991, 1])).toStrictEqual([29, 1]);
    expect(subtractDecimals([-9007199254740991, 1], [-1801439850948198, 0])).toStrictEqual([9007199254740989, 1]);
  });

  test('equal those of fractions, in the one form', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 8 }), (numbers) => {
        const found = numbers.map(decimalOf).reduce(addDecimals, ZERO);
        expectOneForm(found);
        expect(compare(rationalOf(found), numbers.map(shownBy).reduce(plus, [0n, 1n]))).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });

  test('are the same to the byte in any order and grouping', () => {
    const permuted = fc
      .array(decimal, { maxLength: 12 })
      .chain((parts) => fc.tuple(fc.constant(parts), shuffled(parts), fc.nat({ max: 12 })));
    fc.assert(
      fc.property(permuted, ([parts, others, cut]) => {
        const straight = parts.reduce(addDecimals, ZERO);
        const grouped = addDecimals(others.slice(0, cut).reduce(addDecimals, ZERO), others.slice(cut).reduce(addDecimals, ZERO));
        expect(JSON.stringify(grouped)).toBe(JSON.stringify(straight));
      }),
      { numRuns: 1_000 },
    );
  });

  test('are undone to the byte by subtraction, and 0 stays what it is', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(subtractDecimals(addDecimals(a, b), b)).toStrictEqual(a);
        expect(addDecimals(subtractDecimals(a, b), b)).toStrictEqual(a);
        expect(subtractDecimals(a, a)).toStrictEqual(ZERO);
        expect(addDecimals(a, ZERO)).toStrictEqual(a);
      }),
      { numRuns: 2_000 },
    );
  });
});

test('decimals are ordered as fractions are', () => {
  fc.assert(
    fc.property(decimal, fc.oneof(decimal, fc.constant(undefined)), (a, other) => {
      const b = other ?? a;
      expect(Math.sign(compareDecimals(a, b))).toBe(compare(rationalOf(a), rationalOf(b)));
    }),
    { numRuns: 2_000 },
  );
});

describe('rounding', () => {
  const sum = fc
    .array(fc.oneof(amount, whole, moderate), { minLength: 1, maxLength: 6 })
    .map((numbers) => numbers.map(decimalOf).reduce(addDecimals));

  test('gives the double nearest to a sum', () => {
    fc.assert(
      fc.property(sum, (exact) => {
        expect(isNearest(decimalToNumber(exact), rationalOf(exact))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('of a sum beyond the doubles gives the largest', () => {
    const twice = addDecimals(decimalOf(Number.MAX_VALUE), decimalOf(Number.MAX_VALUE));
    expect(decimalToNumber(twice)).toBe(Number.MAX_VALUE);
    expect(decimalToNumber(subtractDecimals(ZERO, twice))).toBe(-Number.MAX_VALUE);
  });

  test('gives the double nearest to a quotient', () => {
    expect(quotientOf([6, 1], 3)).toBe(0.2);
    const sumOfAmounts = fc
      .array(amount, { minLength: 1, maxLength: 20 })
      .map((amounts) => amounts.map(decimalOf).reduce(addDecimals));
    fc.assert(
      fc.property(sumOfAmounts, fc.integer({ min: 1, max: 1_000_000_000 }), (exact, count) => {
        expect(isNearest(quotientOf(exact, count), divided(rationalOf(exact), count))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('of a quotient beyond the safe integers is off by one unit in the last place at most', () => {
    fc.assert(
      fc.property(fc.array(moderate, { minLength: 2, maxLength: 6 }), fc.integer({ min: 1, max: 1_000 }), (numbers, count) => {
        const exact = numbers.map(decimalOf).reduce(addDecimals);
        const found = quotientOf(exact, count);
        const candidates = [found, neighbour(found, 1n), neighbour(found, -1n)];
        expect(candidates.some((candidate) => isNearest(candidate, divided(rationalOf(exact), count)))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

function expectOneForm([mantissa, scale]: Decimal): void {
  const digits = BigInt(mantissa);
  expect(scale).toBeGreaterThanOrEqual(0);
  expect(typeof mantissa).toBe(digits >= -9007199254740991n && digits <= 9007199254740991n ? 'number' : 'string');
  expect(Object.is(mantissa, -0)).toBe(false);
  if (typeof mantissa === 'string') expect(mantissa).toBe(digits.toString());
  if (scale > 0) expect(digits % 10n).not.toBe(0n);
}

function divided([numerator, denominator]: Rational, count: number): Rational {
  return [numerator, denominator * BigInt(count)];
}

function shuffled<T>(items: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
}
