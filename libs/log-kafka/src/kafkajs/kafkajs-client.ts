// The Kafka client of the log over kafkajs 2.2.4: the field's habit, kept as the second implementation (docs/adr/0014).
// J1 One `send()` per partition, one request in flight, idempotent, and the answer must name the partition: a `send()` over several
//    partitions resolves without having sent all of them when a leader moves (tulios/kafkajs 1303, reproduced).
// J2 kafkajs has no way to read at an offset without a consumer group: its broker class, which is no public door, is used for that.
import { RetryableError } from '@tessera/runtime';
import kafkajs from 'kafkajs';
import type { Admin, Producer, SASLOptions } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FetchAnswer, FetchLimits, FetchPosition, FetchProblem, FoundTopic, KafkaClient, WireRecord } from '../client.js';
import { CodecError, CODECS, decompressed } from '../compression.js';
import { addressesOf, ownSasl, type KafkaConnectionOptions } from '../options.js';
import type { ClientTimes } from '../platformatic/platformatic-client.js';
import { asRefused, KafkaRefusedError, reasonIn } from '../refusal.js';
import type { TopicPlan } from '../topic-plan.js';
import { newFetchCluster, type FetchCluster } from './fetch-cluster.js';
import { MessageChunk } from './message-chunk.js';

const PAUSE_MS = 50;
const CONNECT_TIMEOUT_MS = 5_000;
const ALL_IN_SYNC = -1;
/** A cluster under load takes its time until every partition has a leader. */
const VISIBLE_MS = 30_000;

// Of kafkajs's own there is gzip alone. One registry per process: all clients in it read the same.
for (const codec of CODECS) {
  const one = { decompress: (bytes: Buffer) => Promise.resolve().then(() => decompressed(codec, bytes)) };
  Object.assign(kafkajs.CompressionCodecs, { [codec]: () => one });
}

export class KafkajsClient implements KafkaClient {
  private readonly producer: Producer;
  private readonly admin: Admin;
  private readonly clusters: Readonly<Record<'follow' | 'read', FetchCluster>>;

  constructor(
    options: KafkaConnectionOptions,
    private readonly times: ClientTimes,
  ) {
    const brokers = addressesOf(options.brokers).map(({ host, port }) => `${host}:${String(port)}`);
    const kafka = new kafkajs.Kafka({
      brokers,
      clientId: options.clientId,
      logLevel: kafkajs.logLevel.NOTHING,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: times.requestMs,
      retry: { initialRetryTime: PAUSE_MS, maxRetryTime: 1_000, retries: Math.ceil(times.deliveryMs / 1_000) + 5 },
      ...(options.tls === undefined ? {} : { ssl: options.tls }),
      ...(options.sasl === undefined ? {} : { sasl: ownSasl(options) as SASLOptions }),
    });
    this.producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    this.admin = kafka.admin();
    this.clusters = { follow: newFetchCluster(options, brokers), read: newFetchCluster(options, brokers) };
  }

  async connect(): Promise<void> {
    await this.repeated('reach the brokers', async () => {
      const { follow, read } = this.clusters;
      try {
        // First one that gives up soon: the others go on trying for a minute.
        await follow.connect();
        await Promise.all([this.admin.connect(), this.producer.connect(), read.connect()]);
      } catch (error) {
        throw asRefused(error);
      }
    });
  }

  async produce(topic: string, partition: number, records: readonly WireRecord[]): Promise<number> {
    const messages = records.map(({ key, value, headers, timeMs }) => ({
      key,
      value,
      partition,
      timestamp: String(timeMs),
      ...(headers === undefined ? {} : { headers: { ...headers } }),
    }));
    let answers;
    try {
      answers = await this.producer.send({ topic, messages, acks: ALL_IN_SYNC, timeout: this.times.requestMs });
    } catch (error) {
      throw asFailure(error, `append to ${topic}/${String(partition)}`);
    }
    const base = answers.find((answer) => answer.topicName === topic && answer.partition === partition)?.baseOffset;
    if (answers.length !== 1 || base === undefined || Number(base) < 0) {
      throw new RetryableError(`an append to ${topic}/${String(partition)} was answered without its offset`);
    }
    return Number(base);
  }

  async leaderOf(topic: string, partition: number, fresh = false): Promise<number> {
    const cluster = this.clusters.read;
    try {
      await cluster.addTargetTopic(topic);
      if (fresh) await cluster.refreshMetadata();
      const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
      if (leader === undefined || Number(leader) < 0) throw new RetryableError(`${topic}[${String(partition)}] has no leader`);
      return Number(leader);
    } catch (error) {
      throw asFailure(error, `find the leader of ${topic}[${String(partition)}]`);
    }
  }

