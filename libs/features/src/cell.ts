// A cell of a series: the value of one column of one event, or, where old events were folded together, of several.
// C1 Folding keeps count, sum, least, greatest, first and last exactly, and distinct values up to a cap.
import type { Reader, Writer } from '@tessera/codec';
import type { Decimal } from './partial.js';
import { addDecimals, decimalOf, ZERO } from './decimal.js';

export type Scalar = string | number | boolean;

/** A tile: several events as one entry. */
export interface Tile {
  readonly n: number;
  readonly s: Decimal;
  readonly lo: number;
  readonly hi: number;
  readonly first: Scalar;
  readonly last: Scalar;
  /** Canonical texts of the distinct values. */
  readonly texts: readonly string[];
}

export type Cell = Scalar | Tile | undefined;

const TILE_TEXTS_MAX = 1_024;

/** Only finite numbers, texts and truth values count; anything else is no value. */
export function cellOf(value: unknown): Scalar | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
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

export function firstIn(cell: Cell): Scalar | undefined {
  return isTile(cell) ? cell.first : cell;
}

export function lastIn(cell: Cell): Scalar | undefined {
  return isTile(cell) ? cell.last : cell;
}

export function textsIn(cell: Cell): readonly string[] {
  if (cell === undefined) return [];
  return isTile(cell) ? cell.texts : [JSON.stringify(cell)];
}

/** The earlier cell and the later one as one. */
export function foldCells(a: Cell, b: Cell): Cell {
  if (a === undefined) return b;
  if (b === undefined) return a;
  const [na, nb] = [numbersIn(a), numbersIn(b)];
  return {
    n: (na?.n ?? 0) + (nb?.n ?? 0),
    s: addDecimals(na?.s ?? ZERO, nb?.s ?? ZERO),
    lo: Math.min(leastIn(a) ?? Infinity, leastIn(b) ?? Infinity),
    hi: Math.max(greatestIn(a) ?? -Infinity, greatestIn(b) ?? -Infinity),
    first: firstIn(a) as Scalar,
    last: lastIn(b) as Scalar,
    texts: [...new Set([...textsIn(a), ...textsIn(b)])].sort().slice(0, TILE_TEXTS_MAX),
  };
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
  const [first, last] = reader.json() as [Scalar, Scalar];
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

