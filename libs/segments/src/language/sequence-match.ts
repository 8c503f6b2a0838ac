// Does a trail of events hold a sequence of steps, and until when? Pure; linear in steps times events; allocates nothing.
//
// M1 An event step is met by an event that comes later, by (own time, message id), than the moment of the step before, and
//    within [a, a + w) of it. An absence is met at a + w exactly, if no other event of its kind has its own time in
//    [a, a + w); `a` is the moment of the step before, and the event that made that moment is no other event.
// M2 A match that starts with the event at f and is complete at e makes the sequence true for e <= t < f + window: all of it
//    lies in (t - window, t]. The sequence is true where one of its matches makes it so.
// M3 Of all matches with the same start the one complete first is enough: its time includes that of the others. So it is
//    enough to know, for each start, the earliest end.
// M4 Of the starts that have an end, the later never ends before the earlier. (Where two matches cross, the earlier could go on
//    as the later does: its next step comes even sooner after the moment before it.) So from any point the first candidate
//    that leads to an end is the best one, and the true times of starts in order join from left to right.
import type { TrailPartial } from '@tessera/features';
import type { Step } from './model.js';

/** What a trail says at a time. `nextChangeMs` is exact for the trail as it is: Infinity where time alone changes nothing. */
export interface SequenceAnswer {
  verdict: boolean;
  nextChangeMs: number;
}

export type SequenceMatcher = (trail: TrailPartial | undefined, nowMs: number, answer: SequenceAnswer) => void;

type Events = TrailPartial['e'];

// Scratch of the one evaluation that runs at a time; grown to the longest trail seen.
let ends = new Float64Array(256);
let nextEnds = new Float64Array(256);
let laterOfKind = new Int32Array(256);

export function compileSequence(steps: readonly Step[], windowMs = Infinity): SequenceMatcher {
  const delays = delaysOf(steps);
  return (trail, nowMs, answer) => {
    answer.verdict = false;
    answer.nextChangeMs = Infinity;
    if (trail === undefined || trail.e.length === 0) return;
    earliestEnds(steps, delays, trail.e);
    answerAt(trail.e, windowMs, nowMs, answer);
  };
}

/**
 * The moments of the longest beginning of the sequence that a match holds at this time; of several, of the one that holds longest.
 * For explanations: not on the hot path.
 */
export function prefixMatched(
  steps: readonly Step[],
  windowMs: number | undefined,
  trail: TrailPartial | undefined,
  nowMs: number,
): readonly number[] {
  for (let length = steps.length; length > 0 && trail !== undefined; length--) {
    const moments = traceMatch(steps.slice(0, length), windowMs ?? Infinity, trail.e, nowMs);
    if (moments !== undefined) return moments;
  }
  return [];
}

function traceMatch(steps: readonly Step[], windowMs: number, events: Events, nowMs: number): readonly number[] | undefined {
  const delays = delaysOf(steps);
  earliestEnds(steps, delays, events);
  let last = -1;
  for (let p = 0; p < events.length; p++) {
    if (matchesStep(events, p, 0) && (ends[p] as number) <= nowMs && nowMs < timeAt(events, p) + windowMs) last = p;
  }
  if (last < 0) return undefined;
  const moments = [timeAt(events, last)];
  for (let step = 1; step < steps.length; step++) {
    const { kind, withinMs = Infinity } = steps[step] as Step;
    const moment = moments[step - 1] as number;
    if (kind === 'event') {
      earliestEnds(steps, delays, events, step);
      last = nextOf(events, step, last, moment, withinMs);
    }
    moments.push(kind === 'event' ? timeAt(events, last) : moment + withinMs);
  }
  return moments;
}

/** The first event of the step after `last`, within the bound of the moment, from which the sequence can end. */
function nextOf(events: Events, step: number, last: number, moment: number, withinMs: number): number {
  return events.findIndex(
    ([time], j) => j > last && time >= moment && time < moment + withinMs && matchesStep(events, j, step) && ends[j] !== Infinity,
  );
}

/** From the event of the last event step to the moment of each step before the step: the absences in between. */
function delaysOf(steps: readonly Step[]): readonly number[] {
  const delays: number[] = [];
  let delay = 0;
  for (const step of steps) {
    delays.push(delay);
    delay = step.kind === 'absence' ? delay + (step.withinMs as number) : 0;
  }
  delays.push(delay);
  return delays;
}

/** Fills `ends`: for each event, taken as the one of the last event step up to `done`, the earliest end of a match from there on; Infinity for none. */
function earliestEnds(steps: readonly Step[], delays: readonly number[], events: Events, done = 0): void {
  const count = events.length;
  if (ends.length < count) {
    ends = new Float64Array(count * 2);
    nextEnds = new Float64Array(count * 2);
    laterOfKind = new Int32Array(count * 2);
  }
  const lastDelay = delays[steps.length] as number;
  for (let p = 0; p < count; p++) ends[p] = timeAt(events, p) + lastDelay;
  for (let step = steps.length - 1; step > done; step--) {
    const { kind, withinMs = Infinity } = steps[step] as Step;
    if (kind === 'absence') keepAbsent(events, step, delays[step] as number, withinMs);
    else goOnFromNext(events, step, delays[step] as number, withinMs);
  }
}

/** An event step: the end is that of the first event of the step, after the moment, that has one (M4). */
function goOnFromNext(events: Events, step: number, delayMs: number, withinMs: number): void {
  let lowest = events.length;
  let first = -1;
  for (let p = events.length - 1; p >= 0; p--) {
    const moment = timeAt(events, p) + delayMs;
    while (lowest > p + 1 && (delayMs === 0 || timeAt(events, lowest - 1) >= moment)) {
      lowest--;
      if (matchesStep(events, lowest, step) && ends[lowest] !== Infinity) first = lowest;
    }
    nextEnds[p] = first >= 0 && timeAt(events, first) < moment + withinMs ? (ends[first] as number) : Infinity;
  }
  const spare = ends;
  ends = nextEnds;
  nextEnds = spare;
}

/** An absence: no end where an event of its kind lies in the interval. */
function keepAbsent(events: Events, step: number, delayMs: number, withinMs: number): void {
  let lowest = events.length;
  let first = -1;
  for (let p = events.length - 1; p >= 0; p--) {
    const from = timeAt(events, p) + delayMs;
    while (lowest > 0 && timeAt(events, lowest - 1) >= from) {
      lowest--;
      laterOfKind[lowest] = first;
      if (matchesStep(events, lowest, step)) first = lowest;
    }
    const other = first === p ? (laterOfKind[p] as number) : first;
    if (other >= 0 && timeAt(events, other) < from + withinMs) ends[p] = Infinity;
  }
}

function answerAt(events: Events, windowMs: number, nowMs: number, answer: SequenceAnswer): void {
  let trueUntil = -Infinity;
  for (let p = 0; p < events.length; p++) {
    if (!matchesStep(events, p, 0)) continue;
    const from = ends[p] as number;
    const until = timeAt(events, p) + windowMs;
    if (from >= until || until <= nowMs) continue;
    if (from <= nowMs || (answer.verdict && from <= trueUntil)) {
      answer.verdict = true;
      trueUntil = until;
    } else if (!answer.verdict) {
      answer.nextChangeMs = from;
      return;
    }
  }
  if (answer.verdict) answer.nextChangeMs = trueUntil;
}

function matchesStep(events: Events, index: number, step: number): boolean {
  return ((events[index] as Events[number])[2] & (1 << step)) !== 0;
}

function timeAt(events: Events, index: number): number {
  return (events[index] as Events[number])[0];
}
