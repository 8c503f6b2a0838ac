// Log time of a partition of `fragments`, and how far the own timers of a record's profile run before it.
import type { LogClock, LogRecord } from '@tessera/runtime';
import { closeSource, type SegmentsPartitionState } from './activation.js';

/** Log time after a record: the broker's stamps, or with an event clock what the sources have closed (see activation.ts, A3). */
export function advanceLogTime(clock: LogClock, state: SegmentsPartitionState, record: LogRecord, logTimeMs: number): number {
  if (clock === 'append') return Math.max(logTimeMs, record.stampMs);
  return record.value?.kind === 'tick' ? Math.max(logTimeMs, closeSource(state, record.value)) : logTimeMs;
}

/** Own timers up to a record's effective time fire before it, even where log time has not come so far (clocks differ). */
export function ownTimeOf(record: LogRecord, logTimeMs: number): number {
  const { value } = record;
  if (value?.kind !== 'fragmentChanged' && value?.kind !== 'fragmentDetached') return logTimeMs;
  return value.effectiveMs > logTimeMs ? value.effectiveMs : logTimeMs;
}
