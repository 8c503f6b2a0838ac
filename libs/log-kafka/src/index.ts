export { logKafka } from './log-kafka.js';
