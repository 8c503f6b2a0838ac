// What the logs and the state of a run take, per event and per document: the inputs of a sizing.
// Z1 A topic is told as Kafka carries it, before compression and without the frame of a batch: key, value as JSON, CloudEvents headers.
// Z2 From a sample of each partition, weighed by what the partition holds.
import { headersOf, TOPIC_IDS, TOPICS, type TopicId } from '@tessera/contracts';
import type { EventLog, LogRecord, StateStore } from '@tessera/runtime';
import { thousandths } from './parts.js';

export interface TopicSize {
  readonly recordsPerEvent: number;
  readonly bytesPerRecord: number;
  readonly bytesPerEvent: number;
  /** Of a compacted topic: of the last record of each key, all together. */
  readonly compactedBytes?: number;
}

export interface StageSize {
  readonly documents: number;
  readonly bytesPerDocument: number;
}

const SAMPLE = 2_000;
const READ = { records: 500, bytes: 4 << 20 };

/** By topic, of those that hold anything. */
export async function topicSizes(log: EventLog, events: number): Promise<Readonly<Partial<Record<TopicId, TopicSize>>>> {
  const sizes: Partial<Record<TopicId, TopicSize>> = {};
  for (const topic of TOPIC_IDS) {
    let records = 0;
    let bytes = 0;
    for (let partition = 0; partition < log.partitions(topic); partition++) {
      const held = (await log.endOffset(topic, partition)) - (await log.startOffset(topic, partition));
      records += held;
      bytes += held * (await bytesPerRecord(log, topic, partition));
    }
    if (records === 0) continue;
    sizes[topic] = {
      recordsPerEvent: thousandths(records / events),
      bytesPerRecord: Math.round(bytes / records),
      bytesPerEvent: thousandths(bytes / events),
      ...(TOPICS[topic].policy === 'compact' ? { compactedBytes: await compactedBytes(log, topic) } : {}),
    };
  }
  return sizes;
}

/** Of the first records of a partition; 0 where it holds none. */
async function bytesPerRecord(log: EventLog, topic: TopicId, partition: number): Promise<number> {
  let bytes = 0;
  let sampled = 0;
  for (let at = await log.startOffset(topic, partition); sampled < SAMPLE;) {
    const { records, nextOffset } = await log.read(topic, partition, at, READ);
    if (nextOffset <= at) break;
    for (const record of records) bytes += bytesOf(topic, record);
    sampled += records.length;
    at = nextOffset;
  }
  return sampled === 0 ? 0 : bytes / sampled;
}

/** Reads the whole topic, and holds a number for each of its keys. */
async function compactedBytes(log: EventLog, topic: TopicId): Promise<number> {
  let sum = 0;
  for (let partition = 0; partition < log.partitions(topic); partition++) {
    const last = new Map<string, number>();
    for (let at = await log.startOffset(topic, partition); ;) {
      const { records, nextOffset } = await log.read(topic, partition, at, READ);
      if (nextOffset <= at) break;
      for (const record of records) last.set(record.key, bytesOf(topic, record));
      at = nextOffset;
    }
    for (const bytes of last.values()) sum += bytes;
  }
  return sum;
}

function bytesOf(topic: TopicId, { key, value, headers }: LogRecord): number {
  let bytes = Buffer.byteLength(key) + (value === null ? 0 : Buffer.byteLength(JSON.stringify(value)));
  const all = { ...headers, ...headersOf(topic, { key, value, headers }) };
  for (const [name, text] of Object.entries(all)) bytes += name.length + Buffer.byteLength(text);
  return bytes;
}

/** By stage, of those that hold documents. */
export async function stageSizes(
  store: StateStore,
  log: EventLog,
  stages: readonly { readonly name: string; readonly input: TopicId }[],
): Promise<Readonly<Record<string, StageSize>>> {
  const sizes: Record<string, StageSize> = {};
  for (const { name, input } of stages) {
    let documents = 0;
    let bytes = 0;
    for (let partition = 0; partition < log.partitions(input); partition++) {
      for await (const chunk of store.scan({ stage: name, partition })) {
        for (const document of chunk) bytes += document.key.length + document.bytes.length;
        documents += chunk.length;
      }
    }
    if (documents > 0) sizes[name] = { documents, bytesPerDocument: Math.round(bytes / documents) };
  }
  return sizes;
}
