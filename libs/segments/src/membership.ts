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
  return { member: false, enteredAtMs: 0, sinceMs: 0, deadlineMs: Infinity, nextChangeMs: Infinity };
}

/** The same as never seen: such a state is not stored. */
export function isUntouched(path: PathState): boolean {
  return !path.member && path.deadlineMs === Infinity && path.nextChangeMs === Infinity;
}

/** What the verdict means for membership: unknown follows the segment's policy. */
export function wanted(verdict: Verdict, unknown: 'exclude' | 'include'): boolean {
  return verdict ?? unknown === 'include';
}

/** The verdict as it is from `atMs` on. */
export function observe(path: PathState, member: boolean, atMs: number, stability: Stability, atOnce: boolean): void {
  if (member === path.member) {
    path.sinceMs = 0;
    path.deadlineMs = Infinity;
    return;
  }
  if (path.deadlineMs === Infinity) path.sinceMs = atMs;
  path.deadlineMs = path.sinceMs + (member ? stability.enterAfterMs : stability.exitAfterMs);
  // Only a new definition with a shorter duration can put a deadline that was waited for into the past.
  if (atOnce || path.deadlineMs <= atMs) transition(path, atMs);
}

/** The verdict has held until the deadline, if that is not after `atMs`. */
export function settle(path: PathState, atMs: number): boolean {
  if (path.deadlineMs > atMs) return false;
  transition(path, path.deadlineMs);
  return true;
}

/** Next moment at which this path can move without a record. */
export function pathDueMs(path: PathState): number {
  return path.deadlineMs < path.nextChangeMs ? path.deadlineMs : path.nextChangeMs;
}

function transition(path: PathState, atMs: number): void {
  path.member = !path.member;
  path.enteredAtMs = path.member ? atMs : 0;
  path.sinceMs = 0;
  path.deadlineMs = Infinity;
}
