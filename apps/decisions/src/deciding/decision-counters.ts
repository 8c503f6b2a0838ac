// What was decided and what became of the log of decisions, in plain fields; telemetry publishes them from time to time.

export class DecisionCounters {
  /** Requests that were answered. */
  answered = 0;
  /** Requests that were malformed. */
  refused = 0;
  /** Answers without the person, for the read model was late. */
  timeouts = 0;
  /** Answers without the person, for the read model failed. */
  unavailable = 0;
  /** Slots by `STATUS REASON`. */
  readonly slots = new Map<string, number>();
  /** Decisions that the log has taken. */
  logged = 0;
  /** Decisions that are not in the log: its queue was full, or the append failed. */
  notLogged = 0;

  countSlot(status: string, reason: string): void {
    const name = `${status} ${reason}`;
    this.slots.set(name, (this.slots.get(name) ?? 0) + 1);
  }
}
