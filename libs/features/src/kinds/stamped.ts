// What first and last share: the value of the event that comes first or last by (own time, message id).
// S1 Two senders may have sent one message id at one time; then the canonical texts of the values decide.
import type { ValuePartial } from '../partial.js';
import { ended, type Kind } from './kind.js';

/** `direction` is 1 for the last of all, -1 for the first. */
export function stamped(direction: 1 | -1): Kind<ValuePartial> {
  return {
    merge: (a, b) => {
      const { v, t, i } = order(a, b) * direction >= 0 ? a : b;
      return ended({ v, t, i }, a, b);
    },
    read: (partial) => partial?.v,
  };
}

function order(a: ValuePartial, b: ValuePartial): number {
  if (a.t !== b.t) return a.t - b.t;
  if (a.i !== b.i) return a.i < b.i ? -1 : 1;
  const left = JSON.stringify(a.v);
  const right = JSON.stringify(b.v);
  return left < right ? -1 : left > right ? 1 : 0;
}
