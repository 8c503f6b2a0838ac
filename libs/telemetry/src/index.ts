export { Metrics } from './metrics.js';
export type { MetricSource, Reading } from './metrics.js';
export { OperationsServer } from './operations-server.js';
export type { OperationsOptions } from './operations-server.js';
export { createJournal } from './journal.js';
export type { Journal, JournalLevel } from './journal.js';
