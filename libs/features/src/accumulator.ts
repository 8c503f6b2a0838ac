// Accumulators: the running value of one slot over the entries that are in its window (or over a lifetime).
// A1 Adding and removing entries gives the same accumulator as folding what is left from nothing, in any order.
// A2 `addEntry` says whether what is told changed: a value that only repeats another tells nothing new.
// A3 `holderMs` is the time of the entry whose leaving changes what is told next; Infinity over no values. Over a lifetime
//    nothing leaves, and it means nothing.
import { addDecimals, subtractDecimals, ZERO } from './decimal.js';
import { greatestIn, leastIn, numbersIn, textsIn, type Cell, type Scalar } from './cell.js';
import { DISTINCT_VALUES_MAX } from './kinds/distinct.js';
import type { Decimal } from './partial.js';

export interface CountAccumulator {
  readonly kind: 'count';
  n: number;
  holderMs: number;
}
export interface SumAccumulator {
  readonly kind: 'sum' | 'mean';
  s: Decimal;
  n: number;
  holderMs: number;
}
export interface ExtremeAccumulator {
  readonly kind: 'min' | 'max';
  /** Undefined over no numbers. */
  v: number | undefined;
  holderMs: number;
}
export interface ValueAccumulator {
  readonly kind: 'first' | 'last';
  v: Scalar | undefined;
  /** Own time and message id of its event. */
  t: number;
  i: string;
  holderMs: number;
}
export interface DistinctAccumulator {
  readonly kind: 'distinct';
  /** Canonical text to the time of its latest entry. */
  readonly texts: Map<string, number>;
  /** The same texts in order. */
  readonly order: string[];
  /** The least so many are kept. A window keeps all of its entries' texts: when one leaves, one above the cap comes in. */
  readonly textsMax: number;
  /** A value was left out. */
  cut: boolean;
  holderMs: number;
}

export type Accumulator = CountAccumulator | SumAccumulator | ExtremeAccumulator | ValueAccumulator | DistinctAccumulator;

export function accumulatorOf(kind: Accumulator['kind'], textsMax = DISTINCT_VALUES_MAX): Accumulator {
  switch (kind) {
    case 'count':
      return { kind, n: 0, holderMs: Infinity };
    case 'sum':
    case 'mean':
      return { kind, s: ZERO, n: 0, holderMs: Infinity };
    case 'min':
    case 'max':
      return { kind, v: undefined, holderMs: Infinity };
    case 'first':
    case 'last':
      return { kind, v: undefined, t: 0, i: '', holderMs: Infinity };
    case 'distinct':
      return { kind, texts: new Map(), order: [], textsMax, cut: false, holderMs: Infinity };
  }
}

/** One entry, which leaves by `entryMs` (0 over a lifetime), of an event at timeMs. True when what is told changed. */
export function addEntry(held: Accumulator, entryMs: number, timeMs: number, id: string, cell: Cell, weight: number): boolean {
  switch (held.kind) {
    case 'count':
      if (entryMs < held.holderMs) held.holderMs = entryMs;
      held.n += weight;
      return true;
    case 'sum':
    case 'mean': {
      const numbers = numbersIn(cell);
      if (!numbers) return false;
      if (entryMs < held.holderMs) held.holderMs = entryMs;
      held.s = addDecimals(held.s, numbers.s);
      held.n += numbers.n;
      return true;
    }
    case 'min':
    case 'max':
      return addExtreme(held, entryMs, cell);
    case 'first':
    case 'last':
      return addValue(held, entryMs, timeMs, id, cell);
    case 'distinct':
      return addDistinct(held, entryMs, cell);
  }
}

/** An entry leaves count, sum and mean; whoever removes it finds the next holder. */
export function removeEntry(held: CountAccumulator | SumAccumulator, cell: Cell, weight: number): void {
  if (held.kind === 'count') held.n -= weight;
  else {
    const numbers = numbersIn(cell);
    if (!numbers) return;
    held.s = subtractDecimals(held.s, numbers.s);
    held.n -= numbers.n;
  }
}

/** Texts whose latest entry left go. */
export function forgetTexts(held: DistinctAccumulator, goneMs: number): void {
  let least = Infinity;
  for (const [text, latestMs] of held.texts) {
    if (latestMs <= goneMs) {
      held.texts.delete(text);
      held.order.splice(placeOf(held.order, text), 1);
    } else if (latestMs < least) least = latestMs;
  }
  held.holderMs = least;
}

function addExtreme(held: ExtremeAccumulator, entryMs: number, cell: Cell): boolean {
  const value = held.kind === 'min' ? leastIn(cell) : greatestIn(cell);
  if (value === undefined) return false;
  if (held.v !== undefined && (held.kind === 'min' ? value > held.v : value < held.v)) return false;
  if (value === held.v && entryMs <= held.holderMs) return false;
  held.v = value;
  held.holderMs = entryMs;
  return true;
}

function addValue(held: ValueAccumulator, entryMs: number, timeMs: number, id: string, cell: Cell): boolean {
  if (cell === undefined) return false;
  const [v, t, i] = typeof cell === 'object' ? cell[held.kind] : [cell, timeMs, id];
  if (held.v !== undefined) {
    if (t === held.t && i === held.i) return false;
    const later = t > held.t || (t === held.t && i > held.i);
    if (later !== (held.kind === 'last')) return false;
  }
  held.v = v;
  held.t = t;
  held.i = i;
  held.holderMs = entryMs;
  return true;
}

function addDistinct(held: DistinctAccumulator, entryMs: number, cell: Cell): boolean {
  let changed = false;
  for (const text of textsIn(cell)) if (addText(held, text, entryMs)) changed = true;
  return changed;
}

export function addText(held: DistinctAccumulator, text: string, entryMs: number): boolean {
  const { texts, order } = held;
  const latestMs = texts.get(text);
  if (latestMs !== undefined) return repeatText(held, text, latestMs, entryMs);
  if (texts.size >= held.textsMax) {
    const newlyCut = !held.cut;
    held.cut = true;
    if (text > (order.at(-1) as string)) return newlyCut;
    texts.delete(order.pop() as string);
  }
  const sooner = entryMs < held.holderMs;
  if (sooner) held.holderMs = entryMs;
  const place = placeOf(order, text);
  texts.set(text, entryMs);
  order.splice(place, 0, text);
  // Only the first DISTINCT_VALUES_MAX are told, and that there are more.
  return sooner || place < DISTINCT_VALUES_MAX || order.length === DISTINCT_VALUES_MAX + 1;
}

function repeatText(held: DistinctAccumulator, text: string, latestMs: number, entryMs: number): boolean {
  if (latestMs >= entryMs) return false;
  held.texts.set(text, entryMs);
  if (latestMs > held.holderMs) return false;
  const before = held.holderMs;
  held.holderMs = Infinity;
  for (const ms of held.texts.values()) if (ms < held.holderMs) held.holderMs = ms;
  return held.holderMs !== before;
}

/** Index of the first text that is not less. */
function placeOf(order: readonly string[], text: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((order[middle] as string) < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
