// Exact decimals, so that a sum does not depend on the order of its values and an expired value can be taken out again to the byte.
// D1 A double stands for the decimal that String(value) shows: 19.99 is 1999 hundredths, not the binary fraction nearest to it.
// D2 One number has one form: scale >= 0, no trailing zero in the mantissa of a scale > 0, a mantissa that is a safe integer is a
//    number and any other is text, zero is [0, 0]. So equal sums are equal bytes.
// D3 Nothing is rounded before `decimalToNumber` and `quotientOf`. A mantissa has at most the 633 digits between the largest and the
//    smallest double, and those that a count of values adds.
// Numbers of the mantissa's safe range are computed without BigInt: all that amounts of money and counts ever need.
import { invariant } from '@tessera/runtime';
import type { Decimal } from './partial.js';

export const ZERO: Decimal = [0, 0];

/** Powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => Number(`1e${String(exponent)}`));
/** A decimal of at most 15 digits is the shortest text of the double nearest to it. */
const SHORTEST_BELOW = 1e15;
const SHORT_SCALES = 4;

export function decimalOf(value: number): Decimal {
  invariant(Number.isFinite(value), 'only a finite number is a decimal');
  if (value === 0) return ZERO;
  if (Number.isSafeInteger(value)) return [value, 0];
  for (let scale = 1; scale <= SHORT_SCALES; scale++) {
    const power = POWERS[scale] as number;
    const mantissa = Math.round(value * power);
    if (Math.abs(mantissa) >= SHORTEST_BELOW) break;
    if (mantissa / power === value) return [mantissa, scale];
  }
  return parse(String(value));
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  return added(a, b, 1);
}

export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  return added(a, b, -1);
}

/** Negative where a < b, positive where a > b, else 0. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a[1] === b[1] && typeof a[0] === 'number' && typeof b[0] === 'number') return a[0] - b[0];
  const scale = Math.max(a[1], b[1]);
  const left = mantissaAt(a, scale);
  const right = mantissaAt(b, scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The finite double nearest to it. */
export function decimalToNumber([mantissa, scale]: Decimal): number {
  // Both are exact doubles, and a division of such is rounded correctly.
  if (typeof mantissa === 'number' && scale < POWERS.length) return mantissa / (POWERS[scale] as number);
  return finite(Number(`${String(mantissa)}e-${String(scale)}`));
}

/** The double nearest to the decimal divided by a count > 0; off by one unit in the last place beyond the safe integers. */
export function quotientOf(decimal: Decimal, count: number): number {
  const [mantissa, scale] = decimal;
  if (typeof mantissa === 'number' && scale < POWERS.length) {
    const divisor = (POWERS[scale] as number) * count;
    if (divisor <= Number.MAX_SAFE_INTEGER) return mantissa / divisor;
  }
  return decimalToNumber(decimal) / count;
}

function added(a: Decimal, b: Decimal, sign: 1 | -1): Decimal {
  const left = a[0];
  const right = b[0];
  if (typeof left === 'number' && typeof right === 'number') {
    const shift = a[1] - b[1];
    if (shift > -POWERS.length && shift < POWERS.length) {
      const leftUp = shift < 0 ? left * (POWERS[-shift] as number) : left;
      const rightUp = shift > 0 ? right * (POWERS[shift] as number) : right;
      // One part is safe as it is; the other is a multiple of ten where it was scaled, so exact up to 2^54. Above that no sum is safe.
      const mantissa = leftUp + sign * rightUp;
      if (Number.isSafeInteger(mantissa)) return trimmed(mantissa, shift < 0 ? b[1] : a[1]);
    }
  }
  const scale = Math.max(a[1], b[1]);
  return trimmedLarge(mantissaAt(a, scale) + BigInt(sign) * mantissaAt(b, scale), scale);
}

function trimmed(mantissa: number, scale: number): Decimal {
  if (mantissa === 0) return ZERO;
  while (scale > 0 && mantissa % 10 === 0) {
    mantissa /= 10;
    scale--;
  }
  return [mantissa, scale];
}

function trimmedLarge(mantissa: bigint, scale: number): Decimal {
  if (mantissa === 0n) return ZERO;
  while (scale > 0 && mantissa % 10n === 0n) {
    mantissa /= 10n;
    scale--;
  }
  const number = Number(mantissa);
  return [Number.isSafeInteger(number) ? number : String(mantissa), scale];
}

function mantissaAt([mantissa, scale]: Decimal, wanted: number): bigint {
  return wanted === scale ? BigInt(mantissa) : BigInt(mantissa) * 10n ** BigInt(wanted - scale);
}

/** Reads the text of a double: `-1.25`, `1e+21`, `1.5e-7`. */
function parse(text: string): Decimal {
  const [digits = '', exponent = '0'] = text.split('e');
  const [whole = '', fraction = ''] = digits.split('.');
  const scale = fraction.length - Number(exponent);
  const mantissa = BigInt(whole + fraction);
  return scale >= 0 ? trimmedLarge(mantissa, scale) : trimmedLarge(mantissa * 10n ** BigInt(-scale), 0);
}

function finite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
