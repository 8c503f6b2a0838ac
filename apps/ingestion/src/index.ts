export { IngestionModule } from './ingestion.module.js';
export { INGESTION_LIMITS } from './ingestion-options.js';
export type { IngestionLimits, IngestionOptions } from './ingestion-options.js';
export { IngestionCounters } from './intake/counters.js';
export type { Answer, Verdict } from './intake/reception.js';
export { composeIngestion } from './compose-ingestion.js';