  async fetch(
    leader: number,
    purpose: 'follow' | 'read',
    positions: readonly FetchPosition[],
    limits: FetchLimits,
  ): Promise<readonly FetchAnswer[]> {
    const cluster = this.clusters[purpose];
    const topics = [...Map.groupBy(positions, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
      topic,
      partitions: ofTopic.map(({ partition, offset }) => ({
        partition,
        fetchOffset: String(offset),
        maxBytes: limits.bytesPerPartition,
      })),
    }));
    try {
      for (const { topic } of topics) await cluster.addTargetTopic(topic);
      const broker = await cluster.findBroker({ nodeId: String(leader) });
      const answer = await broker.fetch({
        isolationLevel: 0,
        maxWaitTime: limits.waitMs,
        minBytes: 1,
        maxBytes: limits.bytes,
        topics,
      });
      const offsets = new Map(positions.map(({ topic, partition, offset }) => [`${topic}/${String(partition)}`, offset]));
      return answer.responses.flatMap(({ topicName, partitions }) =>
        partitions.map(({ partition, highWatermark, messages }) => {
          const offset = offsets.get(`${topicName}/${String(partition)}`) ?? 0;
          const end = Number(highWatermark);
          const chunk = offset < end ? new MessageChunk(messages, offset) : undefined;
          return { topic: topicName, partition, offset, problem: undefined, detail: '', highWatermark: end, chunk };
        }),
      );
    } catch (error) {
      const problem = problemIn(error);
      if (problem === undefined) throw asFailure(error, `fetch from broker ${String(leader)}`);
      // kafkajs refuses the whole answer for one partition's sake.
      if (positions.length > 1) return this.oneByOne(leader, purpose, positions, limits);
      // With the least there is, the first batch alone: whole ones before a broken one are given, and its offset is the one asked for.
      const least = { waitMs: 0, bytes: 1, bytesPerPartition: 1 };
      if (problem === 'unreadable' && limits.bytes > least.bytes) return this.fetch(leader, purpose, positions, least);
      const detail = (error as Error).message;
      return positions.map((position) => ({ ...position, problem, detail, highWatermark: 0, chunk: undefined }));
    }
  }

  async offsetOf(topic: string, partition: number, which: 'start' | 'end'): Promise<number> {
    return this.repeated(`ask for the ${which} of ${topic}[${String(partition)}]`, async () => {
      const offsets = await this.admin.fetchTopicOffsets(topic);
      const found = offsets.find((one) => one.partition === partition);
      if (found === undefined) throw new RetryableError(`${topic}[${String(partition)}] told no offset`);
      return Number(which === 'start' ? found.low : found.high);
    });
  }

  async describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, FoundTopic>> {
    return this.repeated('describe the topics', async () => {
      const there = new Set(await this.admin.listTopics());
      const found = names.filter((name) => there.has(name));
      if (found.length === 0) return new Map<string, FoundTopic>();
      const { topics } = await this.admin.fetchTopicMetadata({ topics: found });
      const resources = found.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name }));
      const described = await this.admin.describeConfigs({ resources, includeSynonyms: false });
      return new Map(
        topics.map(({ name, partitions }) => {
          const entries = described.resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? [];
          const settings = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
          return [name, { partitions: partitions.length, settings }];
        }),
      );
    });
  }

  async createTopics(plans: readonly TopicPlan[]): Promise<void> {
    const topics = plans.map(({ name, partitions, replication, settings }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: replication,
      configEntries: Object.entries(settings).map(([setting, value]) => ({ name: setting, value })),
    }));
    try {
      await this.admin.createTopics({ topics, waitForLeaders: true });
    } catch (error) {
      // On KRaft it may reject although the topic is made: what counts is whether all of them are there in the end.
      if (asFailure(error, 'make the topics') instanceof RetryableError === false && !isUnknownTopic(error)) throw error;
    }
    const see = async (): Promise<void> => {
      for (const { name, partitions } of plans) {
        const offsets = await this.admin.fetchTopicOffsets(name);
        if (offsets.length < partitions) throw new RetryableError(`${name} has ${String(offsets.length)} partitions so far`);
      }
    };
    await this.repeated('see the topics that were made', see, VISIBLE_MS);
  }

  async close(): Promise<void> {
    const { follow, read } = this.clusters;
    await Promise.all([this.producer.disconnect(), this.admin.disconnect(), follow.disconnect(), read.disconnect()]);
  }

  private async oneByOne(
    leader: number,
    purpose: 'follow' | 'read',
    positions: readonly FetchPosition[],
    limits: FetchLimits,
  ): Promise<readonly FetchAnswer[]> {
    const answers: FetchAnswer[] = [];
    for (const position of positions) answers.push(...(await this.fetch(leader, purpose, [position], { ...limits, waitMs: 0 })));
    return answers;
  }

  private async repeated<T>(what: string, ask: () => Promise<T>, withinMs = this.times.askMs): Promise<T> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const failure = asFailure(error, what);
        if ((!(failure instanceof RetryableError) && !isUnknownTopic(error)) || performance.now() > deadline) throw failure;
        await sleep(PAUSE_MS);
      }
    }
  }
}

/** What is wrong with one partition of an answer; undefined where it is something else. */
function problemIn(error: unknown): FetchProblem | undefined {
  if (error instanceof CodecError) return 'unreadable';
  return (error as { type?: string }).type === 'OFFSET_OUT_OF_RANGE' ? 'out-of-range' : undefined;
}

function isUnknownTopic(error: unknown): boolean {
  return (error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION';
}

function asFailure(error: unknown, what: string): Error {
  if (error instanceof RetryableError || error instanceof KafkaRefusedError) return error;
  const { name, retriable, type } = error as KafkajsError;
  const text = `could not ${what}: ${reasonIn(error)}`;
  const lasting = name === 'KafkaJSSASLAuthenticationError' || (retriable === false && type !== undefined);
  return lasting ? new Error(text, { cause: error }) : new RetryableError(text, { cause: error });
}

interface KafkajsError {
  readonly name?: string;
  readonly retriable?: boolean;
  readonly type?: string;
}
