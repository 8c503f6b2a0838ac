// The trail of one fragment: the events that the steps of a sequence select, in order of (own time, message id).
// T1 At most TRAIL_EVENTS_MAX events, the newest; the partial says that one was cut as long as that would be in the window.
// T2 So a trail is a function of the events in its window: what was folded from history meets what is live without a seam.
import type { Reader, Writer } from '@tessera/codec';
import type { TrackedRecord } from '@tessera/contracts';
import { eventNameOf, type TrailPlan } from './compile-plan.js';
import { TRAIL_EVENTS_MAX } from './kinds/trail.js';
import type { TrailPartial } from './partial.js';

export type TrailEvent = readonly [timeMs: number, messageId: string, mask: number];

export interface Trail {
  events: TrailEvent[];
  /** Own time of the newest event that was cut; -Infinity for none. */
  cutMs: number;
}

export function createTrail(): Trail {
  return { events: [], cutMs: -Infinity };
}

/** Bit mask of the steps that select the event; 0 for none. */
export function maskOf(plan: TrailPlan, event: TrackedRecord, ownTimeMs: number): number {
  const name = eventNameOf(event);
  let mask = 0;
  for (let i = 0; i < plan.selects.length; i++) {
    const select = plan.selects[i] as TrailPlan['selects'][number];
    if (select.event === name && select.test(event, ownTimeMs)) mask |= 1 << i;
  }
  return mask;
}

export function trailDueMs(trail: Trail, plan: TrailPlan): number {
  if (plan.slot.windowMs === undefined) return Infinity;
  // What was cut is not later than what was kept.
  const nextMs = trail.cutMs > -Infinity ? trail.cutMs : trail.events[0]?.[0];
  return nextMs === undefined ? Infinity : nextMs + plan.slot.windowMs;
}

/** True when the trail changed. */
export function addToTrail(trail: Trail, plan: TrailPlan, event: TrailEvent, asOfMs: number): boolean {
  if (plan.slot.windowMs !== undefined && event[0] <= asOfMs - plan.slot.windowMs) return false;
  const { events } = trail;
  let at = events.length;
  while (at > 0 && before(event, events[at - 1] as TrailEvent)) at -= 1;
  if (at === 0 && events.length >= TRAIL_EVENTS_MAX) {
    if (event[0] <= trail.cutMs) return false;
    // Told even when one was cut before: the moment of the next change is another.
    const told = trail.cutMs === -Infinity || plan.slot.windowMs !== undefined;
    trail.cutMs = event[0];
    return told;
  }
  events.splice(at, 0, event);
  if (events.length > TRAIL_EVENTS_MAX) trail.cutMs = Math.max(trail.cutMs, (events.shift() as TrailEvent)[0]);
  return true;
}

export function expireTrail(trail: Trail, plan: TrailPlan, dueMs: number): boolean {
  const windowMs = plan.slot.windowMs ?? Infinity;
  const said = trail.cutMs > -Infinity && trail.cutMs + windowMs <= dueMs;
  if (said) trail.cutMs = -Infinity;
  let gone = 0;
  while (gone < trail.events.length && (trail.events[gone] as TrailEvent)[0] + windowMs <= dueMs) gone += 1;
  if (gone > 0) trail.events.splice(0, gone);
  return gone > 0 || said;
}

export function tellTrail(trail: Trail, plan: TrailPlan): TrailPartial | undefined {
  if (trail.events.length === 0) return undefined;
  const due = trailDueMs(trail, plan);
  return {
    e: [...trail.events],
    ...(trail.cutMs === -Infinity ? {} : { a: true as const }),
    ...(due === Infinity ? {} : { u: due }),
  };
}

/** A trail folded from history joins the live one; both without what has left the window. */
export function mergeTrails(live: Trail, past: Trail): Trail {
  const events = [...live.events, ...past.events].sort((a, b) => (before(a, b) ? -1 : 1));
  const cut = events.splice(0, Math.max(0, events.length - TRAIL_EVENTS_MAX));
  return { events, cutMs: Math.max(live.cutMs, past.cutMs, cut.at(-1)?.[0] ?? -Infinity) };
}

export function writeTrail(writer: Writer, trail: Trail): void {
  writer.uint(trail.events.length);
  for (const [timeMs, messageId, mask] of trail.events) {
    writer.int(timeMs);
    writer.string(messageId);
    writer.uint(mask);
  }
  writer.bool(trail.cutMs !== -Infinity);
  if (trail.cutMs !== -Infinity) writer.int(trail.cutMs);
}

export function readTrail(reader: Reader): Trail {
  const events = Array.from({ length: reader.uint() }, (): TrailEvent => [reader.int(), reader.string(), reader.uint()]);
  return { events, cutMs: reader.bool() ? reader.int() : -Infinity };
}

function before(a: TrailEvent, b: TrailEvent): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}
