import { describe, test } from '@jest/globals';
import { eventLogContract } from '@tessera/testkit';
import fc from 'fast-check';
import { CLIENTS, KAFKA_LOG_OFFERS, kafkaLog } from './kafka.js';

/** A Kafka topic holds JSON text, which has no -0. */
const withoutMinusZero = (value: unknown): boolean =>
  !JSON.stringify([value], (_, one: unknown) => (Object.is(one, -0) ? '-0' : one)).includes('"-0"');
const jsonValues = fc.sample(fc.jsonValue({ depthSize: 'large', stringUnit: 'binary' }).filter(withoutMinusZero), {
  numRuns: 1500,
  seed: 20_260_105,
});

for (const client of CLIENTS) {
  const contract = { offers: KAFKA_LOG_OFFERS, open: kafkaLog(client), jsonValues };
  eventLogContract(`KafkaEventLog over ${client}`, contract, { describe, test });
}
