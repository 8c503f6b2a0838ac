// A halt that only a person ends: a clock is wrong somewhere.
import type { LoopOptions } from './loop-options.js';
import type { LogRecord } from './ports.js';

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

/** Applying such a record would move time for ever: nothing of its batch is stepped. */
export function refuseStampsAhead(
  options: Pick<LoopOptions<never, never, never>, 'log' | 'clock' | 'limits' | 'partition'> & {
    readonly stage: { readonly input: string };
  },
  records: readonly LogRecord[],
): void {
  const { log, clock, limits, stage, partition } = options;
  if (log.clock !== 'append') return;
  const bound = clock.nowMs() + limits.stampAheadMs;
  for (const record of records) {
    if (record.stampMs > bound) throw new StampAheadError(stage.input, partition, record.offset, record.stampMs - bound);
  }
}
