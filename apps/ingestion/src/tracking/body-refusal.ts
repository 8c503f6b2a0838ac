// A body that cannot be read at all, as a value: its code is a problem of the API, and nothing of it is accepted.
import type { ProblemCode, ProblemFacts } from '@tessera/nest';

export class BodyRefusal {
  constructor(
    readonly code: ProblemCode,
    readonly facts: ProblemFacts,
  ) {}
}
