// What the chosen Kafka client alone costs for the bytes of the pipeline benchmark's job, in this process: prints one line of JSON.
//   node bench/kafka/same-bytes.mjs BROKERS PREFIX PARTITIONS        called by apps/tessera/src/bench/client-cost.ts
// Y1 Consumed: `events` and `fragments` of the log with that prefix, by the package's own consumer; bytes, that nobody parses.
// Y2 Produced: `fragments` and `segment-changes`, by our producer below the port, from text that is there before the time counts; at most
//    `SAMPLE_PER_PARTITION` records of each partition, to a log of its own.
// Y3 CPU seconds are those of the process, from the first record on: joining a group and connecting are not counted.
import { randomBytes } from 'node:crypto';
import { Consumer } from '@platformatic/kafka';
import { topicName } from '@tessera/contracts';
import { DEFAULT_KAFKA_LIMITS, KafkaEventLog } from '@tessera/log-kafka';
import { PlatformaticClient } from '../../libs/log-kafka/dist/platformatic/platformatic-client.js';

const [brokersText, prefix, partitionsText] = process.argv.slice(2);
const partitions = Number(partitionsText);
const connection = { brokers: brokersText.split(','), clientId: 'bench' };
const SAMPLE_PER_PARTITION = 20_000;
const BATCH_RECORDS = 1_000;
const WARM_BATCHES = 3;
const CONSUMED = ['events', 'fragments'];
const PRODUCED = ['fragments', 'segment-changes'];

const log = await KafkaEventLog.open({ connection, clock: 'event', partitions, prefix, createTopics: false });
const ends = new Map();
for (const topic of [...new Set([...CONSUMED, ...PRODUCED])]) {
  let records = 0;
  for (let partition = 0; partition < partitions; partition++) records += await log.endOffset(topic, partition);
  ends.set(topic, records);
}
await log.close();

const texts = new Map();
const consumed = { cpuSeconds: 0, measured: 0, records: 0, bytes: 0 };
for (const topic of CONSUMED) await consume(topic, consumed);
for (const topic of PRODUCED) if (!texts.has(topic)) await consume(topic, { cpuSeconds: 0, measured: 0, records: 0, bytes: 0 });
const produced = await produce();
process.stdout.write(`${JSON.stringify({ name: '@platformatic/kafka', produced, consumed })}\n`);
process.exit(0);

/** Reads a topic to its end, adds to `moved`, and keeps the text that is produced later. */
async function consume(topic, moved) {
  const records = ends.get(topic);
  if (records === 0) return;
  const groupId = `${prefix}-bench-${randomBytes(4).toString('hex')}`;
  const consumer = new Consumer({ ...connection, bootstrapBrokers: connection.brokers, groupId, strict: false });
  const name = topicName(topic, prefix);
  const stream = await consumer.consume({
    topics: [name],
    mode: 'earliest',
    autocommit: false,
    maxWaitTime: 100,
    highWaterMark: 16_384,
  });
  const kept = Array.from({ length: partitions }, () => []);
  let seen = 0;
  let bytes = 0;
  let before;
  for await (const { key, value, headers, partition } of stream) {
    before ??= process.cpuUsage();
    seen += 1;
    bytes += key.length + (value?.length ?? 0);
    const sample = kept[partition];
    if (PRODUCED.includes(topic) && sample.length < SAMPLE_PER_PARTITION) sample.push({ key, value, headers });
    if (seen >= records) break;
  }
  const { user, system } = process.cpuUsage(before);
  moved.cpuSeconds += (user + system) / 1e6;
  moved.measured += seen;
  moved.records += records;
  moved.bytes += bytes;
  if (PRODUCED.includes(topic)) texts.set(topic, { kept, bytesPerRecord: bytes / seen });
  await consumer.close(true);
}

async function produce() {
  const target = `${prefix}-again`;
  const log = await KafkaEventLog.open({ connection, clock: 'event', partitions, prefix: target });
  await log.close();
  const client = new PlatformaticClient(connection, DEFAULT_KAFKA_LIMITS);
  await client.connect();
  const moved = { cpuSeconds: 0, measured: 0, records: 0, bytes: 0 };
  for (const topic of PRODUCED) {
    if (ends.get(topic) === 0) continue;
    const { kept, bytesPerRecord } = texts.get(topic);
    const batches = kept.map(batchesOf);
    // The connection and its producer exist, and hot code is compiled, before the time counts.
    await Promise.all(
      batches.map((of, partition) => send(client, topicName(topic, target), partition, of.slice(0, WARM_BATCHES))),
    );
    const before = process.cpuUsage();
    await Promise.all(batches.map((of, partition) => send(client, topicName(topic, target), partition, of)));
    const { user, system } = process.cpuUsage(before);
    const measured = kept.reduce((sum, one) => sum + one.length, 0);
    // Weighed by what the whole topic has: its share of the sample may be another.
    const share = ends.get(topic) / measured;
    moved.cpuSeconds += ((user + system) / 1e6) * share;
    moved.measured += ends.get(topic);
    moved.records += ends.get(topic);
    moved.bytes += bytesPerRecord * ends.get(topic);
  }
  await client.close();
  return moved;
}

/** One batch of a partition is under way at a time, as in the log. */
async function send(client, topic, partition, batches) {
  for (const batch of batches) await client.produce(topic, partition, batch);
}

function batchesOf(sample) {
  const wire = sample.map(({ key, value, headers }) => {
    const texts = headers.size === 0 ? undefined : Object.fromEntries([...headers].map(([name, text]) => [`${name}`, `${text}`]));
    const record = { key: `${key}`, value: value === null ? null : `${value}`, headers: texts, timeMs: 0 };
    const inHeaders = Object.entries(texts ?? {}).reduce(
      (sum, [name, text]) => sum + Buffer.byteLength(name) + Buffer.byteLength(text),
      0,
    );
    return { ...record, bytes: key.length + (value?.length ?? 0) + inHeaders };
  });
  const batches = [];
  for (let at = 0; at < wire.length; at += BATCH_RECORDS) batches.push(wire.slice(at, at + BATCH_RECORDS));
  return batches;
}
