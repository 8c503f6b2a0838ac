import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { keyOf, type AnyRecord } from '@tessera/contracts';
import { LmdbEnvironment } from '@tessera/lmdb-environment';
import { FrameCodec } from '../src/frame.js';
import { FrameStore } from '../src/frame-store.js';
import { HeadCut } from '../src/head-cut.js';
import { lanesOf, type Lane } from '../src/lane.js';
import { LmdbEventLog } from '../src/lmdb-event-log.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const openLog = (folder: string): Promise<LmdbEventLog> =>
  LmdbEventLog.open({ folder, clock: 'append', partitions: 2, nowMs: () => 1_000 });

/** A log of 600 frames of two records in one partition and some in the others, and its lane as it is on disk. */
async function frames(): Promise<{
  readonly folder: string;
  readonly environment: LmdbEnvironment;
  readonly lane: Lane;
  readonly cut: HeadCut;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-cut-'));
  folders.push(folder);
  const log = await openLog(folder);
  for (let i = 0; i < 600; i++) {
    const value = { kind: 'tick', closing: false, source: i, effectiveMs: 0 } satisfies AnyRecord;
    const record = { key: keyOf('w', 'profile', 'p'), value };
    await Promise.all([
      log.append('events', 1, [record, record]),
      ...(i < 3 ? [log.append('events', 0, [record]), log.append('links', 0, [record])] : []),
    ]);
  }
  await log.close();
  const environment = LmdbEnvironment.open(folder);
  const { topics } = environment.readMeta('catalog') as { topics: Record<string, number> };
  const lane = lanesOf('append', 2, (topic) => topics[topic] as number).get('events')?.[1] as Lane;
  lane.durable = 1_200;
  const store = new FrameStore(environment.database('frames'), new FrameCodec());
  return { folder, environment, lane, cut: new HeadCut(environment, store, () => undefined) };
}

async function offsetsOf(folder: string): Promise<readonly [start: number, end: number, records: number, other: number]> {
  const log = await openLog(folder);
  const { records } = await log.read('events', 1, 0, { records: 10_000, bytes: 1 << 30 });
  const found = [
    await log.startOffset('events', 1),
    await log.endOffset('events', 1),
    records.length,
    (await log.endOffset('events', 0)) - (await log.startOffset('events', 0)),
  ] as const;
  await log.close();
  return found;
}

describe('cutting the head of a lane', () => {
  test('lets go of whole frames below the offset, over several transactions, and of nothing else', async () => {
    const { folder, environment, lane, cut } = await frames();
    expect(await cut.to(lane, 1_001)).toBe(1_000);
    expect(await cut.to(lane, 1_001)).toBe(1_000);
    expect(await cut.to(lane, 5)).toBe(1_000);
    await environment.close();
    expect(await offsetsOf(folder)).toEqual([1_000, 1_200, 200, 3]);
  });

  test('leaves the last frame, so that offsets go on', async () => {
    const { folder, environment, lane, cut } = await frames();
    expect(await cut.to(lane, 1_200)).toBe(1_198);
    await environment.close();
    expect(await offsetsOf(folder)).toEqual([1_198, 1_200, 2, 3]);
    const log = await openLog(folder);
    expect(await log.append('events', 1, [{ key: keyOf('w', 'profile', 'p'), value: null }])).toEqual({ firstOffset: 1_200 });
    await log.close();
  });
});

describe('the head of a log in use', () => {
  test('is cut to whole frames, reads go on behind it, and a compacted topic is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tessera-cut-'));
    folders.push(folder);
    const log = await openLog(folder);
    const value = { kind: 'tick', closing: false, source: 0, effectiveMs: 0 } satisfies AnyRecord;
    for (let i = 0; i < 5; i++)
      await log.append('events', 1, [
        { key: keyOf('w', 'profile', 'p'), value },
        { key: keyOf('w', 'profile', 'q'), value },
      ]);
    await log.read('events', 1, 0, { records: 3, bytes: 1 << 20 });
    expect(await log.cutHead('events', 1, 5)).toBe(4);
    expect(await log.startOffset('events', 1)).toBe(4);
    const { records } = await log.read('events', 1, 0, { records: 100, bytes: 1 << 20 });
    expect(records.map(({ offset }) => offset)).toEqual([4, 5, 6, 7, 8, 9]);
    await expect(log.cutHead('segment-memberships', 0, 1)).rejects.toThrow('compacted');
    await log.close();
  });
});
