// A cell of a series: the value of one column of one event, or, where old events were folded together, of several.
// C1 Folding keeps count, sum, least, greatest, first and last exactly, and the least distinct values up to one more than their cap:
//    so that whoever counts them sees that there were more.
import type { Reader, Writer } from '@tessera/codec';
import type { Decimal } from './partial.js';
import { addDecimals, decimalOf, ZERO } from './decimal.js';
import { DISTINCT_VALUES_MAX } from './kinds/distinct.js';

export type Scalar = string | number | boolean;

/** A value with its event's own time and message id. */
export type Stamp = readonly [value: Scalar, timeMs: number, messageId: string];

/** A tile: several events as one entry. */
export interface Tile {
  readonly n: number;
  readonly s: Decimal;
  readonly lo: number;
  readonly hi: number;
  readonly first: Stamp;
  readonly last: Stamp;
  /** Canonical texts of the distinct values, sorted; none where nobody asks for them. */
  readonly texts: readonly string[];
}

export type Cell = Scalar | Tile | undefined;

const TILE_TEXTS_MAX = DISTINCT_VALUES_MAX + 1;

/** Only finite numbers, texts and truth values count; anything else is no value. -0 is 0, as it is in JSON. */
export function cellOf(value: unknown): Scalar | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : undefined;
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined;
}

export function isTile(cell: Cell): cell is Tile {
  return typeof cell === 'object';
}

/** Sum and count of the numbers in a cell. */
export function numbersIn(cell: Cell): { readonly n: number; readonly s: Decimal } | undefined {
  if (typeof cell === 'number') return { n: 1, s: decimalOf(cell) };
  return isTile(cell) && cell.n > 0 ? cell : undefined;
}

export function leastIn(cell: Cell): number | undefined {
  return typeof cell === 'number' ? cell : isTile(cell) && cell.n > 0 ? cell.lo : undefined;
}

export function greatestIn(cell: Cell): number | undefined {
  return typeof cell === 'number' ? cell : isTile(cell) && cell.n > 0 ? cell.hi : undefined;
}

export function textsIn(cell: Cell): readonly string[] {
  if (cell === undefined) return [];
  return isTile(cell) ? cell.texts : [JSON.stringify(cell)];
}

/** The cells from..to-1 of one column as one; undefined when none has a value. */
export function foldCells(
  column: readonly Cell[],
  times: readonly number[],
  ids: readonly string[],
  from: number,
  to: number,
  withTexts: boolean,
): Cell {
  if (to === from + 1) return column[from];
  let [n, s, lo, hi]: [number, Decimal, number, number] = [0, ZERO, Infinity, -Infinity];
  let first: Stamp | undefined;
  let last: Stamp | undefined;
  const texts = new Set<string>();
  for (let at = from; at < to; at++) {
    const cell = column[at];
    if (cell === undefined) continue;
    const numbers = numbersIn(cell);
    if (numbers) [n, s] = [n + numbers.n, addDecimals(s, numbers.s)];
    lo = Math.min(lo, leastIn(cell) ?? Infinity);
    hi = Math.max(hi, greatestIn(cell) ?? -Infinity);
    const own: Stamp = isTile(cell) ? cell.first : [cell, times[at] as number, ids[at] ?? ''];
    if (!first || compareStamps(own, first) < 0) first = own;
    const end = isTile(cell) ? cell.last : own;
    if (!last || compareStamps(end, last) > 0) last = end;
    if (withTexts) for (const text of textsIn(cell)) texts.add(text);
  }
  return first && last && { n, s, lo, hi, first, last, texts: [...texts].sort().slice(0, TILE_TEXTS_MAX) };
}

function compareStamps([, t, i]: Stamp, [, t2, i2]: Stamp): number {
  return t - t2 || (i < i2 ? -1 : i > i2 ? 1 : 0);
}

export function writeCell(writer: Writer, cell: Cell): void {
  if (!isTile(cell)) {
    writer.bool(false);
    writer.json(cell);
    return;
  }
  writer.bool(true);
  writer.uint(cell.n);
  writeDecimal(writer, cell.s);
  writer.json(cell.n > 0 ? [cell.lo, cell.hi] : []);
  writer.json([cell.first, cell.last]);
  writer.json(cell.texts);
}

export function readCell(reader: Reader): Cell {
  if (!reader.bool()) return (reader.json() ?? undefined) as Cell;
  const n = reader.uint();
  const s = readDecimal(reader);
  const [lo = Infinity, hi = -Infinity] = reader.json() as number[];
  const [first, last] = reader.json() as [Stamp, Stamp];
  return { n, s, lo, hi, first, last, texts: reader.json() as string[] };
}

export function writeDecimal(writer: Writer, [mantissa, scale]: Decimal): void {
  writer.json(mantissa);
  writer.uint(scale);
}

export function readDecimal(reader: Reader): Decimal {
  const mantissa = reader.json() as number | string;
  return [mantissa, reader.uint()];
}
