// A halt that only a person ends: a clock is wrong somewhere.

/** A stamp far ahead of this process's clock: applying it would move time for ever. The partition halts with an alert. */
export class StampAheadError extends Error {
  constructor(topic: string, partition: number, offset: number, beyondMs: number) {
    super(
      `${topic}[${String(partition)}] is halted at offset ${String(offset)}: its stamp is ${String(beyondMs)} ms beyond the allowed lead over this clock. ` +
        'Set the clocks right, then restart; nothing was applied.',
    );
    this.name = 'StampAheadError';
  }
}
