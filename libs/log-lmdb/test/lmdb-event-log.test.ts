import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { keyOf } from '@tessera/contracts';
import type { AnyRecord } from '@tessera/contracts';
import { LmdbEnvironment } from '@tessera/lmdb-environment';
import type { LogRecord, NewRecord } from '@tessera/runtime';
import { CorruptFrameError } from '../src/frame.js';
import { LmdbEventLog } from '../src/lmdb-event-log.js';
import type { LmdbEventLogOptions } from '../src/lmdb-event-log.js';

const NO_LIMITS = { records: 100_000, bytes: 1 << 30 };
const folders: string[] = [];
const logs: LmdbEventLog[] = [];

afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-log-'));
  folders.push(folder);
  return folder;
}

async function open(options: Partial<LmdbEventLogOptions> = {}): Promise<LmdbEventLog> {
  const log = await LmdbEventLog.open({ folder: newFolder(), clock: 'append', partitions: 2, nowMs: () => 1000, ...options });
  logs.push(log);
  return log;
}

function records(count: number, from = 0): readonly NewRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const value = { kind: 'tick', closing: false, source: from + i, effectiveMs: 0 } satisfies AnyRecord;
    return { key: keyOf('w', 'profile', String((from + i) % 10)), value };
  });
}

const sourcesOf = (read: readonly LogRecord[]): readonly number[] =>
  read.map(({ value }) => (value?.kind === 'tick' ? value.source : -1));

describe('appends', () => {
  test('of one turn share a frame per partition, however many callers there are', async () => {
    const log = await open();
    await Promise.all(Array.from({ length: 300 }, (_, i) => log.append('events', i % 2, records(2, i))));
    expect(log.size().frames).toBe(2);
  });

  test('of many records are cut into frames of a thousand', async () => {
    const log = await open();
    await log.append('events', 0, records(2500));
    expect(log.size().frames).toBe(3);
  });

  test('cannot be read, and do not move the end, before they are durable', async () => {
    const log = await open();
    const append = log.append('events', 0, records(5));
    expect(await log.endOffset('events', 0)).toBe(0);
    expect((await log.read('events', 0, 0, NO_LIMITS)).records).toEqual([]);
    await append;
    expect(await log.endOffset('events', 0)).toBe(5);
  });

  test('without a time are refused by an event clock, and leave nothing behind', async () => {
    const log = await open({ clock: 'event' });
    await expect(log.append('events', 0, records(1))).rejects.toThrow(/needs a time/);
    await expect(log.append('events', 0, [{ ...(records(1)[0] as NewRecord), timeMs: NaN }])).rejects.toThrow(/needs a time/);
    expect(
      await log.append(
        'events',
        0,
        records(1).map((record) => ({ ...record, timeMs: 1 })),
      ),
    ).toEqual({ firstOffset: 0 });
  });

  test('of what a record cannot hold are refused with all that waits; the log goes on', async () => {
    const log = await open();
    const good = log.append('events', 0, records(3));
    const bad = log.append('events', 0, [
      { key: keyOf('w', 'profile', 'p'), value: { kind: 'tick', closing: () => true } as unknown as AnyRecord },
    ]);
    await expect(good).rejects.toThrow(TypeError);
    await expect(bad).rejects.toThrow(TypeError);
    expect(await log.append('events', 0, records(3))).toEqual({ firstOffset: 0 });
    expect(sourcesOf((await log.read('events', 0, 0, NO_LIMITS)).records)).toEqual([0, 1, 2]);
  });

  test('to a partition that is not there are refused', async () => {
    const log = await open();
    await expect(log.append('events', 2, records(1))).rejects.toThrow('there is no partition 2 of events');
    await expect(log.endOffset('definitions', 1)).rejects.toThrow(RangeError);
  });

  test('after the close are refused', async () => {
    const log = await open();
    await log.close();
    await expect(log.append('events', 0, records(1))).rejects.toThrow('the log is closed');
  });
});

