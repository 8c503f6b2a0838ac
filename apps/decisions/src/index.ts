export { DecisionsModule } from './decisions.module.js';
export type { DecisionsOptions } from './decisions.module.js';
export { Decider } from './deciding/decider.js';
export type { DeciderOptions } from './deciding/decider.js';
export { DecisionCounters } from './deciding/decision-counters.js';
export { DECISIONS_PACKAGE, DECISIONS_PROTO, DECISIONS_SERVICE } from './grpc/proto.js';
export { DECIDER } from './tokens.js';
export { composeDecisions, type DecisionsComposition } from './compose-decisions.js';
