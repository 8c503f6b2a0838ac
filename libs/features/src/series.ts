// A series: the events of one selector in one fragment, in order of own time, with a running value for every window over them.
// S1 The entries are those of the longest window as of the last touch; windows are derived from them and are no part of the
//    stored state, so a series decoded from the store goes on exactly as the one that stayed in memory.
// S2 An event costs O(1) but for late ones (an insertion) and for what its leaving makes look again (least, first, distinct).
// S3 Exact to the millisecond up to ENTRIES_MAX entries; above it the oldest are folded into tiles of 1/512 of the longest
//    window: such an entry leaves with its latest event, so a window is too long by at most that, and the partial says so while
//    there is a tile in its window. Folding changes no value: no tile reaches over the head of a window.
import { accumulatorOf, addEntry, forgetTexts, removeEntry, type Accumulator } from './accumulator.js';
import { foldCells, numbersIn, type Cell } from './cell.js';
import type { SeriesPlan, SlotPlan, WindowPlan } from './compile-plan.js';
import { tellAccumulator } from './accumulator-codec.js';
import type { Partial_ } from './partial.js';

/** Raw entries of one series; more are folded into tiles. */
export const ENTRIES_MAX = 4_096;
/** Tiles per longest window. */
export const TILES_PER_WINDOW = 512;

/** Fewer expired entries than this are dropped later: a busy series does not move its arrays at every expiry. */
const DROP_MIN = 64;

interface WindowState {
  readonly plan: WindowPlan;
  /** First entry inside. */
  head: number;
  readonly accumulators: readonly Accumulator[];
}

export interface Series {
  times: number[];
  /** Message ids, where the plan needs them; else empty. */
  ids: string[];
  /** Events per entry; empty while all are 1. */
  weights: number[];
  columns: Cell[][];
  /** Time of the last tile; -Infinity for none. No part of the state. */
  tiledUntilMs: number;
  /** Values of the lifetime slots by slot id. */
  lifetime: ReadonlyMap<string, Accumulator>;
  /** Undefined until attached to a plan. */
  windows: WindowState[] | undefined;
  /** Next moment at which an entry leaves a window, as of the last touch; no part of the state. */
  dueMs: number;
}

/** What most series have none of: one for all, which nobody can add to. */
export const NO_ENTRIES = Object.freeze([]) as unknown as never[];
export const NO_LIFETIME: ReadonlyMap<string, never> = new Map<string, never>();

/** Takes what changed: the slot and its partial (undefined: over no events). */
export type Tell = (slotId: string, partial: Partial_ | undefined) => void;

export function createSeries(plan: SeriesPlan): Series {
  const series: Series = {
    times: [],
    ids: NO_ENTRIES,
    weights: NO_ENTRIES,
    columns: plan.columns.length > 0 ? plan.columns.map(() => []) : NO_ENTRIES,
    tiledUntilMs: -Infinity,
    lifetime:
      plan.lifetime.length > 0 ? new Map(plan.lifetime.map(({ slot }) => [slot.id, accumulatorOf(slot.aggregate)])) : NO_LIFETIME,
    windows: undefined,
    dueMs: Infinity,
  };
  return attachSeries(series, plan, -Infinity);
}

/** Derives the windows of a decoded series; entries with time + window <= asOfMs have left them. */
export function attachSeries(series: Series, plan: SeriesPlan, asOfMs: number): Series {
  if (series.windows) return series;
  if (plan.withIds && series.ids === NO_ENTRIES) series.ids = [];
  series.windows = plan.windows.map((window) => {
    const state: WindowState = {
      plan: window,
      head: firstAfter(series.times, asOfMs - window.windowMs),
      accumulators: window.slots.map(({ slot }) => accumulatorOf(slot.aggregate, Infinity)),
    };
    for (let slot = 0; slot < window.slots.length; slot++) refold(series, state, slot);
    return state;
  });
  schedule(series);
  return series;
}

function schedule(series: Series): void {
  const windows = series.windows as WindowState[];
  const { times } = series;
  let due = Infinity;
  for (let i = 0; i < windows.length; i++) {
    const { plan, head } = windows[i] as WindowState;
    if (head >= times.length) continue;
    const leavesMs = (times[head] as number) + plan.windowMs;
    if (leavesMs < due) due = leavesMs;
  }
  series.dueMs = due;
}

