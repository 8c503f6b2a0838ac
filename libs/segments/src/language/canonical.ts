// Canonical forms: equal meaning gives equal text, so that equal conditions share one state and equal sets one hash.
// K1 Objects with sorted keys (UTF-16 units), no spaces; numbers as JSON writes them.
// K2 Filters are sorted by path, comparisons by operator, members of a list by type and value without repetition.
import type { Comparison, WhereClause } from '@tessera/features';
import { sha256 } from '@tessera/hash';

/** JSON with sorted keys; members that are undefined are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const fields = value as Readonly<Record<string, unknown>>;
  const members = Object.keys(fields)
    .filter((key) => fields[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(fields[key])}`);
  return `{${members.join(',')}}`;
}

/** SHA-256 of the canonical JSON, lower-case hex. */
export function canonicalHash(value: unknown): string {
  return sha256(canonicalJson(value));
}

export function canonicalComparisons(comparisons: readonly Comparison[]): readonly Comparison[] {
  return comparisons
    .map(({ operator, operand }) => ({
      operator,
      operand: operator === 'in' || operator === 'nin' ? members(operand as readonly unknown[]) : operand,
    }))
    .sort((a, b) => compareTexts(a.operator, b.operator));
}

export function canonicalWhere(clauses: readonly WhereClause[]): readonly WhereClause[] {
  return clauses.toSorted((a, b) => compareTexts(a.path, b.path));
}

export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function members(list: readonly unknown[]): readonly unknown[] {
  return [...new Set(list)].sort((a, b) => compareTexts(sortKey(a), sortKey(b)) || (a as number) - (b as number));
}

function sortKey(value: unknown): string {
  return typeof value === 'number' ? 'number' : `${typeof value} ${String(value)}`;
}
