// The distributed log: the topics of the topic table on Kafka.
// L1 Everything the ports promise (P1, P2): acknowledged by all in-sync replicas before it resolves, in call order per partition; only
//    what is below the high watermark is read.
// L2 The log of a deployment is its topic prefix; what is in the broker is checked against the topic table before anything is read.
// L3 A record too large for a batch is refused before it is sent; a record that nobody can read is given as one (record-value.ts).
// L4 A batch that cannot be decoded ends its reader, with its place; none is skipped.
// L5 Bounded: bytes that wait for acknowledgement, bytes fetched and not yet read.
import { headersOf, type TopicId } from '@tessera/contracts';
import { RetryableError } from '@tessera/runtime';
import type { EventLog, LogBatch, LogClock, NewRecord, ReadLimits } from '@tessera/runtime';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppendQueue } from './append-queue.js';
import type { FetchAnswer, KafkaClient, WireRecord } from './client.js';
import { UnreadableBatchError } from './compression.js';
import { Follower } from './follower.js';
import { KafkajsClient } from './kafkajs/kafkajs-client.js';
import type { KafkaConnectionOptions } from './options.js';
import { PartitionReader } from './partition-reader.js';
import { PlatformaticClient } from './platformatic/platformatic-client.js';
import { valueText } from './record-value.js';
import { reasonIn } from './refusal.js';
import { clockOf, RECORD_BYTES_MAX, topicFaults, topicPlans, type TopicPlan } from './topic-plan.js';

export interface KafkaEventLogOptions {
  readonly connection: KafkaConnectionOptions;
  /** Fixed when the topics are made. */
  readonly clock: LogClock;
  /** Partitions of the wide topics; fixed when the topics are made. */
  readonly partitions: number;
  /** Topics are `<prefix>.<topic>.v1`. */
  readonly prefix: string;
  /** Copies of each partition when topics are made; default: the brokers' own. */
  readonly replication?: number | undefined;
  /** Days of history where the topic table follows the workspace's retention; default 400. */
  readonly retentionDays?: number | undefined;
  /** False: topics that are missing are an error that names them. Default true. */
  readonly createTopics?: boolean | undefined;
  /** Default `platformatic` (docs/adr/0014). */
  readonly client?: 'platformatic' | 'kafkajs' | undefined;
  readonly limits?: Partial<KafkaLogLimits> | undefined;
}

export interface KafkaLogLimits {
  /** Bytes appended and not acknowledged; above, an append is refused at once. */
  readonly waitingBytes: number;
  /** Bytes fetched ahead of the readers, over all partitions. */
  readonly prefetchBytes: number;
  /** An append that is not acknowledged after this long is given up. */
  readonly deliveryMs: number;
  readonly requestMs: number;
  readonly askMs: number;
  /** How long a broker holds a fetch that finds nothing. */
  readonly pollMs: number;
}

export const DEFAULT_KAFKA_LIMITS: KafkaLogLimits = {
  waitingBytes: 64 << 20,
  prefetchBytes: 64 << 20,
  deliveryMs: 30_000,
  requestMs: 10_000,
  askMs: 10_000,
  pollMs: 100,
};

const BATCH_BYTES = 1 << 20;
const BATCH_RECORDS = 10_000;
const PACE_MS = 5;
const READ_BYTES_MIN = 64 << 10;
const READ_BYTES_MAX = 4 << 20;
const PAUSE_MS = 50;

export class KafkaEventLog implements EventLog {
  readonly clock: LogClock;
  private readonly plans: ReadonlyMap<TopicId, TopicPlan>;
  private readonly readers = new Map<string, PartitionReader>();
  private readonly queue: AppendQueue;
  private readonly follower: Follower;
  private closed = false;

