// Servers of one test, to be killed: a broker and a store that nobody else uses.
import { join } from 'node:path';
import { startKafka, type KafkaBroker, type KafkaCluster } from '../../../../tools/services/kafka/cluster.mjs';
import { startMongo, type StandIn } from '../../../../tools/services/mongo/stand-in.mjs';
import { runFolder, type Servers } from './test-cluster.js';

export class OwnServers {
  private constructor(
    private readonly kafka: KafkaCluster,
    readonly store: StandIn,
  ) {}

  static async start(): Promise<OwnServers> {
    const folder = runFolder('servers');
    const [kafka, store] = await Promise.all([
      startKafka({ folder: join(folder, 'kafka') }),
      startMongo({ folder: join(folder, 'mongo') }),
    ]);
    return new OwnServers(kafka, store);
  }

  get broker(): KafkaBroker {
    return this.kafka.brokers[0] as KafkaBroker;
  }

  get addresses(): Servers {
    return { kafka: this.kafka.bootstrap, mongo: this.store.uriOf('tessera') };
  }

  async end(): Promise<void> {
    await Promise.all([this.kafka.destroy(), this.store.destroy()]);
  }
}
