export { MemoryEventLog } from './memory-event-log.js';
export type { MemoryEventLogOptions } from './memory-event-log.js';
