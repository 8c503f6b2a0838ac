export * from './ports.js';
export * from './stage.js';
export {
  ACCEPTED,
  carrying,
  formatTraceParent,
  parseTraceParent,
  stepSpanId,
  TIMERS_PER_LOOK,
  TRACEPARENT,
  withHeaders,
  type CarriedStep,
  type StageObserver,
  type TraceParent,
} from './carried-headers.js';
export { Ledger } from './ledger.js';
export { DEFAULT_LIMITS, type LoopLimits } from './limits.js';
export type { LoopOptions } from './loop-options.js';
export { ProcessorLoop, type LoopEvents, type LoopStatus } from './processor-loop.js';
export { StampAheadError } from './stamp-ahead-error.js';
export { StageHost, noDefinitions, type HostedLoop, type HostedStage, type HostPorts, type LoopReport } from './stage-host.js';
export type { Membership, OwnedInput, Ownership, PartitionOwner } from './ownership.js';
export { Lifecycle, type Part } from './lifecycle.js';
export { systemClock, systemIds } from './system.js';