/** One event with own time at or before asOfMs. */
export function addToSeries(
  series: Series,
  plan: SeriesPlan,
  timeMs: number,
  id: string,
  cells: readonly Cell[],
  asOfMs: number,
  tell: Tell,
): void {
  addToLifetime(series, plan, timeMs, id, cells, tell);
  if (plan.keepMs === 0 || timeMs <= asOfMs - plan.keepMs) return;
  insert(series, plan, timeMs, id, cells);
  for (const window of series.windows as WindowState[]) {
    if (timeMs <= asOfMs - window.plan.windowMs) {
      // Everything inside is later: the entry was put in before the head.
      window.head += 1;
      continue;
    }
    const { slots } = window.plan;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as SlotPlan;
      const cell = slot.column < 0 ? undefined : cells[slot.column];
      if (addEntry(window.accumulators[i] as Accumulator, timeMs, timeMs, id, cell, 1) && slot.tells) {
        tell(slot.slot.id, partialOf(series, window, i));
      }
    }
  }
  if (series.times.length - firstLive(series) > ENTRIES_MAX) foldAndTell(series, plan, tell);
  schedule(series);
}

/** Everything that leaves at exactly dueMs. */
export function expireSeries(series: Series, dueMs: number, tell: Tell): void {
  for (const window of series.windows as WindowState[]) {
    const { windowMs, slots } = window.plan;
    const tiled = hasTiles(series, window);
    let left = 0;
    while (window.head < series.times.length && (series.times[window.head] as number) + windowMs <= dueMs) {
      for (let i = 0; i < slots.length; i++) leave(series, window, i);
      window.head += 1;
      left += 1;
    }
    if (left === 0) continue;
    const exactNow = tiled && !hasTiles(series, window);
    for (let i = 0; i < slots.length; i++) {
      const { slot, tells } = slots[i] as SlotPlan;
      const changed = lookAgain(series, window, i, dueMs - windowMs);
      const partial = tells && (changed || exactNow) ? partialOf(series, window, i) : undefined;
      if (partial || (tells && changed)) tell(slot.id, partial);
    }
  }
  drop(series, false);
  schedule(series);
}

/** All partials that this state tells, over no events left out. */
export function tellSeries(series: Series, plan: SeriesPlan, tell: Tell): void {
  for (const window of series.windows as WindowState[]) {
    window.plan.slots.forEach((slot, i) => {
      const partial = slot.tells ? partialOf(series, window, i) : undefined;
      if (partial) tell(slot.slot.id, partial);
    });
  }
  for (const { slot, tells } of plan.lifetime) {
    const partial = tells ? tellAccumulator(series.lifetime.get(slot.id) as Accumulator, undefined, false) : undefined;
    if (partial) tell(slot.id, partial);
  }
}

/** Merges entries and lifetime values that were folded from history into a live series; among equal times the past came first. */
export function mergeSeries(
  live: Series,
  past: Series,
  plan: SeriesPlan,
  asOfMs: number,
  mergeLifetime: (a: Accumulator, b: Accumulator) => Accumulator,
): Series {
  drop(live, true);
  const order = [...past.times.map((_, i) => [past, i] as const), ...live.times.map((_, i) => [live, i] as const)];
  const idOf = ([series, i]: readonly [Series, number]): string => series.ids[i] ?? '';
  order.sort(
    (x, y) => (x[0].times[x[1]] as number) - (y[0].times[y[1]] as number) || (idOf(x) < idOf(y) ? -1 : idOf(x) > idOf(y) ? 1 : 0),
  );
  const tiled = live.weights.length > 0 || past.weights.length > 0;
  const merged: Series = {
    times: order.map(([series, i]) => series.times[i] as number),
    ids: plan.withIds ? order.map(idOf) : [],
    weights: tiled ? order.map(([series, i]) => series.weights[i] ?? 1) : [],
    columns: plan.columns.map((_, column) => order.map(([series, i]) => series.columns[column]?.[i])),
    tiledUntilMs: Math.max(live.tiledUntilMs, past.tiledUntilMs),
    lifetime: new Map(
      plan.lifetime.map(({ slot }) => {
        const [a, b] = [live.lifetime.get(slot.id), past.lifetime.get(slot.id)];
        return [slot.id, a && b ? mergeLifetime(a, b) : ((a ?? b ?? accumulatorOf(slot.aggregate)) as Accumulator)];
      }),
    ),
    windows: undefined,
    dueMs: Infinity,
  };
  attachSeries(merged, plan, asOfMs);
  if (merged.times.length - firstLive(merged) > ENTRIES_MAX) foldOldest(merged, plan);
  schedule(merged);
  return merged;
}

