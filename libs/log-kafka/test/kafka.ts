// Logs on the Kafka that `npm run test:services` started, each with a topic prefix of its own.
import { randomUUID } from 'node:crypto';
import type { EventLogConditions, EventLogOffer, EventLogSubject } from '@tessera/testkit';
import { KafkaEventLog, type KafkaEventLogOptions } from '../src/index.js';

export type ClientName = NonNullable<KafkaEventLogOptions['client']>;

export const CLIENTS: readonly ClientName[] = ['platformatic', 'kafkajs'];
export const KAFKA_LOG_OFFERS: readonly EventLogOffer[] = ['reopen'];

export function brokers(): readonly string[] {
  const found = process.env['TESSERA_TEST_KAFKA'] ?? '';
  if (found === '') throw new Error('TESSERA_TEST_KAFKA names no broker: run this test by `npm run test:services`');
  return found.split(',');
}

export function logOptions(of: Partial<KafkaEventLogOptions> = {}): KafkaEventLogOptions {
  return {
    connection: { brokers: brokers(), clientId: 'test' },
    clock: 'append',
    partitions: 4,
    prefix: `t${randomUUID().slice(0, 8)}`,
    ...of,
  };
}

export function kafkaLog(client: ClientName) {
  return (conditions: EventLogConditions): Promise<EventLogSubject> =>
    subject(conditions, logOptions({ client, clock: conditions.clock, partitions: conditions.partitions }));
}

async function subject(conditions: EventLogConditions, options: KafkaEventLogOptions): Promise<EventLogSubject> {
  const log = await KafkaEventLog.open(options);
  return {
    log,
    conditions,
    reopen: async () => {
      await log.close();
      return subject(conditions, options);
    },
    dispose: () => log.close(),
  };
}
