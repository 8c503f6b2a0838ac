import { describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { FetchAnswer, KafkaClient, RecordChunk } from '../src/client.js';
import { Follower } from '../src/follower.js';
import { PartitionReader } from '../src/partition-reader.js';

const CHUNKS = 6;

describe('the follower', () => {
  test('asks again a moment after a fetch that brought little, and at once after one that brought much', async () => {
    const little = await intervals(200);
    expect(little.length).toBe(CHUNKS - 1);
    for (const ms of little) expect(ms).toBeGreaterThanOrEqual(3);
    const much = await intervals(1 << 20);
    expect(Math.min(...much)).toBeLessThan(3);
  });
});

/** Milliseconds between the fetches, where each is answered at once with a record of this size. */
async function intervals(bytes: number): Promise<readonly number[]> {
  const began: number[] = [];
  const client = {
    leaderOf: () => Promise.resolve(1),
    fetch: (_leader: number, _purpose: string, [position]: readonly { topic: string; partition: number; offset: number }[]) => {
      began.push(performance.now());
      const { offset } = position as { offset: number };
      if (began.length > CHUNKS) return new Promise<readonly FetchAnswer[]>(() => undefined);
      return Promise.resolve([
        { ...position, problem: undefined, detail: '', highWatermark: offset + 1, chunk: chunkAt(offset, bytes) },
      ]);
    },
  } as unknown as KafkaClient;
  const readers: PartitionReader[] = [];
  const follower = new Follower(client, { bytes: 1 << 30, waitMs: 100 }, () => readers);
  const reader = new PartitionReader('events', 0, {
    fetchNow: () => Promise.reject(new Error('nothing is fetched beside the follower')),
    startOffset: () => Promise.resolve(0),
    endOffset: () => Promise.resolve(0),
    kick: () => follower.kick(),
    nowMs: () => performance.now(),
    waitMs: 1_000,
  });
  readers.push(reader);
  reader.subscribe(() => undefined);
  await pause(150);
  return began.slice(1, CHUNKS).map((at, i) => at - (began[i] as number));
}

function chunkAt(offset: number, bytes: number): RecordChunk {
  return { bytes, nextOffset: offset + 1, take: () => ({ records: [], bytes: 0, done: true }) };
}