describe('a reader in the same process', () => {
  test('is handed the appended objects themselves while they are hot, and equal ones later', async () => {
    const log = await open({ hotTail: { bytesPerPartition: 60_000, bytes: 100_000 } });
    log.subscribe('events', 0, () => undefined);
    const first = records(1000);
    await log.append('events', 0, first);
    const hot = await log.read('events', 0, 0, NO_LIMITS);
    hot.records.forEach(({ value }, i) => {
      expect(value).toBe(first[i]?.value);
    });
    for (let i = 1; i < 10; i++) await log.append('events', 0, records(1000, i * 1000));
    const cold = await log.read('events', 0, 0, { ...NO_LIMITS, records: 1000 });
    expect(cold.records[0]?.value).not.toBe(first[0]?.value);
    expect(cold).toStrictEqual(hot);
  });

  test('is bounded in what it keeps: per partition, in all, and nothing for a partition that nobody reads', async () => {
    const log = await open({ hotTail: { bytesPerPartition: 50_000, bytes: 80_000 }, partitions: 4 });
    for (let i = 0; i < 5; i++) await log.append('events', 3, records(1000));
    expect(log.size().hotBytes).toBe(0);
    for (let partition = 0; partition < 3; partition++) {
      log.subscribe('events', partition, () => undefined);
      for (let i = 0; i < 10; i++) {
        await log.append('events', partition, records(1000));
        expect(log.size().hotBytes).toBeLessThanOrEqual(partition === 0 ? 50_000 : 80_000);
      }
    }
    for (let partition = 0; partition < 4; partition++) {
      const read = await log.read('events', partition, 0, NO_LIMITS);
      expect(read.nextOffset).toBe(partition === 3 ? 5000 : 10_000);
    }
  });

  test('has no frame kept for it that all who follow have read', async () => {
    const log = await open({});
    const first = records(1000);
    for (let i = 0; i < 2; i++) log.subscribe('events', 0, () => undefined);
    await log.append('events', 0, first);
    await log.append('events', 0, records(500, 1000));
    const kept = log.size().hotBytes;
    const whole = { ...NO_LIMITS, records: 1000 };
    const handed = await log.read('events', 0, 0, { ...NO_LIMITS, records: 999 });
    for (let i = 0; i < 2; i++) {
      expect(log.size().hotBytes).toBe(kept);
      expect((await log.read('events', 0, 0, whole)).records[0]?.value).toBe(first[0]?.value);
    }
    expect(log.size().hotBytes).toBeGreaterThan(0);
    expect(log.size().hotBytes).toBeLessThan(kept / 2);
    const again = await log.read('events', 0, 0, { ...NO_LIMITS, records: 999 });
    expect(again.records[0]?.value).not.toBe(first[0]?.value);
    expect(again).toStrictEqual(handed);
  });

  test('reads from the hot tail and from disk in one read, without a seam', async () => {
    const log = await open({ hotTail: { bytesPerPartition: 40_000, bytes: 40_000 } });
    for (let i = 0; i < 10; i++) log.subscribe('events', 0, () => undefined);
    for (let i = 0; i < 30; i++) await log.append('events', 0, records(100 + i, i * 1000));
    const all = await log.read('events', 0, 0, NO_LIMITS);
    for (const limit of [1, 37, 100, 1000]) {
      const seen: LogRecord[] = [];
      for (let offset = 0; ;) {
        const batch = await log.read('events', 0, offset, { ...NO_LIMITS, records: limit });
        if (batch.records.length === 0) break;
        seen.push(...batch.records);
        offset = batch.nextOffset;
      }
      expect(seen).toEqual(all.records);
    }
  });
});

describe('the folder', () => {
  test('belongs to one log: a second is refused and names the owner', async () => {
    const folder = newFolder();
    const log = await open({ folder });
    await expect(open({ folder })).rejects.toThrow(`in use by process ${String(process.pid)}`);
    await log.append('events', 0, records(1));
    await log.close();
    const again = await open({ folder });
    expect(await again.endOffset('events', 0)).toBe(1);
  });

  test('keeps its clock and its partition count', async () => {
    const folder = newFolder();
    await (await open({ folder })).close();
    await expect(open({ folder, clock: 'event' })).rejects.toThrow(
      /created with the clock 'append'.*cannot be opened with 'event'/,
    );
    await expect(open({ folder, partitions: 3 })).rejects.toThrow(/created with 2 partitions.*cannot be opened with 3/);
    await expect(open({ folder: newFolder(), partitions: 0 })).rejects.toThrow(RangeError);
    expect((await open({ folder })).partitions('events')).toBe(2);
  });

  test('with a damaged frame is refused where it is read, with topic, partition and offset', async () => {
    const folder = newFolder();
    const log = await open({ folder });
    await log.append('events', 1, records(10));
    await log.append('events', 1, records(10));
    await log.append('events', 0, records(10));
    await log.close();
    await damageFrame(folder, 1, 0);
    const again = await open({ folder });
    await expect(again.read('events', 1, 3, NO_LIMITS)).rejects.toThrow(
      /events\[1\], the frame from offset 0: its checksum is wrong/,
    );
    await expect(again.read('events', 1, 3, NO_LIMITS)).rejects.toThrow(CorruptFrameError);
    expect(sourcesOf((await again.read('events', 1, 10, NO_LIMITS)).records)).toHaveLength(10);
    await again.close();
    await damageFrame(folder, 1, 10);
    await expect(open({ folder })).rejects.toThrow(/events\[1\], the frame from offset 10/);
  });
});

