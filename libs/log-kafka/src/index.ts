export { KafkaEventLog, DEFAULT_KAFKA_LIMITS, type KafkaEventLogOptions, type KafkaLogLimits } from './kafka-event-log.js';
export type { KafkaConnectionOptions, SaslMechanism, SaslOptions } from './options.js';
export { RECORD_BYTES_MAX } from './topic-plan.js';
