// Memberships of one profile, in packed arrays by place of the segment in its set.
// M1 A membership changes only through `transition`.
// M2 Hysteresis: the membership follows the verdict once the verdict has held for the whole of [since, since + duration), with
//    a duration of its own for entering and for leaving. A verdict that flips back earlier starts from nothing. The transition
//    is at since + duration exactly, before anything else that happens at that moment (as with records: own timers first).
// M3 Without a duration (or `atOnce`) the membership is the verdict: nothing is remembered but when it began.
// M4 A timer in which nothing waits is not kept: equal paths have equal arrays.
import type { Verdict } from './compiled.js';

/** Path state: what depends on the order of things, not on present values alone. */
export interface Paths {
  /** Since when a member, by place; Infinity where it is not. */
  entered: number[];
  /**
   * What time alone will change, ascending by place: place, since when the verdict has been the opposite of the membership
   * (0 where it is not), when the membership will follow it, and the next moment at which the verdict can change (Infinity
   * for never, both). Most profiles have none: it is made when it is first needed.
   */
  timers: number[] | undefined;
}

/** Columns of a timer. */
export const SINCE = 1;
export const DEADLINE = 2;
export const NEXT_CHANGE = 3;
export const TIMER_WIDTH = 4;

/** One path, as it is read: not on the hot path. */
export interface PathState {
  readonly member: boolean;
  /** Since when a member; 0 for none. */
  readonly enteredAtMs: number;
  /** Since when the verdict has been the opposite of `member`, and when the membership will follow it; 0 and Infinity where it is not. */
  readonly sinceMs: number;
  readonly deadlineMs: number;
  /** Next moment at which the verdict can change by time alone; Infinity for none. */
  readonly nextChangeMs: number;
}

export interface Stability {
  readonly enterAfterMs: number;
  readonly exitAfterMs: number;
}

/** The path at a place. */
export function pathAt({ entered, timers }: Paths, place: number): PathState {
  const enteredAtMs = entered[place] ?? Infinity;
  const at = timers === undefined ? -1 : findTimer(timers, place);
  const timer = at < 0 ? AT_REST : (timers as number[]).slice(at, at + TIMER_WIDTH);
  return {
    member: enteredAtMs !== Infinity,
    enteredAtMs: enteredAtMs === Infinity ? 0 : enteredAtMs,
    sinceMs: timer[SINCE] as number,
    deadlineMs: timer[DEADLINE] as number,
    nextChangeMs: timer[NEXT_CHANGE] as number,
  };
}

const AT_REST: readonly number[] = [0, 0, Infinity, Infinity];

/** Next moment at which this path can move without a record. */
export function pathDueMs({ deadlineMs, nextChangeMs }: PathState): number {
  return deadlineMs < nextChangeMs ? deadlineMs : nextChangeMs;
}

/** The same as never seen: such a path is not stored. */
export function isUntouched(path: PathState): boolean {
  return !path.member && pathDueMs(path) === Infinity;
}

/** Next moment at which any path can move without a record. */
export function dueOf({ timers }: Paths): number {
  let due = Infinity;
  if (timers === undefined) return due;
  for (let at = 0; at < timers.length; at += TIMER_WIDTH) {
    const deadline = timers[at + DEADLINE] as number;
    const nextChange = timers[at + NEXT_CHANGE] as number;
    if (deadline < due) due = deadline;
    if (nextChange < due) due = nextChange;
  }
  return due;
}

/** What the verdict means for membership: unknown follows the segment's policy. */
export function wanted(verdict: Verdict, unknown: 'exclude' | 'include'): boolean {
  return verdict ?? unknown === 'include';
}

/** Notes when the verdict can next change by time alone; Infinity for never. */
export function expectChange(paths: Paths, place: number, nextChangeMs: number): void {
  if (nextChangeMs === Infinity) {
    if (paths.timers === undefined) return;
    const at = findTimer(paths.timers, place);
    if (at < 0) return;
    paths.timers[at + NEXT_CHANGE] = Infinity;
    dropAtRest(paths, at);
  } else {
    const at = timerFor(paths, place);
    (paths.timers as number[])[at + NEXT_CHANGE] = nextChangeMs;
  }
}

