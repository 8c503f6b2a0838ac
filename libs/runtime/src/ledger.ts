// The conservation ledger of one hop: what was read is what was applied, skipped or refused.
// G1 read = control + replayed + applied + duplicate + late + dropped + deadLettered.
// G2 Plain fields, counted per record, published by others per batch: no label set per record.
import type { Outcome, Reason } from './stage.js';

export class Ledger {
  read = 0;
  /** Control records: barriers, ticks. */
  control = 0;
  /** Read again after a restart, and already in the document. */
  replayed = 0;
  applied = 0;
  duplicate = 0;
  late = 0;
  dropped = 0;
  deadLettered = 0;
  timersFired = 0;
  ticksAppended = 0;
  checkpoints = 0;
  documentsWritten = 0;
  writesRefused = 0;
  restarts = 0;
  outputs = 0;
  readonly reasons = new Map<Reason, number>();

  count(outcome: Outcome): void {
    switch (outcome.kind) {
      case 'applied':
        this.applied += 1;
        return;
      case 'duplicate':
        this.duplicate += 1;
        return;
      case 'late':
        this.late += 1;
        break;
      case 'drop':
        this.dropped += 1;
        break;
      case 'dead-letter':
        this.deadLettered += 1;
    }
    this.reasons.set(outcome.reason, (this.reasons.get(outcome.reason) ?? 0) + 1);
  }

  /** A control record counts as one, whatever the stage made of it; why it was of no use is told beside. */
  countControl(outcome: Outcome): void {
    this.control += 1;
    if (outcome.kind === 'drop') this.reasons.set(outcome.reason, (this.reasons.get(outcome.reason) ?? 0) + 1);
  }

  /** What was read and is accounted for nowhere: always 0. */
  get missing(): number {
    return (
      this.read - this.control - this.replayed - this.applied - this.duplicate - this.late - this.dropped - this.deadLettered
    );
  }
}
