// Kafka as one of the servers that `npm run test:services` starts: one broker for all test files.
import { startKafka } from './cluster.mjs';

export const kafkaService = {
  name: 'Kafka',
  variable: 'TESSERA_TEST_KAFKA',
  async start(folder) {
    const cluster = await startKafka({ folder });
    return { address: cluster.bootstrap, stop: () => cluster.destroy() };
  },
};
