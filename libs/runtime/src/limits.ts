// Bounds of one processor loop. Every queue and slice has one; what happens there is written beside it.

export interface LoopLimits {
  /** Records and bytes of one read: intake is bounded by both. */
  readonly batchRecords: number;
  readonly batchBytes: number;
  /** Outputs not yet acknowledged; above it stepping waits. */
  readonly outboxRecords: number;
  /** Timers of other keys fired between two records. */
  readonly timersPerSlice: number;
  /** Decoded documents held per generation; more are dropped and loaded again. */
  readonly cachedDocuments: number;
  /** Replay budget: a checkpoint begins at whichever comes first. */
  readonly checkpointMs: number;
  readonly checkpointRecords: number;
  readonly checkpointDocuments: number;
  /** A stage with nothing to read writes its state after this pause. */
  readonly idleMs: number;
  /** Documents written in one bulk. */
  readonly writeDocuments: number;
  /** Pause before another Tick when the last one's stamp was below the due time (clocks disagree). */
  readonly tickPauseMs: number;
  /** A stamp further ahead of this process's clock than this halts the partition. */
  readonly stampAheadMs: number;
  /** Back-off after a failure of the world: first and greatest pause. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
}

export const DEFAULT_LIMITS: LoopLimits = {
  batchRecords: 1_000,
  batchBytes: 8 << 20,
  outboxRecords: 50_000,
  timersPerSlice: 256,
  cachedDocuments: 50_000,
  checkpointMs: 10_000,
  checkpointRecords: 250_000,
  checkpointDocuments: 100_000,
  idleMs: 20,
  writeDocuments: 10_000,
  tickPauseMs: 20,
  stampAheadMs: 300_000,
  backoffMs: 50,
  backoffMsMax: 5_000,
};