function addToLifetime(series: Series, plan: SeriesPlan, timeMs: number, id: string, cells: readonly Cell[], tell: Tell): void {
  for (const { slot, column, tells } of plan.lifetime) {
    if (slot.sinceMs !== undefined && timeMs < slot.sinceMs) continue;
    const held = series.lifetime.get(slot.id) as Accumulator;
    if (addEntry(held, 0, timeMs, id, column < 0 ? undefined : cells[column], 1) && tells)
      tell(slot.id, tellAccumulator(held, undefined, false));
  }
}

/** In order of (time, id). */
function insert(series: Series, plan: SeriesPlan, timeMs: number, id: string, cells: readonly Cell[]): void {
  const { times, ids, weights, columns } = series;
  let at = times.length;
  while (at > 0 && (times[at - 1] as number) >= timeMs) {
    if (times[at - 1] === timeMs && (!plan.withIds || (ids[at - 1] as string) <= id)) break;
    at -= 1;
  }
  const last = at === times.length;
  if (last) {
    times.push(timeMs);
    if (plan.withIds) ids.push(id);
    if (weights.length > 0) weights.push(1);
    for (let i = 0; i < columns.length; i++) (columns[i] as Cell[]).push(cells[i]);
    return;
  }
  times.splice(at, 0, timeMs);
  if (plan.withIds) ids.splice(at, 0, id);
  if (weights.length > 0) weights.splice(at, 0, 1);
  for (let i = 0; i < columns.length; i++) (columns[i] as Cell[]).splice(at, 0, cells[i]);
}

function leave(series: Series, window: WindowState, index: number): void {
  const held = window.accumulators[index] as Accumulator;
  if (held.kind !== 'count' && held.kind !== 'sum' && held.kind !== 'mean') return;
  const { column } = window.plan.slots[index] as SlotPlan;
  removeEntry(held, column < 0 ? undefined : series.columns[column]?.[window.head], series.weights[window.head] ?? 1);
}

/** After entries up to and including goneMs left: has what is told changed? Finds who holds it now. */
function lookAgain(series: Series, window: WindowState, index: number, goneMs: number): boolean {
  const held = window.accumulators[index] as Accumulator;
  if (held.holderMs > goneMs) return false;
  switch (held.kind) {
    case 'count':
      held.holderMs = series.times[window.head] ?? Infinity;
      return true;
    case 'sum':
    case 'mean':
      held.holderMs = held.n === 0 ? Infinity : firstNumberMs(series, window, index);
      return true;
    case 'distinct':
      forgetTexts(held, goneMs);
      return true;
    default:
      refold(series, window, index);
      return true;
  }
}

/** Each entry is passed once: the search begins at the head. */
function firstNumberMs(series: Series, window: WindowState, index: number): number {
  const column = series.columns[(window.plan.slots[index] as SlotPlan).column] as Cell[];
  let at = window.head;
  while (at < column.length && !numbersIn(column[at])) at += 1;
  return series.times[at] ?? Infinity;
}

/** The accumulator from nothing, over the entries inside. */
function refold(series: Series, window: WindowState, index: number): void {
  const { slot, column } = window.plan.slots[index] as SlotPlan;
  const fresh = accumulatorOf(slot.aggregate, Infinity);
  const { times, ids, weights } = series;
  const cells = column < 0 ? undefined : (series.columns[column] as Cell[]);
  // A late event may stand before a tile that holds an earlier one: only raw entries are in order.
  const firstIsEnough = fresh.kind === 'first' && !hasTiles(series, window);
  for (let i = window.head; i < times.length; i++) {
    const timeMs = times[i] as number;
    if (addEntry(fresh, timeMs, timeMs, ids[i] ?? '', cells?.[i], weights[i] ?? 1) && firstIsEnough) break;
  }
  (window.accumulators as Accumulator[])[index] = fresh;
}

