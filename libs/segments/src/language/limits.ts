// Bounds and safety of a document, before anything reads it.
// B1 At most 32 levels and 1,000 values in one document, after aliases are followed: a bomb costs no more than that.
// B2 No key of a prototype, nothing that JSON cannot say (NaN, dates, functions, numbers that are not exact).
import { placeIn, type Report } from './error.js';

export const DEPTH_MAX = 32;
export const NODES_MAX = 1_000;
export const TEXT_MAX = 1_048_576;
export const DOCUMENTS_MAX = 1_000;

const UNSAFE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Counts the values of one document. */
export interface Budget {
  nodes: number;
}

/** True where the value at this depth is within bounds; the caller stops at the first that is not. */
export function withinBounds(budget: Budget, depth: number, place: string, report: Report): boolean {
  if (depth > DEPTH_MAX) {
    report.refuse({
      code: 'too-large',
      place,
      problem: `the document is deeper than ${String(DEPTH_MAX)} levels`,
      found: undefined,
      allowed: `${String(DEPTH_MAX)} levels`,
      suggestion: 'name a part as a Segment of its own and refer to it',
    });
    return false;
  }
  if (++budget.nodes <= NODES_MAX) return true;
  report.refuse({
    code: 'too-large',
    place,
    problem: `the document has more than ${String(NODES_MAX)} values, aliases included`,
    found: undefined,
    allowed: `${String(NODES_MAX)} values`,
    suggestion: 'split it; keep long lists in a trait and compare with that',
  });
  return false;
}

/** True where the key is safe. */
export function safeKey(key: string, place: string, report: Report): boolean {
  if (!UNSAFE_KEYS.has(key)) return true;
  report.refuse({
    code: 'unsafe-key',
    place: placeIn(place, key),
    problem: `'${key}' is not allowed as a key`,
    found: key,
    allowed: `any key but ${[...UNSAFE_KEYS].join(', ')}`,
    suggestion: 'rename it',
  });
  return false;
}

/** True where JSON can say the scalar exactly. */
export function exactScalar(value: unknown, place: string, report: Report): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  const number = typeof value === 'number';
  if (number && Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return true;
  report.refuse({
    code: number ? 'bad-value' : 'wrong-type',
    place,
    problem: number ? 'this number cannot be kept exactly' : 'this is no value of JSON',
    found: number ? String(value) : value,
    allowed: 'texts, numbers up to 2^53, true, false, null, lists, mappings',
    suggestion: number ? 'put it in quotes to compare it as a text' : 'write a text or a number',
  });
  return false;
}

/** The same bounds for a value that did not come from text. True where it is fit to be read. */
export function checkValue(root: unknown, report: Report): boolean {
  const budget: Budget = { nodes: 0 };
  const visit = (value: unknown, depth: number, place: string): boolean => {
    if (!withinBounds(budget, depth, place, report)) return false;
    if (Array.isArray(value)) return value.every((part, index) => visit(part, depth + 1, placeIn(place, index)));
    if (!isMapping(value)) return exactScalar(value, place, report);
    let safe = true;
    for (const key of Object.keys(value)) {
      if (!safeKey(key, place, report)) safe = false;
      else if (!visit(value[key], depth + 1, placeIn(place, key))) return false;
    }
    return safe;
  };
  return visit(root, 1, '');
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}
