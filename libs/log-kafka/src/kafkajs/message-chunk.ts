// Messages as kafkajs decoded them, as records.
import type { LogRecord } from '@tessera/runtime';
import type { RecordChunk } from '../client.js';
import { keyFrom, valueOf } from '../record-value.js';
import type { FetchedMessage } from './fetch-cluster.js';

/** What a message takes beside key, value and headers. */
const FRAME_BYTES = 24;

export class MessageChunk implements RecordChunk {
  readonly nextOffset: number;
  readonly bytes: number;
  private readonly messages: readonly FetchedMessage[];
  private at = 0;

  constructor(fetched: readonly FetchedMessage[], fromOffset: number) {
    this.messages = fetched.filter(({ offset, isControlRecord }) => Number(offset) >= fromOffset && !isControlRecord);
    // A batch without a record (compaction keeps it for its producer's sake) is not shown by kafkajs: one step past the offset.
    let nextOffset = fromOffset + 1;
    let bytes = 0;
    for (const message of fetched) {
      const { offset, batchContext } = message;
      const end = batchContext === undefined ? Number(offset) : Number(batchContext.firstOffset) + batchContext.lastOffsetDelta;
      if (end + 1 > nextOffset) nextOffset = end + 1;
      bytes += sizeOf(message);
    }
    this.nextOffset = nextOffset;
    this.bytes = bytes;
  }

  take(
    records: number,
    bytes: number,
  ): { readonly records: readonly LogRecord[]; readonly bytes: number; readonly done: boolean } {
    const taken: LogRecord[] = [];
    let size = 0;
    while (this.at < this.messages.length && taken.length < records && (taken.length === 0 || size < bytes)) {
      const message = this.messages[this.at++] as FetchedMessage;
      size += sizeOf(message);
      taken.push(recordOf(message));
    }
    return { records: taken, bytes: size, done: this.at >= this.messages.length };
  }
}

function sizeOf({ key, value }: FetchedMessage): number {
  return FRAME_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
}

function recordOf({ offset, timestamp, key: keyBytes, value, headers }: FetchedMessage): LogRecord {
  const key = keyFrom(keyBytes === null ? null : keyBytes.toString());
  const names = Object.keys(headers);
  return {
    offset: Number(offset),
    stampMs: Number(timestamp),
    key,
    value: value === null ? null : valueOf(value, 0, value.length, key),
    headers:
      names.length === 0
        ? undefined
        : Object.fromEntries(
            names.map((name) => [name, String(Array.isArray(headers[name]) ? headers[name].at(-1) : headers[name])]),
          ),
  };
}
