// Membership of one profile in one segment.
// M1 It changes only through `transition`.
// M2 Hysteresis: the membership follows the verdict once the verdict has held for the whole of [since, since + duration), with
//    a duration of its own for entering and for leaving. A verdict that flips back earlier starts from nothing. The transition
//    is at since + duration exactly, before anything else that happens at that moment (as with records: own timers first).
// M3 Without a duration (or `atOnce`) the membership is the verdict: nothing is remembered but when it began.
import type { Verdict } from './compiled.js';

/** Path state: what depends on the order of things, not on present values alone. */
export interface PathState {
  member: boolean;
  /** Since when a member; 0 for none. */
  enteredAtMs: number;
  /** What time alone will change. Most memberships never have one: it is made when it is first needed. */
  timing: Timing | undefined;
}

export interface Timing {
  /** Since when the verdict has been the opposite of `member`; 0 where it is not. */
  sinceMs: number;
  /** When the membership will follow the verdict; Infinity where it is not waiting to. */
  deadlineMs: number;
  /** Next moment at which the verdict can change by time alone; Infinity for none. */
  nextChangeMs: number;
}

export interface Stability {
  readonly enterAfterMs: number;
  readonly exitAfterMs: number;
}

export function createPathState(): PathState {
  return { member: false, enteredAtMs: 0, timing: undefined };
}

/** The timing of a path, made where there is none. */
export function timingOf(path: PathState): Timing {
  return (path.timing ??= { sinceMs: 0, deadlineMs: Infinity, nextChangeMs: Infinity });
}

/** Next moment at which this path can move without a record. */
export function pathDueMs({ timing }: PathState): number {
  if (timing === undefined) return Infinity;
  return timing.deadlineMs < timing.nextChangeMs ? timing.deadlineMs : timing.nextChangeMs;
}

/** The same as never seen: such a state is not stored. */
export function isUntouched(path: PathState): boolean {
  return !path.member && pathDueMs(path) === Infinity;
}

/** What the verdict means for membership: unknown follows the segment's policy. */
export function wanted(verdict: Verdict, unknown: 'exclude' | 'include'): boolean {
  return verdict ?? unknown === 'include';
}

/** The verdict as it is from `atMs` on; true when the membership follows at once. */
export function observe(path: PathState, member: boolean, atMs: number, stability: Stability, atOnce: boolean): boolean {
  if (member === path.member) {
    if (path.timing !== undefined) rest(path.timing);
    return false;
  }
  const duration = member ? stability.enterAfterMs : stability.exitAfterMs;
  if (atOnce || duration === 0) {
    transition(path, atMs);
    return true;
  }
  const timing = timingOf(path);
  if (timing.deadlineMs === Infinity) timing.sinceMs = atMs;
  timing.deadlineMs = timing.sinceMs + duration;
  // Only a new definition with a shorter duration can put a deadline that was waited for into the past.
  if (timing.deadlineMs > atMs) return false;
  transition(path, atMs);
  return true;
}

/** The verdict has held until the deadline, if that is not after `atMs`. */
export function settle(path: PathState, atMs: number): boolean {
  const deadline = path.timing?.deadlineMs ?? Infinity;
  if (deadline > atMs) return false;
  transition(path, deadline);
  return true;
}

function transition(path: PathState, atMs: number): void {
  path.member = !path.member;
  path.enteredAtMs = path.member ? atMs : 0;
  if (path.timing !== undefined) rest(path.timing);
}

function rest(timing: Timing): void {
  timing.sinceMs = 0;
  timing.deadlineMs = Infinity;
}
