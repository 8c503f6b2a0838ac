import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyOf } from '@tessera/contracts';
import type { StateDocument } from '@tessera/runtime';
import { keyRanges } from '../src/key-ranges.js';
import { LmdbStateStore } from '../src/lmdb-state-store.js';

const SPACE = { stage: 'features', partition: 1 };
const folders: string[] = [];
const stores: LmdbStateStore[] = [];

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-state-'));
  folders.push(folder);
  return folder;
}

async function open(folder = newFolder()): Promise<LmdbStateStore> {
  const store = await LmdbStateStore.open({ folder });
  stores.push(store);
  return store;
}

function documentOf(id: number, lastOffset: number, size = 100): StateDocument {
  const key = keyOf('w', 'sender', ((id * 2654435761) >>> 0).toString(16));
  return { key, lastOffset, dueMs: Infinity, jobOwed: false, bytes: new Uint8Array(size).fill(lastOffset) };
}

const documentsAt = (count: number, lastOffset: number): readonly StateDocument[] =>
  Array.from({ length: count }, (_, i) => documentOf(i, lastOffset));

/** Turns of the event loop until the promise is settled. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let done = false;
  void work.finally(() => (done = true));
  let turns = 0;
  for (; !done; turns++) await nextTurn();
  return turns;
}

describe('a checkpoint of 100,000 documents', () => {
  test('lets the event loop turn all the while, in writing and in loading', async () => {
    const store = await open();
    const documents = documentsAt(100_000, 1);
    // A turn per thousand documents: 2 to 15 ms each on an idle machine.
    expect(await turnsDuring(store.write(SPACE, documents))).toBeGreaterThan(90);
    const keys = documents.map(({ key }) => key);
    expect(await turnsDuring(store.load(SPACE, keys))).toBeGreaterThan(90);
    expect(store.size()).toMatchObject({ documents: 100_000, refused: 0 });
  }, 60_000);

  test('is cut into ranges of keys: every document in one of them, ranges in order and of like length', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string(), { maxLength: 300 }), fc.integer({ min: 1, max: 20 }), async (ids, count) => {
        const documents = ids.map((id, i) => ({ ...documentOf(0, i), key: keyOf('w', 'sender', id) }));
        const ranges = await keyRanges(documents, count);
        expect(ranges.length).toBeLessThanOrEqual(count);
        expect(ranges.flat()).toHaveLength(documents.length);
        expect(new Set(ranges.flat())).toEqual(new Set(documents));
        for (const [i, range] of ranges.entries()) {
          const before = ranges[i - 1]?.map(({ key }) => key) ?? [];
          for (const { key } of range) expect(before.every((earlier) => earlier < key)).toBe(true);
          const offsets = new Map<string, number>();
          for (const { key, lastOffset } of range) {
            expect(lastOffset).toBeGreaterThan(offsets.get(key) ?? -1);
            offsets.set(key, lastOffset);
          }
        }
      }),
    );
    const ranges = await keyRanges(documentsAt(50_000, 1), 7);
    expect(Math.max(...ranges.map(({ length }) => length))).toBeLessThan(2 * (50_000 / 7));
  });
});

describe('a write', () => {
  test('refused by its guard is not seen while it is under way', async () => {
    const store = await open();
    await store.write(SPACE, documentsAt(10, 5));
    const write = store.write(SPACE, documentsAt(10, 4));
    expect((await store.load(SPACE, [documentOf(3, 0).key]))[0]?.lastOffset).toBe(5);
    expect(await write).toBe(10);
    expect(store.size().refused).toBe(10);
  });

  test('that names a document twice leaves the higher offset', async () => {
    const store = await open();
    expect(await store.write(SPACE, [documentOf(1, 7), documentOf(1, 3), documentOf(1, 9)])).toBe(1);
    expect((await store.load(SPACE, [documentOf(1, 0).key]))[0]?.lastOffset).toBe(9);
  });

  test('seen by a load before it is durable is seen again by one after it', async () => {
    const store = await open();
    for (let offset = 1; offset < 20; offset++) {
      const write = store.write(SPACE, documentsAt(50, offset));
      for (let turns = 0; turns < offset % 4; turns++) await nextTurn();
      const loaded = await store.load(
        SPACE,
        documentsAt(50, 0).map(({ key }) => key),
      );
      expect(loaded.map((document) => document?.bytes[0])).toEqual(new Array(50).fill(offset));
      await write;
    }
  });

  test('with a key that no store holds is refused, and leaves the others out too', async () => {
    const store = await open();
    const tooLong = { ...documentOf(1, 1), key: keyOf('w', 'sender', 'x'.repeat(3000)) };
    await expect(store.write(SPACE, [documentOf(2, 1), tooLong])).rejects.toThrow(RangeError);
    expect(await store.load(SPACE, [documentOf(2, 1).key])).toEqual([undefined]);
    expect(await store.write(SPACE, [documentOf(2, 1)])).toBe(0);
  });

  test('after the close is refused', async () => {
    const store = await open();
    await store.close();
    await expect(store.write(SPACE, [])).rejects.toThrow('the state store is closed');
  });
});

describe('the folder', () => {
  test('belongs to one store', async () => {
    const folder = newFolder();
    await open(folder);
    await expect(open(folder)).rejects.toThrow(`in use by process ${String(process.pid)}`);
  });

  test('keeps the numbers of its stages', async () => {
    const folder = newFolder();
    const first = await open(folder);
    const stages = ['features', 'segments', 'identity'];
    await Promise.all(stages.map((stage, i) => first.write({ stage, partition: 0 }, [documentOf(1, i)])));
    await first.close();
    const second = await open(folder);
    await second.write({ stage: 'another', partition: 0 }, [documentOf(1, 9)]);
    for (const [i, stage] of [...stages, 'another'].entries()) {
      const [document] = await second.load({ stage, partition: 0 }, [documentOf(1, 0).key]);
      expect(document?.lastOffset).toBe(stage === 'another' ? 9 : i);
    }
  });

  test('in the middle of a checkpoint holds whole documents, old or new', async () => {
    const folder = newFolder();
    const store = await open(folder);
    await store.write(SPACE, documentsAt(30_000, 1));
    const write = store.write(SPACE, documentsAt(30_000, 2));
    for (let image = 0; image < 3; image++) {
      for (let turns = 0; turns < 20; turns++) await nextTurn();
      const copy = newFolder();
      copyFileSync(join(folder, 'data.mdb'), join(copy, 'data.mdb'));
      const after = await open(copy);
      let whole = 0;
      for await (const chunk of after.scan(SPACE)) {
        for (const { lastOffset, bytes } of chunk) {
          if ((lastOffset === 1 || lastOffset === 2) && bytes.every((byte) => byte === lastOffset)) whole++;
        }
      }
      expect(whole).toBe(30_000);
    }
    await write;
  }, 60_000);
});
