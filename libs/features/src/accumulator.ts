// Accumulators: the running value of one slot over the entries that are in its window (or over a lifetime).
// A1 Adding and removing entries in time order gives the same accumulator as folding what is left from nothing.
// A2 `partial` is a new object each time; what was told is never changed afterwards.
import { addDecimals, subtractDecimals, ZERO } from './decimal.js';
import { greatestIn, leastIn, numbersIn, textsIn, type Cell, type Scalar } from './cell.js';
import { DISTINCT_VALUES_MAX } from './kinds/distinct.js';
import type { Decimal } from './partial.js';

export interface CountAccumulator {
  readonly kind: 'count';
  n: number;
}
export interface SumAccumulator {
  readonly kind: 'sum' | 'mean';
  s: Decimal;
  n: number;
}
export interface ExtremeAccumulator {
  readonly kind: 'min' | 'max';
  /** Undefined over no numbers. */
  v: number | undefined;
  /** Time of the latest entry that has it. */
  t: number;
}
export interface ValueAccumulator {
  readonly kind: 'first' | 'last';
  v: Scalar | undefined;
  t: number;
  i: string;
}
export interface DistinctAccumulator {
  readonly kind: 'distinct';
  /** Canonical text to the time of its latest entry. */
  readonly texts: Map<string, number>;
  /** A value was left out at the cap. */
  cut: boolean;
}

export type Accumulator = CountAccumulator | SumAccumulator | ExtremeAccumulator | ValueAccumulator | DistinctAccumulator;

export function accumulatorOf(kind: Accumulator['kind']): Accumulator {
  switch (kind) {
    case 'count':
      return { kind, n: 0 };
    case 'sum':
    case 'mean':
      return { kind, s: ZERO, n: 0 };
    case 'min':
    case 'max':
      return { kind, v: undefined, t: 0 };
    case 'first':
    case 'last':
      return { kind, v: undefined, t: 0, i: '' };
    case 'distinct':
      return { kind, texts: new Map(), cut: false };
  }
}

/** One entry. True when the accumulator changed. */
export function addEntry(held: Accumulator, timeMs: number, id: string, cell: Cell, weight: number): boolean {
  switch (held.kind) {
    case 'count':
      held.n += weight;
      return true;
    case 'sum':
    case 'mean': {
      const numbers = numbersIn(cell);
      if (!numbers) return false;
      held.s = addDecimals(held.s, numbers.s);
      held.n += numbers.n;
      return true;
    }
    case 'min':
    case 'max':
      return addExtreme(held, timeMs, cell);
    case 'first':
    case 'last':
      return addValue(held, timeMs, id, cell);
    case 'distinct':
      return addDistinct(held, timeMs, cell);
  }
}

/** An entry leaves count, sum and mean. The others are looked up again where they may have lost their holder. */
export function removeEntry(held: CountAccumulator | SumAccumulator, cell: Cell, weight: number): void {
  if (held.kind === 'count') held.n -= weight;
  else {
    const numbers = numbersIn(cell);
    if (!numbers) return;
    held.s = subtractDecimals(held.s, numbers.s);
    held.n -= numbers.n;
  }
}

function addExtreme(held: ExtremeAccumulator, timeMs: number, cell: Cell): boolean {
  const value = held.kind === 'min' ? leastIn(cell) : greatestIn(cell);
  if (value === undefined) return false;
  if (held.v !== undefined && (held.kind === 'min' ? value > held.v : value < held.v)) return false;
  if (value === held.v && timeMs <= held.t) return false;
  held.v = value;
  held.t = timeMs;
  return true;
}

function addValue(held: ValueAccumulator, timeMs: number, id: string, cell: Cell): boolean {
  if (cell === undefined) return false;
  const value = typeof cell === 'object' ? cell[held.kind] : cell;
  if (held.v !== undefined) {
    const later = timeMs > held.t || (timeMs === held.t && id > held.i);
    if (later !== (held.kind === 'last')) return false;
    if (timeMs === held.t && id === held.i) return false;
  }
  held.v = value;
  held.t = timeMs;
  held.i = id;
  return true;
}

function addDistinct(held: DistinctAccumulator, timeMs: number, cell: Cell): boolean {
  let changed = false;
  for (const text of textsIn(cell)) {
    const before = held.texts.get(text);
    if (before === undefined && held.texts.size >= DISTINCT_VALUES_MAX) {
      changed ||= !held.cut;
      held.cut = true;
    } else if (before === undefined || before < timeMs) {
      held.texts.set(text, timeMs);
      changed = true;
    }
  }
  return changed;
}
