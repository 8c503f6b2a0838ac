// An event that is not accepted, as a value.
// V1 The reason is one of the closed list, which is also the metric label; a request with such an event is still answered with 200.
import type { Reason } from '@tessera/runtime';

/** One event is refused. A class, so that no event's own fields can ever pass for one. */
export class Refusal {
  constructor(
    readonly reason: Reason,
    /** Path of the field; empty for the event as a whole. */
    readonly field: string,
    readonly detail: string,
  ) {}
}

/** What a value is, for a message that must not repeat it. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