async function damageFrame(folder: string, partition: number, offset: number): Promise<void> {
  const environment = LmdbEnvironment.open(folder);
  const database = environment.database('frames');
  const key = Buffer.from([0, 0, partition, 0, 0, 0, 0, 0, 0, 0, offset]);
  const frame = Buffer.from(database.get(key) as Buffer);
  frame[60] = (frame[60] as number) ^ 1;
  await environment.write(() => void database.put(key, frame));
  await environment.close();
}

describe('compaction', () => {
  const TOPIC = 'profile-features';

  test('does a bounded piece per call, and ends', async () => {
    const log = await open();
    for (let i = 0; i < 20; i++) await log.append(TOPIC, 0, records(1000, i * 1000));
    let steps = 0;
    let dropped = 0;
    for (let finished = false; !finished; steps++) {
      const step = await log.compact(TOPIC, { frames: 7 });
      expect(step.framesRead).toBeLessThanOrEqual(7);
      dropped += step.recordsDropped;
      finished = step.finished;
    }
    expect(steps).toBeGreaterThanOrEqual(6);
    expect(dropped).toBe(20_000 - 10);
    expect(sourcesOf((await log.read(TOPIC, 0, 0, NO_LIMITS)).records)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => 19_990 + i),
    );
    expect(log.size().frames).toBe(1);
    expect(await log.endOffset(TOPIC, 0)).toBe(20_000);
  });

  test('leaves a topic alone until enough of it is new', async () => {
    const log = await open();
    const own = Array.from({ length: 1000 }, (_, i) => ({
      ...(records(1)[0] as NewRecord),
      key: keyOf('w', 'profile', `own${String(i)}`),
    }));
    await log.append(TOPIC, 0, own);
    while (!(await log.compact(TOPIC)).finished);
    await log.append(TOPIC, 0, records(500));
    expect(await log.compact(TOPIC)).toEqual({ finished: true, framesRead: 0, recordsDropped: 0 });
    await log.append(TOPIC, 0, records(600));
    expect((await log.compact(TOPIC)).recordsDropped).toBe(1090);
  });

  test('goes on beside appends and readers', async () => {
    const log = await open();
    log.subscribe(TOPIC, 0, () => undefined);
    let appended = 0;
    for (let i = 0; i < 8; i++) await log.append(TOPIC, 0, records(250, (appended += 250)));
    let finished = false;
    while (!finished || appended < 8000) {
      const compaction = log.compact(TOPIC, { frames: 2, dirtyShareMin: 0.1 });
      const append = appended < 8000 ? log.append(TOPIC, 0, records(250, (appended += 250))) : undefined;
      const latest = new Map<string, number>();
      for (let offset = 0; ;) {
        const batch = await log.read(TOPIC, 0, offset, { ...NO_LIMITS, records: 99 });
        if (batch.nextOffset === offset) break;
        expect(batch.records.every((record) => record.offset >= offset && record.offset < batch.nextOffset)).toBe(true);
        for (const record of batch.records) latest.set(record.key, record.offset);
        offset = batch.nextOffset;
      }
      expect(latest.size).toBe(10);
      await append;
      ({ finished } = await compaction);
    }
    expect((await log.read(TOPIC, 0, 0, NO_LIMITS)).records).toHaveLength(10);
  });

  test('is refused for a topic that keeps everything', async () => {
    const log = await open();
    await expect(log.compact('events')).rejects.toThrow('events is not a compacted topic');
  });
});
