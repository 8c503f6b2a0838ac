import { describe, expect, test } from '@jest/globals';
import type { LogRecord } from '@tessera/runtime';
import type { RecordChunk } from '../src/client.js';
import { UnreadableBatchError } from '../src/compression.js';
import { PartitionReader } from '../src/partition-reader.js';

const LIMITS = { records: 10, bytes: 1 << 20 };

function chunkOf(from: number, whole: boolean): RecordChunk {
  return {
    bytes: 1,
    nextOffset: from + 1,
    take: () => {
      if (!whole) throw new UnreadableBatchError('events[0]', from, 'it is torn');
      return { records: [{ offset: from } as LogRecord], bytes: 1, done: true };
    },
  };
}

/** A reader of a partition with one record at offset 5; `whole` says of each fetch whether its bytes arrived as they are. */
function readerOf(whole: readonly boolean[]) {
  const fetches: number[] = [];
  const reader = new PartitionReader('events', 0, {
    fetchNow: (offset) => {
      const chunk = offset === 5 ? chunkOf(5, whole[fetches.length] ?? false) : undefined;
      fetches.push(offset);
      return Promise.resolve({ topic: 'events', partition: 0, offset, problem: undefined, detail: '', highWatermark: 6, chunk });
    },
    startOffset: () => Promise.resolve(0),
    endOffset: () => Promise.resolve(6),
    kick: () => undefined,
    nowMs: () => 0,
    waitMs: 1_000,
  });
  return { reader, fetches };
}

describe('bytes that cannot be decoded', () => {
  test('are fetched once more, and nothing is lost where they were damaged on the way', async () => {
    const { reader, fetches } = readerOf([false, true]);
    expect(await reader.read(5, LIMITS)).toEqual({ records: [{ offset: 5 }], nextOffset: 6 });
    expect(fetches).toEqual([5, 5]);
  });

  test('end the read for good where the broker has them so', async () => {
    const { reader, fetches } = readerOf([]);
    await expect(reader.read(5, LIMITS)).rejects.toThrow(UnreadableBatchError);
    expect(fetches).toEqual([5, 5]);
    await expect(reader.read(5, LIMITS)).rejects.toThrow('events[0]: the batch at offset 5 cannot be read: it is torn');
  });
});