  private constructor(
    private readonly client: KafkaClient,
    private readonly options: KafkaEventLogOptions,
    private readonly limits: KafkaLogLimits,
  ) {
    this.clock = options.clock;
    this.plans = new Map(topicPlans(options).map((plan) => [plan.id, plan]));
    const { waitingBytes, prefetchBytes, pollMs } = limits;
    this.queue = new AppendQueue(
      (topic, partition, records) => client.produce(topic, partition, records),
      { batchBytes: BATCH_BYTES, batchRecords: BATCH_RECORDS, waitingBytes, paceMs: PACE_MS },
      (topic, partition, nextOffset) => this.readers.get(`${topic}/${String(partition)}`)?.appended(nextOffset),
    );
    this.follower = new Follower(client, { bytes: prefetchBytes, waitMs: pollMs }, () => this.readers.values());
  }

  /**
   * Connects, makes the topics that are missing and checks those that are there. Throws with every fault (found, wanted, what to do),
   * a KafkaRefusedError where security settings and brokers do not fit, and a RetryableError where the brokers cannot be reached.
   */
  static async open(options: KafkaEventLogOptions): Promise<KafkaEventLog> {
    const limits = { ...DEFAULT_KAFKA_LIMITS, ...options.limits };
    const Client = options.client === 'kafkajs' ? KafkajsClient : PlatformaticClient;
    const client: KafkaClient = new Client(options.connection, limits);
    const log = new KafkaEventLog(client, options, limits);
    try {
      await client.connect();
      await log.prepareTopics();
    } catch (error) {
      await client.close().catch(() => undefined);
      throw error;
    }
    return log;
  }

  partitions(topic: TopicId): number {
    return this.plan(topic).partitions;
  }

  async append(topic: TopicId, partition: number, records: readonly NewRecord[]): Promise<{ readonly firstOffset: number }> {
    if (this.closed) throw new Error('the log is closed');
    const { name } = this.place(topic, partition);
    if (records.length === 0) return { firstOffset: await this.endOffset(topic, partition) };
    return this.queue.append(name, partition, this.wireRecords(topic, records));
  }

  read(topic: TopicId, partition: number, fromOffset: number, limits: ReadLimits): Promise<LogBatch> {
    return this.reader(topic, partition).read(fromOffset, limits);
  }

  startOffset(topic: TopicId, partition: number): Promise<number> {
    return this.client.offsetOf(this.place(topic, partition).name, partition, 'start');
  }

  async endOffset(topic: TopicId, partition: number): Promise<number> {
    const reader = this.reader(topic, partition);
    const end = await this.client.offsetOf(reader.topic, partition, 'end');
    reader.learnEnd(end);
    return end;
  }

  subscribe(topic: TopicId, partition: number, wake: () => void): () => void {
    return this.reader(topic, partition).subscribe(wake);
  }

