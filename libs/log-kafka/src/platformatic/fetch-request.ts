// The Fetch request (version 12) and its answer: batches stay bytes until somebody reads them.
import { protocolErrorsCodesById, Writer } from '@platformatic/kafka';
import type { Connection, Reader } from '@platformatic/kafka';
import type { FetchAnswer, FetchLimits, FetchPosition, FetchProblem } from '../client.js';
import { BatchChunk } from './record-batch-reader.js';

const FETCH = 1;
const VERSION = 12;
const NO_REPLICA = -1;
const UNCOMMITTED = 0;
const NO_SESSION = -1;
const NO_EPOCH = -1;

export function fetchFrom(
  connection: Connection,
  positions: readonly FetchPosition[],
  limits: FetchLimits,
): Promise<readonly FetchAnswer[]> {
  const offsets = new Map(positions.map(({ topic, partition, offset }) => [`${topic}/${String(partition)}`, offset]));
  return new Promise((resolve, reject) => {
    connection.send<FetchAnswer[]>(
      FETCH,
      VERSION,
      () => request(positions, limits),
      (_id, _key, _version, reader) => parse(reader, offsets),
      true,
      true,
      (error, answer) => {
        if (error) reject(error as Error);
        else resolve(answer as FetchAnswer[]);
      },
    );
  });
}

function request(positions: readonly FetchPosition[], limits: FetchLimits): Writer {
  const topics = [...Map.groupBy(positions, ({ topic }) => topic)];
  return Writer.create()
    .appendInt32(NO_REPLICA)
    .appendInt32(limits.waitMs)
    .appendInt32(1)
    .appendInt32(limits.bytes)
    .appendInt8(UNCOMMITTED)
    .appendInt32(0)
    .appendInt32(NO_SESSION)
    .appendArray(topics, (topicWriter, [topic, ofTopic]) => {
      topicWriter.appendString(topic).appendArray(ofTopic, (writer, { partition, offset }) => {
        writer
          .appendInt32(partition)
          .appendInt32(NO_EPOCH)
          .appendInt64(BigInt(offset))
          .appendInt32(NO_EPOCH)
          .appendInt64(-1n)
          .appendInt32(limits.bytesPerPartition);
      });
    })
    .appendArray([], () => undefined)
    .appendString('')
    .appendTaggedFields();
}

function parse(reader: Reader, offsets: ReadonlyMap<string, number>): FetchAnswer[] {
  const answers: FetchAnswer[] = [];
  reader.readInt32();
  const errorCode = reader.readInt16();
  reader.readInt32();
  reader.readArray((topicReader) => {
    const topic = topicReader.readString();
    topicReader.readArray((partitionReader) => {
      const partition = partitionReader.readInt32();
      const offset = offsets.get(`${topic}/${String(partition)}`) ?? 0;
      answers.push(parsePartition(partitionReader, topic, partition, offset));
    });
  });
  if (errorCode !== 0) throw new Error(`the broker refuses a fetch: ${nameOf(errorCode)}`);
  return answers;
}

function parsePartition(reader: Reader, topic: string, partition: number, offset: number): FetchAnswer {
  const errorCode = reader.readInt16();
  const highWatermark = Number(reader.readInt64());
  reader.readInt64();
  reader.readInt64();
  reader.readNullableArray((aborted) => {
    aborted.readInt64();
    aborted.readInt64();
  });
  reader.readInt32();
  const size = reader.readUnsignedVarInt() - 1;
  let chunk: BatchChunk | undefined;
  if (size > 0) {
    const bytes = reader.buffer.slice(reader.position, reader.position + size);
    reader.skip(size);
    if (errorCode === 0) chunk = new BatchChunk(`${topic}[${String(partition)}]`, bytes, offset);
  }
  const problem = problemOf(errorCode);
  return { topic, partition, offset, problem, detail: nameOf(errorCode), highWatermark, chunk };
}

const MOVED = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
]);

function problemOf(errorCode: number): FetchProblem | undefined {
  if (errorCode === 0) return undefined;
  const name = nameOf(errorCode);
  if (name === 'OFFSET_OUT_OF_RANGE') return 'out-of-range';
  return MOVED.has(name) ? 'moved' : 'failed';
}

function nameOf(errorCode: number): string {
  const names: Readonly<Record<number, string | undefined>> = protocolErrorsCodesById;
  return names[errorCode] ?? `error ${String(errorCode)}`;
}
