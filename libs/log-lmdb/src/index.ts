export { LmdbEventLog } from './lmdb-event-log.js';
export type { LmdbEventLogOptions, LogSize } from './lmdb-event-log.js';
export type { AppendObserver } from './append-queue.js';
export type { CompactionOptions, CompactionStep } from './compaction.js';
export type { HotTailLimits } from './hot-tail.js';
export { CorruptFrameError } from './frame.js';
