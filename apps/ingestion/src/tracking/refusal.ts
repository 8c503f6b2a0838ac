// Refusals: an event that is not accepted, and a body that cannot be read at all, as values.
// V1 An event's reason is one of the closed list, which is also the metric label; the request is still answered with 200.
// V2 A body's code is a problem of the API: nothing of it is accepted.
import type { Reason } from '@tessera/runtime';
import type { ProblemCode, ProblemFacts } from '@tessera/nest';

/** One event is refused. A class, so that no event's own fields can ever pass for one. */
export class Refusal {
  constructor(
    readonly reason: Reason,
    /** Path of the field; empty for the event as a whole. */
    readonly field: string,
    readonly detail: string,
  ) {}
}

/** The whole body is refused. */
export class BodyRefusal {
  constructor(
    readonly code: ProblemCode,
    readonly facts: ProblemFacts,
  ) {}
}

/** What a value is, for a message that must not repeat it. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
