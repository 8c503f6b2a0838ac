// What came in and what became of it, in plain fields; telemetry publishes them from time to time.
// X1 received = accepted + duplicateInRequest + the sum of deadLettered + notDurable.
import type { Reason } from '@tessera/runtime';
import type { ProblemCode } from '@tessera/nest';

export class IngestionCounters {
  /** Events of requests that were read. */
  received = 0;
  /** Durable in `events`. */
  accepted = 0;
  duplicateInRequest = 0;
  /** Durable in `dead-letters`. */
  readonly deadLettered = new Map<Reason, number>();
  /** Events of requests whose append failed: they may be in the log, and the client sends them again. */
  notDurable = 0;
  /** Requests that were refused as a whole. */
  readonly refused = new Map<ProblemCode, number>();

  countDeadLetter(reason: Reason): void {
    this.deadLettered.set(reason, (this.deadLettered.get(reason) ?? 0) + 1);
  }

  countRefused(code: ProblemCode): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
  }
}
