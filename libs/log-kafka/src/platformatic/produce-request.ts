// The Produce request (version 9) and its answer, for batches that are written already: one request carries those of many partitions.
import { Writer } from '@platformatic/kafka';
import type { Connection, Reader } from '@platformatic/kafka';

const PRODUCE = 0;
const VERSION = 9;
const ALL_IN_SYNC = -1;

export interface SealedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

/** What the broker says of one partition's batch. */
export interface ProduceVerdict {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly baseOffset: number;
}

/** Verdicts by `topic/partition`; a partition that the answer does not name has none. */
export function sendBatches(
  connection: Connection,
  batches: readonly SealedBatch[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, ProduceVerdict>> {
  return new Promise((resolve, reject) => {
    connection.send<Map<string, ProduceVerdict>>(
      PRODUCE,
      VERSION,
      () => request(batches, timeoutMs),
      parse,
      true,
      true,
      (error, answer) => {
        if (error) reject(error as Error);
        else resolve(answer as Map<string, ProduceVerdict>);
      },
    );
  });
}

function request(batches: readonly SealedBatch[], timeoutMs: number): Writer {
  const topics = [...Map.groupBy(batches, ({ topic }) => topic)];
  return Writer.create()
    .appendString(null)
    .appendInt16(ALL_IN_SYNC)
    .appendInt32(timeoutMs)
    .appendArray(topics, (topicWriter, [topic, ofTopic]) => {
      topicWriter.appendString(topic).appendArray(ofTopic, (writer, { partition, bytes }) => {
        writer
          .appendInt32(partition)
          .appendUnsignedVarInt(bytes.length + 1)
          .append(bytes);
      });
    })
    .appendTaggedFields();
}

function parse(_correlationId: number, _apiKey: number, _apiVersion: number, reader: Reader): Map<string, ProduceVerdict> {
  const verdicts = new Map<string, ProduceVerdict>();
  reader.readArray((topicReader) => {
    const topic = topicReader.readString();
    topicReader.readArray((partitionReader) => {
      const partition = partitionReader.readInt32();
      const errorCode = partitionReader.readInt16();
      const baseOffset = Number(partitionReader.readInt64());
      partitionReader.readInt64();
      partitionReader.readInt64();
      const refused = partitionReader.readArray((record) => {
        record.readInt32();
        return record.readNullableString();
      });
      const errorMessage = partitionReader.readNullableString() ?? refused.find((message) => message !== null) ?? null;
      verdicts.set(`${topic}/${String(partition)}`, { errorCode, errorMessage, baseOffset });
    });
  });
  return verdicts;
}
