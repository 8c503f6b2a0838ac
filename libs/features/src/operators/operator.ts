// What an operator is, and how values of different types compare: the one place for both.
// O1 Equality is strict by type: '5' is not 5. Texts compare by UTF-16 units, case counts.
// O2 Order is one of numbers. A text that is a decimal number (many SDKs send prices as '19.99') counts as that number here, and only here.
// O3 A date is an RFC 3339 text, or a number of the epoch: seconds below 1e11 (until the year 5138), milliseconds from there on
//    (from 1973). Cut to the millisecond.
import { parseInstant } from '@tessera/time';

/** true, false, or undefined: unknown. */
export type Answer = boolean | undefined;

export interface Test {
  /** Never called with a missing value, but for `exists`. */
  test(value: unknown, nowMs: number): Answer;
  /** Next moment after nowMs at which the answer changes by time alone, Infinity for never. Absent where it never does. */
  nextChange?(value: unknown, nowMs: number): number;
}

export interface Operator {
  /** What the operand must be, for a refusal: `a number`. */
  readonly takes: string;
  /** True when the operand is of that form. */
  check(operand: unknown): boolean;
  compile(operand: unknown): Test;
  /** The comparison in words, to follow the name of the value: `is at least 5`. */
  words(operand: unknown): string;
}

export const NEVER = (): number => Infinity;

const DECIMAL = /^-?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?$/;
const EPOCH_MS_FROM = 1e11;

export function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

export function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}

/** The number that a value counts as where order is asked for (O2). */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !DECIMAL.test(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** The instant that a value counts as where a date is asked for (O3), milliseconds since the epoch. */
export function dateOf(value: unknown): number | undefined {
  if (typeof value === 'string') return parseInstant(value);
  if (typeof value !== 'number') return undefined;
  const ms = Math.abs(value) < EPOCH_MS_FROM ? millisecondsOf(value) : Math.floor(value);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** The last millisecond not after these seconds, read as decimals: floor(1.001 * 1000) would be 1000. */
function millisecondsOf(seconds: number): number {
  const ms = Math.round(seconds * 1000);
  return ms / 1000 <= seconds ? ms : ms - 1;
}

/** An operand as people write it. */
export function show(operand: unknown): string {
  return Array.isArray(operand) ? operand.map(show).join(', ') : typeof operand === 'string' ? `'${operand}'` : String(operand);
}
