// Filters of queries and updates, built from checked scalars only: no object of a caller ever becomes part of one.
// F1 An argument that is not the string or number it should be is refused, by name: `{ $gt: '' }` never selects anything.
// F2 The only operators are $in, $lt, $lte, $gt and $gte, and they stand where this file puts them.

export interface IdFilter {
  readonly _id: string;
}

export interface GuardFilter extends IdFilter {
  readonly o: { readonly $lt: number };
}

export interface PartitionGuardFilter extends IdFilter {
  readonly n: { readonly $lte: number };
}

export interface IdsFilter {
  readonly _id: { readonly $in: readonly string[] };
}

export interface RangeFilter {
  readonly _id: { readonly $gte: string; readonly $lt: string } | { readonly $gt: string; readonly $lt: string };
}

export interface DueFilter {
  readonly p: number;
  readonly d: { readonly $gte: number };
}

export function byId(id: string): IdFilter {
  return { _id: text(id, '_id') };
}

export function byIds(ids: readonly string[]): IdsFilter {
  return { _id: { $in: ids.map((id) => text(id, '_id')) } };
}

/** The document, where it is older than `lastOffset`. */
export function olderThan(id: string, lastOffset: number): GuardFilter {
  return { _id: text(id, '_id'), o: { $lt: whole(lastOffset, 'lastOffset') } };
}

/** The partition document, where it is not ahead of `nextOffset`. */
export function notAhead(id: string, nextOffset: number): PartitionGuardFilter {
  return { _id: text(id, '_id'), n: { $lte: whole(nextOffset, 'nextOffset') } };
}

/** From `from`, itself left out where `after`, to below `end`. */
export function between(from: string, end: string, after = false): RangeFilter {
  const $lt = text(end, 'end');
  const low = text(from, 'from');
  return { _id: after ? { $gt: low, $lt } : { $gte: low, $lt } };
}

/** Documents of a partition with a timer or an owed job, from a due time on. */
export function dueFrom(partition: number, dueMs: number): DueFilter {
  return { p: whole(partition, 'partition'), d: { $gte: moment(dueMs, 'dueMs') } };
}

/** A string, and nothing that only looks like one. */
export function text(value: string, name: string): string {
  if (typeof value !== 'string') throw refused(name, value, 'a string');
  return value;
}

/** A whole number that a double holds exactly. */
export function whole(value: number, name: string): number {
  if (!Number.isSafeInteger(value)) throw refused(name, value, 'a whole number below 2^53');
  return value;
}

/** Any number; Infinity stands for no timer. */
export function moment(value: number, name: string): number {
  if (typeof value !== 'number' || Number.isNaN(value)) throw refused(name, value, 'a number of milliseconds');
  return value;
}

function refused(name: string, found: unknown, allowed: string): TypeError {
  const shown = typeof found === 'number' ? String(found) : typeof found;
  return new TypeError(`${name} is ${shown}; allowed is ${allowed}`);
}