  /** Waits for the appends under way. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.queue.drained();
    await this.follower.close();
    await this.client.close();
  }

  private async prepareTopics(): Promise<void> {
    const plans = [...this.plans.values()];
    const found = await this.client.describeTopics(plans.map(({ name }) => name));
    const missing = plans.filter(({ name }) => !found.has(name));
    const faults = plans.flatMap((plan) => {
      const topic = found.get(plan.name);
      return topic === undefined ? [] : topicFaults(plan, topic);
    });
    if (missing.length > 0 && this.options.createTopics === false) {
      const names = missing.map(({ name, partitions }) => `${name} (${String(partitions)} partitions)`).join(', ');
      faults.push(`these topics are missing, and this process may not make them: ${names}`);
    }
    if (faults.length > 0) throw new Error(`the topics do not fit:\n  ${faults.join('\n  ')}`);
    if (missing.length === 0) return;
    await this.client.createTopics(missing);
    // Another process may have made some of them with other settings.
    const made = await this.client.describeTopics(missing.map(({ name }) => name));
    const wrong = missing.flatMap((plan) => {
      const topic = made.get(plan.name);
      return topic === undefined ? [`topic ${plan.name} was made and is not seen yet: start again`] : topicFaults(plan, topic);
    });
    if (wrong.length > 0) throw new Error(`the topics do not fit:\n  ${wrong.join('\n  ')}`);
  }

  private wireRecords(topic: TopicId, records: readonly NewRecord[]): readonly WireRecord[] {
    const ownTimes = clockOf(topic, this.clock) === 'event';
    const nowMs = Date.now();
    return records.map((record) => {
      if (ownTimes && !Number.isFinite(record.timeMs)) {
        throw new TypeError(`${topic} has an event clock: ${record.key} needs a time`);
      }
      const cloudEvent = headersOf(topic, record, this.options.prefix);
      const headers = cloudEvent === undefined ? record.headers : { ...record.headers, ...cloudEvent };
      const value = record.value === null ? null : valueText(record.value);
      const bytes = bytesOf(record.key, value, headers);
      if (bytes > RECORD_BYTES_MAX) {
        throw new RangeError(
          `a record for ${topic} (${record.value?.kind ?? 'tombstone'} of ${record.key}) has ${String(bytes)} bytes, ` +
            `and ${String(RECORD_BYTES_MAX)} are allowed`,
        );
      }
      return { key: record.key, value, headers, timeMs: ownTimes ? (record.timeMs as number) : nowMs, bytes };
    });
  }

  private reader(topic: TopicId, partition: number): PartitionReader {
    const { name } = this.place(topic, partition);
    const place = `${name}/${String(partition)}`;
    let reader = this.readers.get(place);
    if (reader === undefined) {
      reader = new PartitionReader(name, partition, {
        fetchNow: (offset, bytes) => this.fetchNow(name, partition, offset, bytes),
        startOffset: () => this.client.offsetOf(name, partition, 'start'),
        endOffset: () => this.client.offsetOf(name, partition, 'end'),
        kick: () => {
          this.follower.kick();
        },
        nowMs: () => performance.now(),
        waitMs: this.limits.askMs,
      });
      this.readers.set(place, reader);
    }
    return reader;
  }

  /** One fetch at once, of whoever leads the partition; again where the leader moved, for the time of a question. */
  private async fetchNow(topic: string, partition: number, offset: number, bytes: number): Promise<FetchAnswer> {
    const deadline = performance.now() + this.limits.askMs;
    const room = Math.max(READ_BYTES_MIN, Math.min(bytes, READ_BYTES_MAX));
    let why = '';
    for (let attempt = 0; attempt === 0 || performance.now() < deadline; attempt++) {
      if (this.closed) throw new Error('the log is closed');
      if (attempt > 0) await sleep(PAUSE_MS);
      try {
        const leader = await this.client.leaderOf(topic, partition, attempt > 0);
        const limits = { waitMs: 0, bytes: room, bytesPerPartition: room };
        const [answer] = await this.client.fetch(leader, 'read', [{ topic, partition, offset }], limits);
        if (answer !== undefined && (answer.problem === undefined || answer.problem === 'out-of-range')) return answer;
        why = answer?.detail ?? 'no answer';
        if (answer?.problem === 'unreadable') throw new UnreadableBatchError(`${topic}[${String(partition)}]`, offset, why);
      } catch (error) {
        if (error instanceof UnreadableBatchError) throw error;
        why = reasonIn(error);
      }
    }
    throw new RetryableError(`${topic}[${String(partition)}] could not be read within ${String(this.limits.askMs)} ms: ${why}`);
  }

  private place(topic: TopicId, partition: number): TopicPlan {
    const plan = this.plan(topic);
    if (!(partition >= 0 && partition < plan.partitions)) {
      throw new RangeError(`there is no partition ${String(partition)} of ${topic}`);
    }
    return plan;
  }

  private plan(topic: TopicId): TopicPlan {
    const plan = this.plans.get(topic);
    if (plan === undefined) throw new RangeError(`there is no topic ${topic}`);
    return plan;
  }
}

function bytesOf(key: string, value: string | null, headers: Readonly<Record<string, string>> | undefined): number {
  let bytes = Buffer.byteLength(key) + (value === null ? 0 : Buffer.byteLength(value));
  if (headers !== undefined)
    for (const name in headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? '');
  return bytes;
}
