import { afterEach, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyOf } from '@tessera/contracts';
import { FolderObjectStore } from '@tessera/object-store';
import type { Space, StateDocument, StateStore } from '@tessera/runtime';
import { LmdbStateStore } from '@tessera/state-lmdb';
import { MemoryStateStore } from '@tessera/state-memory';
import { listSnapshots, restoreSnapshot, takeSnapshot, type Snapshot } from '../src/state-snapshot.js';
import { newFolder, removeFolders } from './records.js';

afterEach(removeFolders);

const SPACES: readonly Space[] = [
  { stage: 'features', partition: 0 },
  { stage: 'features', partition: 1 },
  { stage: 'segments', partition: 0 },
];

const EXTENT = { spaces: SPACES, partitions: 2 };

const IDS = ['b', 'a', 'é', '日本', '\uffff', '\u{10000}', 'a/b', '0'];

function documentOf(id: string, lastOffset: number): StateDocument {
  const dueMs = lastOffset % 3 === 0 ? 1_000 + lastOffset : Infinity;
  const bytes = new Uint8Array(900 + (lastOffset % 70)).map((_, i) => (i * 31 + lastOffset) % 256);
  return { key: keyOf('w', 'profile', id), lastOffset, dueMs, jobOwed: lastOffset % 5 === 0, bytes };
}

async function fill(store: StateStore): Promise<void> {
  const documents = [...IDS, ...Array.from({ length: 12_000 }, (_, i) => `n${String(i)}`)].map((id, i) => documentOf(id, i));
  await store.write(SPACES[0] as Space, documents);
  await store.write(SPACES[1] as Space, [documentOf('x', 7)]);
  for (const [i, space] of SPACES.slice(0, 2).entries())
    await store.writePartition(space, {
      nextOffset: 12_000 + i,
      logTimeMs: i === 0 ? 5.5 : -Infinity,
      bytes: new Uint8Array([1, 2, 255]),
    });
}

async function contentOf(store: StateStore): Promise<unknown> {
  const content: unknown[] = [];
  for (const space of SPACES) {
    const document = await store.loadPartition(space);
    content.push(document && { ...document, bytes: [...document.bytes] });
    for await (const chunk of store.scan(space))
      for (const { key, lastOffset, dueMs, jobOwed, bytes } of chunk)
        content.push([key, lastOffset, dueMs, jobOwed, Buffer.from(bytes).toString('base64')]);
  }
  return content;
}

const digestsOf = ({ spaces }: Snapshot): unknown => spaces.map(({ chunks }) => chunks.map(({ sha256 }) => sha256));

describe('a snapshot of state', () => {
  test('is restored as it was, into a store of another kind, and has the same bytes whatever store it was taken of', async () => {
    const memory = new MemoryStateStore();
    const lmdb = await LmdbStateStore.open({ folder: newFolder() });
    await fill(memory);
    const place = { objects: await FolderObjectStore.open(newFolder()) };
    const first = await takeSnapshot(place, '2026-01', memory, EXTENT);
    expect(first.spaces.map(({ stage, partition, documents, ahead }) => ({ stage, partition, documents, ahead }))).toEqual([
      { stage: 'features', partition: 0, documents: 12_008, ahead: 8 },
      { stage: 'features', partition: 1, documents: 1, ahead: 0 },
    ]);
    expect(first.spaces[0]?.chunks.length).toBeGreaterThan(1);
    await restoreSnapshot(place, '2026-01', lmdb);
    expect(await contentOf(lmdb)).toEqual(await contentOf(memory));
    const second = await takeSnapshot(place, '2026-02', lmdb, EXTENT);
    expect(digestsOf(second)).toEqual(digestsOf(first));
    expect(await listSnapshots(place)).toEqual(['2026-01', '2026-02']);
    expect(first.spaces.map(({ nextOffset, reachesTo }) => [nextOffset, reachesTo])).toEqual([
      [12_000, 12_008],
      [12_001, 12_001],
    ]);
    await lmdb.close();
  });

  test('reads the partition document before the documents: what is written meanwhile is ahead, never missing', async () => {
    const store = new MemoryStateStore();
    await fill(store);
    const scan = store.scan.bind(store);
    store.scan = async function* (space, fromKey) {
      await store.write(space, [documentOf('x', 99_999)]);
      await store.writePartition(space, { nextOffset: 100_000, logTimeMs: 9, bytes: new Uint8Array(1) });
      yield* scan(space, fromKey);
    };
    const place = { objects: await FolderObjectStore.open(newFolder()) };
    const { spaces } = await takeSnapshot(place, 'a', store, { ...EXTENT, spaces: SPACES.slice(1, 2) });
    expect(spaces).toMatchObject([{ nextOffset: 12_001, documents: 1, ahead: 1 }]);
  });

  test('is refused where state is, before anything is written', async () => {
    const store = new MemoryStateStore();
    await fill(store);
    const place = { objects: await FolderObjectStore.open(newFolder()) };
    await takeSnapshot(place, 'a', store, EXTENT);
    const other = new MemoryStateStore();
    await other.write(SPACES[1] as Space, [documentOf('y', 1)]);
    await expect(restoreSnapshot(place, 'a', other)).rejects.toThrow(
      'features/1 holds state already: restore into an empty store',
    );
    expect(await other.load(SPACES[0] as Space, [keyOf('w', 'profile', 'a')])).toEqual([undefined]);
    await expect(takeSnapshot(place, 'a', store, EXTENT)).rejects.toThrow('there is a snapshot a already');
  });

  test('that is damaged or not complete is refused', async () => {
    const folder = newFolder();
    const place = { objects: await FolderObjectStore.open(folder) };
    const store = new MemoryStateStore();
    await fill(store);
    const { spaces } = await takeSnapshot(place, 'a', store, EXTENT);
    await expect(restoreSnapshot(place, 'b', new MemoryStateStore())).rejects.toThrow(
      'there is no snapshot b: snapshots/b/snapshot.json is not in the store; there are: a',
    );
    const path = join(folder, spaces[0]?.chunks[1]?.name ?? '');
    const bytes = readFileSync(path);
    bytes[100] = (bytes[100] as number) ^ 1;
    writeFileSync(path, bytes);
    const target = new MemoryStateStore();
    await expect(restoreSnapshot(place, 'a', target)).rejects.toThrow(
      /the snapshot is damaged: .*000001.zst has another checksum/,
    );
    expect(await contentOf(target)).toEqual([undefined, undefined, undefined]);
  });
});