/** The verdict as it is from `atMs` on; true when the membership follows at once. */
export function observe(
  paths: Paths,
  place: number,
  member: boolean,
  atMs: number,
  stability: Stability,
  atOnce: boolean,
): boolean {
  if (member === (paths.entered[place] !== Infinity)) {
    if (paths.timers !== undefined) rest(paths, place);
    return false;
  }
  const duration = member ? stability.enterAfterMs : stability.exitAfterMs;
  if (atOnce || duration === 0) {
    transition(paths, place, atMs);
    return true;
  }
  const at = timerFor(paths, place);
  const timers = paths.timers as number[];
  if (timers[at + DEADLINE] === Infinity) timers[at + SINCE] = atMs;
  const deadlineMs = (timers[at + SINCE] as number) + duration;
  timers[at + DEADLINE] = deadlineMs;
  // Only a new definition with a shorter duration can put a deadline that was waited for into the past.
  if (deadlineMs > atMs) return false;
  transition(paths, place, atMs);
  return true;
}

/** The verdict has held until the deadline, if that is not after `atMs`. */
export function settle(paths: Paths, place: number, atMs: number): boolean {
  const { timers } = paths;
  const at = timers === undefined ? -1 : findTimer(timers, place);
  const deadlineMs = at < 0 ? Infinity : ((timers as number[])[at + DEADLINE] as number);
  if (deadlineMs > atMs) return false;
  transition(paths, place, deadlineMs);
  return true;
}

/** Adds a timer at a place that is above those of all others. */
export function appendTimer(paths: Paths, place: number, sinceMs: number, deadlineMs: number, nextChangeMs: number): void {
  if (paths.timers === undefined) paths.timers = [place, sinceMs, deadlineMs, nextChangeMs];
  else paths.timers.push(place, sinceMs, deadlineMs, nextChangeMs);
}

/** Where the timer of a place begins; negative where it has none. */
export function findTimer(timers: readonly number[], place: number): number {
  for (let at = 0; at < timers.length; at += TIMER_WIDTH) {
    if ((timers[at] as number) >= place) return timers[at] === place ? at : -1;
  }
  return -1;
}

/** Where the timer of a place begins; made where there is none. */
function timerFor(paths: Paths, place: number): number {
  const { timers } = paths;
  if (timers === undefined) {
    paths.timers = [place, 0, Infinity, Infinity];
    return 0;
  }
  let at = 0;
  while (at < timers.length && (timers[at] as number) < place) at += TIMER_WIDTH;
  if (timers[at] === place) return at;
  timers.push(0, 0, 0, 0);
  timers.copyWithin(at + TIMER_WIDTH, at, timers.length - TIMER_WIDTH);
  timers[at] = place;
  timers[at + SINCE] = 0;
  timers[at + DEADLINE] = Infinity;
  timers[at + NEXT_CHANGE] = Infinity;
  return at;
}

function transition(paths: Paths, place: number, atMs: number): void {
  paths.entered[place] = paths.entered[place] === Infinity ? atMs : Infinity;
  if (paths.timers !== undefined) rest(paths, place);
}

/** Nothing waits to follow. */
function rest(paths: Paths, place: number): void {
  const timers = paths.timers as number[];
  const at = findTimer(timers, place);
  if (at < 0) return;
  timers[at + SINCE] = 0;
  timers[at + DEADLINE] = Infinity;
  dropAtRest(paths, at);
}

function dropAtRest(paths: Paths, at: number): void {
  const timers = paths.timers as number[];
  if (timers[at + DEADLINE] !== Infinity || timers[at + NEXT_CHANGE] !== Infinity) return;
  if (timers.length === TIMER_WIDTH) paths.timers = undefined;
  else {
    timers.copyWithin(at, at + TIMER_WIDTH);
    timers.length -= TIMER_WIDTH;
  }
}
