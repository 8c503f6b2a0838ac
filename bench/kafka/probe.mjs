// One candidate in one direction, in this process: prints one line of JSON. Called by main.mjs.
import { Consumer, Producer } from '@platformatic/kafka';
import { keyOf, topicName } from '@tessera/contracts';
import { DEFAULT_KAFKA_LIMITS, KafkaEventLog } from '@tessera/log-kafka';
import kafkajs from 'kafkajs';
import { PlatformaticClient } from '../../libs/log-kafka/dist/platformatic/platformatic-client.js';

const [candidate, direction, bootstrap, prefix, recordsText, partitionsText] = process.argv.slice(2);
const records = Number(recordsText);
const partitions = Number(partitionsText);
const [kind, client] = candidate.split('/');
const connection = { brokers: bootstrap.split(','), clientId: 'bench' };
const topic = topicName('events', prefix);
const BATCH_RECORDS = 1_000;
/** Batches per partition that are not acknowledged yet. */
const UNDER_WAY = 2;
const WARM_RECORDS = 20_000;

const log = await KafkaEventLog.open({
  connection,
  clock: 'append',
  partitions,
  prefix,
  client: kind === 'log' ? client : 'platformatic',
});
function event(i) {
  return {
    kind: 'tracked',
    workspace: 'bench',
    sender: `anonymous_id:device-${i % 50_000}`,
    messageId: `message-${i}`,
    messageHash: i,
    type: 'track',
    event: 'Product Viewed',
    identities: [{ namespace: 'user_id', value: `user-${i % 30_000}` }],
    timeMs: 1_767_225_600_000 + i,
    receivedMs: 1_767_225_600_001 + i,
    properties: { sku: `X-${i % 997}`, price: (i % 10_000) / 100, category: 'shoes', position: i % 20 },
    context: { library: { name: 'bench', version: '1' } },
    source: 'bench',
  };
}

const keyText = (i) => keyOf('bench', 'sender', `anonymous_id:device-${i % 50_000}`);

/** Calls `send(partition, from, to)` for batches, with a bounded number under way per partition; times what follows the warm-up. */
async function produceWith(send) {
  await lanes(send, 0, WARM_RECORDS);
  return timed(() => lanes(send, WARM_RECORDS, WARM_RECORDS + records), records);
}

async function lanes(send, from, to) {
  let next = from;
  const lane = async (partition) => {
    while (next < to) {
      const start = next;
      next = Math.min(to, start + BATCH_RECORDS);
      await send(partition, start, next);
    }
  };
  await Promise.all(Array.from({ length: partitions * UNDER_WAY }, (_, i) => lane(i % partitions)));
}

async function timed(work, count) {
  const before = process.cpuUsage();
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  return { cpuSecondsPerMillion: (cpuSeconds / count) * 1e6, recordsPerSecond: count / seconds };
}

function produceByLog() {
  return produceWith(async (partition, from, to) => {
    const batch = Array.from({ length: to - from }, (_, i) => ({ key: keyText(from + i), value: event(from + i) }));
    await log.append('events', partition, batch);
  });
}

async function consumeByLog() {
  let left = records;
  const read = async (partition) => {
    let wake;
    const leave = log.subscribe('events', partition, () => wake?.());
    for (let offset = 0; left > 0;) {
      const woken = new Promise((resolve) => (wake = resolve));
      const batch = await log.read('events', partition, offset, { records: 4_000, bytes: 8 << 20 });
      left -= batch.records.length;
      offset = batch.nextOffset;
      if (batch.records.length === 0 && left > 0) await Promise.race([woken, finished]);
    }
    finish();
    leave();
  };
  let finish;
  const finished = new Promise((resolve) => (finish = resolve));
  return timed(() => Promise.all(Array.from({ length: partitions }, (_, partition) => read(partition))), records);
}

