// Exact fractions, to judge decimals and their rounding by: slow, and sharing nothing with what they judge.
import type { Decimal } from '../src/partial.js';

export type Rational = readonly [numerator: bigint, denominator: bigint];

const bits = new DataView(new ArrayBuffer(8));

/** The decimal that the text of a double shows. */
export function shownBy(value: number): Rational {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (match === null) throw new Error(`not a double's text: ${String(value)}`);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(sign + whole + fraction);
  const shift = Number(exponent) - fraction.length;
  return shift >= 0 ? [digits * 10n ** BigInt(shift), 1n] : [digits, 10n ** BigInt(-shift)];
}

export function rationalOf([mantissa, scale]: Decimal): Rational {
  return [BigInt(mantissa), 10n ** BigInt(scale)];
}

export function plus([a, b]: Rational, [c, d]: Rational): Rational {
  return [a * d + c * b, b * d];
}

export function compare([a, b]: Rational, [c, d]: Rational): -1 | 0 | 1 {
  const left = a * d;
  const right = c * b;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** No other double is nearer to the fraction; for doubles inside the finite range. */
export function isNearest(value: number, exact: Rational): boolean {
  const distance = apart(binary(value), exact);
  return [-1n, 1n].every((step) => compare(distance, apart(binary(neighbour(value, step)), exact)) <= 0);
}

/** The fraction that a double is. */
function binary(value: number): Rational {
  if (!Number.isFinite(value)) throw new Error(`no fraction: ${String(value)}`);
  let denominator = 1n;
  while (!Number.isInteger(value)) {
    value *= 2;
    denominator *= 2n;
  }
  return [BigInt(value), denominator];
}

/** The next double above (1) or below (-1). */
export function neighbour(value: number, step: bigint): number {
  if (value === 0) return Number(step) * Number.MIN_VALUE;
  bits.setFloat64(0, value);
  bits.setBigInt64(0, bits.getBigInt64(0) + (value < 0 ? -step : step));
  return bits.getFloat64(0);
}

function apart([a, b]: Rational, [c, d]: Rational): Rational {
  const difference = a * d - c * b;
  return [difference < 0n ? -difference : difference, b * d];
}
