// The Kafka client of the log over @platformatic/kafka: its connections, security and protocol; our own batches, retries and order.
import { RetryableError } from '@tessera/runtime';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FetchAnswer, FetchLimits, FetchPosition, FoundTopic, KafkaClient, WireRecord } from '../client.js';
import type { KafkaConnectionOptions } from '../options.js';
import { asRefused, KafkaRefusedError, reasonIn } from '../refusal.js';
import type { TopicPlan } from '../topic-plan.js';
import { Cluster, isRetriable } from './cluster.js';
import { fetchFrom } from './fetch-request.js';
import { IdempotentProducer } from './producer.js';
import { createTopics, describeTopics } from './topics.js';

export interface ClientTimes {
  /** An append that is not acknowledged after this long, over all tries, is given up. */
  readonly deliveryMs: number;
  /** What a broker may take to bring a batch to its in-sync replicas. */
  readonly requestMs: number;
  /** A question (an offset, a topic) without an answer after this long, over all tries, is given up. */
  readonly askMs: number;
}

const PAUSE_MS = 50;

export class PlatformaticClient implements KafkaClient {
  private readonly cluster: Cluster;
  private readonly producer: IdempotentProducer;

  constructor(
    options: KafkaConnectionOptions,
    private readonly times: ClientTimes,
  ) {
    this.cluster = new Cluster(options);
    this.producer = new IdempotentProducer(this.cluster, times.deliveryMs, times.requestMs);
  }

  async connect(): Promise<void> {
    await this.repeated('reach the brokers', async () => {
      try {
        await this.cluster.ask([]);
      } catch (error) {
        throw asRefused(error);
      }
    });
  }

  produce(topic: string, partition: number, records: readonly WireRecord[]): Promise<number> {
    return this.producer.produce(topic, partition, records);
  }

  leaderOf(topic: string, partition: number, fresh?: boolean): Promise<number> {
    return this.cluster.leaderOf(topic, partition, fresh);
  }

  async fetch(
    leader: number,
    purpose: 'follow' | 'read',
    positions: readonly FetchPosition[],
    limits: FetchLimits,
  ): Promise<readonly FetchAnswer[]> {
    const connection = await this.cluster.connection(leader, purpose);
    return fetchFrom(connection, positions, limits);
  }

  offsetOf(topic: string, partition: number, which: 'start' | 'end'): Promise<number> {
    return this.repeated(`ask for the ${which} of ${topic}[${String(partition)}]`, async (attempt) => {
      if (attempt > 0) await this.cluster.learn(topic);
      return this.cluster.offsetOf(topic, partition, which);
    });
  }

  describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, FoundTopic>> {
    return this.repeated('describe the topics', () => describeTopics(this.cluster, names));
  }

  createTopics(plans: readonly TopicPlan[]): Promise<void> {
    return this.repeated('make the topics', () => createTopics(this.cluster, plans));
  }

  close(): Promise<void> {
    return this.cluster.close();
  }

  private async repeated<T>(what: string, ask: (attempt: number) => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.times.askMs;
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask(attempt);
      } catch (error) {
        if (error instanceof KafkaRefusedError) throw error;
        const why = reasonIn(error);
        if (!isRetriable(error)) throw new Error(`could not ${what}: ${why}`, { cause: error });
        if (performance.now() > deadline) {
          throw new RetryableError(`could not ${what} within ${String(this.times.askMs)} ms: ${why}`, { cause: error });
        }
        await sleep(PAUSE_MS);
      }
    }
  }
}