function partialOf(series: Series, window: WindowState, index: number): Partial_ | undefined {
  return tellAccumulator(window.accumulators[index] as Accumulator, window.plan.windowMs, hasTiles(series, window));
}

function hasTiles(series: Series, window: WindowState): boolean {
  const headMs = series.times[window.head];
  return headMs !== undefined && headMs <= series.tiledUntilMs;
}

/** Entries that have left the longest window are dropped now and then; whoever reads the entries begins at `firstLive`. */
function drop(series: Series, force: boolean): void {
  const gone = firstLive(series);
  if (gone === 0 || (!force && gone < DROP_MIN && gone * 2 < series.times.length)) return;
  dropFirst(series.times, gone);
  if (series.ids.length > 0) dropFirst(series.ids, gone);
  if (series.weights.length > 0) dropFirst(series.weights, gone);
  if (series.weights.length > 0 && series.tiledUntilMs < (series.times[0] ?? Infinity)) series.weights = NO_ENTRIES;
  for (const column of series.columns) dropFirst(column, gone);
  for (const window of series.windows as WindowState[]) window.head -= gone;
}

/** `splice` would make an array of what it takes away. */
function dropFirst(array: unknown[], count: number): void {
  const left = array.length - count;
  for (let i = 0; i < left; i++) array[i] = array[i + count];
  array.length = left;
}

/** The longest window is the last. */
export function firstLive(series: Series): number {
  const { windows } = series;
  return windows && windows.length > 0 ? (windows[windows.length - 1] as WindowState).head : 0;
}

/** Folding moves the moment at which an entry leaves, and makes exact values approximate: that is told too. */
function foldAndTell(series: Series, plan: SeriesPlan, tell: Tell): void {
  const before = new Map<string, string>();
  tellSeries(series, plan, (slotId, partial) => before.set(slotId, JSON.stringify(partial)));
  foldOldest(series, plan);
  tellSeries(series, plan, (slotId, partial) => {
    if (JSON.stringify(partial) !== before.get(slotId)) tell(slotId, partial);
  });
}

/** The older half becomes tiles on a grid of 1/512 of the longest window; a tile carries the time of its latest event. */
function foldOldest(series: Series, plan: SeriesPlan): void {
  drop(series, true);
  const { times, ids, weights, columns } = series;
  const windows = series.windows as WindowState[];
  const runs = runsOf(times, Math.max(1, Math.floor(plan.keepMs / TILES_PER_WINDOW)), new Set(windows.map(({ head }) => head)));
  const folded = columns.map((column, c) =>
    runs.map(([from, to]) => foldCells(column, times, ids, from, to, plan.withTexts[c] === true)),
  );
  series.weights = runs.map(([from, to]) => weightOf(weights, from, to));
  series.times = runs.map(([, to]) => times[to - 1] as number);
  series.ids = plan.withIds ? runs.map(([, to]) => ids[to - 1] as string) : [];
  series.columns = folded;
  series.tiledUntilMs = series.times[series.weights.findLastIndex((weight) => weight > 1)] ?? -Infinity;
  const places = new Map(runs.map(([from], place) => [from, place]));
  for (const window of windows) {
    window.head = places.get(window.head) ?? runs.length;
    for (let slot = 0; slot < window.plan.slots.length; slot++) refold(series, window, slot);
  }
}

/** [from, to) of the entries that become one: of the older half, in one place of the grid, on one side of every head. */
function runsOf(times: readonly number[], widthMs: number, heads: ReadonlySet<number>): (readonly [from: number, to: number])[] {
  const half = times.length >> 1;
  const runs: (readonly [number, number])[] = [];
  for (let from = 0, to; from < times.length; from = to) {
    const place = Math.floor((times[from] as number) / widthMs);
    to = from + 1;
    while (to < half && !heads.has(to) && Math.floor((times[to] as number) / widthMs) === place) to += 1;
    runs.push([from, to]);
  }
  return runs;
}

function weightOf(weights: readonly number[], from: number, to: number): number {
  if (weights.length === 0) return to - from;
  let weight = 0;
  for (let i = from; i < to; i++) weight += weights[i] as number;
  return weight;
}

/** Index of the first time greater than `ms`. */
function firstAfter(times: readonly number[], ms: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) > ms) high = middle;
    else low = middle + 1;
  }
  return low;
}
