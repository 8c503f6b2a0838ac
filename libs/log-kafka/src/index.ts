export { KafkaEventLog, DEFAULT_KAFKA_LIMITS, type KafkaEventLogOptions, type KafkaLogLimits } from './kafka-event-log.js';
export { UnreadableBatchError } from './compression.js';
export { KafkaRefusedError, type RefusalReason } from './refusal.js';
export type { KafkaConnectionOptions, SaslMechanism, SaslOptions } from './options.js';
export { RECORD_BYTES_MAX } from './topic-plan.js';
export { KafkaOwnership, DEFAULT_OWNERSHIP_TIMES, type KafkaOwnershipOptions, type OwnershipTimes } from './kafka-ownership.js';
export type { TellOfGroup } from './platformatic/group-member.js';