/** Our own batches and retries, without the JSON and without the queue before them. */
async function produceByClient() {
  const ours = new PlatformaticClient(connection, DEFAULT_KAFKA_LIMITS);
  await ours.connect();
  const wire = Array.from({ length: BATCH_RECORDS }, (_, i) => {
    const [key, value] = [keyText(i), JSON.stringify(event(i))];
    return { key, value, headers: undefined, timeMs: event(i).timeMs, bytes: Buffer.byteLength(key) + Buffer.byteLength(value) };
  });
  // The queue of the log has one batch under way per partition, and so has this.
  const turns = Array.from({ length: partitions }, () => Promise.resolve());
  const measured = await produceWith((partition, from, to) => {
    turns[partition] = turns[partition].then(() => ours.produce(topic, partition, wire.slice(0, to - from)));
    return turns[partition];
  });
  await ours.close();
  return measured;
}

/** Encoded before the time counts: a library is not charged for JSON. */
function encoded() {
  return Array.from({ length: BATCH_RECORDS }, (_, i) => ({
    key: Buffer.from(keyText(i)),
    value: Buffer.from(JSON.stringify(event(i))),
  }));
}

function libraryProducers() {
  const messages = (partition, from, to) => batch.slice(0, to - from).map(({ key, value }) => ({ topic, partition, key, value }));
  const batch = encoded();
  return {
    platformatic: async () => {
      const producer = new Producer({ ...connection, bootstrapBrokers: connection.brokers, idempotent: true, strict: false });
      const measured = await produceWith((partition, from, to) =>
        producer.send({ messages: messages(partition, from, to), acks: -1 }),
      );
      await producer.close();
      return measured;
    },
    kafkajs: async () => {
      const kafka = new kafkajs.Kafka({ ...connection, logLevel: kafkajs.logLevel.NOTHING });
      const producer = kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      });
      await producer.connect();
      const measured = await produceWith((partition, from, to) =>
        producer.send({ topic, acks: -1, messages: messages(partition, from, to) }),
      );
      await producer.disconnect();
      return measured;
    },
  };
}

function libraryConsumers() {
  return {
    platformatic: async () => {
      const consumer = new Consumer({
        ...connection,
        bootstrapBrokers: connection.brokers,
        groupId: `${prefix}-bench`,
        strict: false,
      });
      const stream = await consumer.consume({
        topics: [topic],
        mode: 'earliest',
        autocommit: false,
        maxWaitTime: 100,
        highWaterMark: 16_384,
      });
      return countTo(async (count) => {
        for await (const { value } of stream) if (value !== null && count(1)) return;
      });
    },
    kafkajs: async () => {
      const kafka = new kafkajs.Kafka({ ...connection, logLevel: kafkajs.logLevel.NOTHING });
      const consumer = kafka.consumer({ groupId: `${prefix}-bench`, maxWaitTimeInMs: 100 });
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      return countTo(
        (count) =>
          new Promise((resolve) => {
            void consumer.run({
              autoCommit: false,
              eachBatch: async ({ batch }) => void (count(batch.messages.length) && resolve()),
            });
          }),
      );
    },
  };
}

/** From the first records on: joining a group is not counted. */
async function countTo(consume) {
  let seen = 0;
  let first;
  await consume((count) => {
    first ??= { cpu: process.cpuUsage(), began: performance.now(), seen: count };
    seen += count;
    return seen >= records;
  });
  const counted = seen - first.seen;
  const { user, system } = process.cpuUsage(first.cpu);
  const seconds = (performance.now() - first.began) / 1000;
  return { cpuSecondsPerMillion: (user + system) / counted, recordsPerSecond: counted / seconds };
}

const runs = {
  log: () => ({ produce: produceByLog, consume: consumeByLog }),
  client: () => ({ produce: produceByClient }),
  library: () => ({ produce: libraryProducers()[client], consume: libraryConsumers()[client] }),
};
const measured = await runs[kind]()[direction]();
await log.close();
process.stdout.write(`${JSON.stringify({ candidate, direction, records, ...measured })}\n`);
process.exit(0);
