// trail: the events that the steps of a sequence name, in order.
// T1 Ordered by (own time, message id). Events of two senders stay two, even where one message id was sent by both; then the mask decides.
// T2 At most TRAIL_EVENTS_MAX events are kept, the newest; `a` says that older ones were cut.
import type { TrailPartial } from '../partial.js';
import { ended, type Kind } from './kind.js';

export const TRAIL_EVENTS_MAX = 512;

type TrailEvent = TrailPartial['e'][number];

export const trail: Kind<TrailPartial, TrailPartial['e'] | undefined> = {
  merge: (a, b) => {
    const cut = a.e.length + b.e.length > TRAIL_EVENTS_MAX;
    return ended({ e: newest(a.e, b.e) }, a, b, cut);
  },
  read: (partial) => partial?.e,
};

/** Of two lists in order the newest events, in order. */
function newest(a: readonly TrailEvent[], b: readonly TrailEvent[]): TrailEvent[] {
  const length = Math.min(a.length + b.length, TRAIL_EVENTS_MAX);
  const events = new Array<TrailEvent>(length);
  let i = a.length - 1;
  let j = b.length - 1;
  for (let at = length - 1; at >= 0; at--) {
    const fromA = j < 0 || (i >= 0 && compareEvents(a[i] as TrailEvent, b[j] as TrailEvent) > 0);
    events[at] = (fromA ? a[i--] : b[j--]) as TrailEvent;
  }
  return events;
}

function compareEvents(a: TrailEvent, b: TrailEvent): number {
  if (a[0] !== b[0]) return a[0] - b[0];
  if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1;
  return a[2] - b[2];
}
