// Failures of a server of our own, so that no other test loses its server: killed, restarted, slow, cut, silent.
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { mkdtempSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { keyOf } from '@tessera/contracts';
import { RetryableError } from '@tessera/runtime';
import type { StateDocument } from '@tessera/runtime';
import { TcpProxy } from '@tessera/testkit';
import { startMongo } from '../../../tools/services/mongo/stand-in.mjs';
import type { StandIn } from '../../../tools/services/mongo/stand-in.mjs';
import { MongoStateStore } from '../src/mongo-state-store.js';
import type { MongoStateStoreOptions } from '../src/options.js';
import { freshDatabase } from './subjects.js';

const SPACE = { stage: 'features', partition: 3 };
const DOCUMENTS = 400;
/** Small bulks: many moments at which a checkpoint can be torn. */
const limits = { writeDocuments: 40, atOnce: 2 };

let server: StandIn;
let proxy: TcpProxy;
let database: string;
const stores: MongoStateStore[] = [];

beforeAll(async () => {
  const folder = process.env['TESSERA_TEST_FOLDER'] ?? tmpdir();
  server = await startMongo({ folder: mkdtempSync(join(folder, 'mongo-failures-')) });
});

afterAll(() => server.destroy({ all: true }));

beforeEach(async () => {
  if (!server.running) await server.start();
  database = freshDatabase();
  proxy = await TcpProxy.open({ port: server.port });
});

afterEach(async () => {
  proxy.heal();
  for (const store of stores.splice(0)) await store.close();
  await proxy.close();
});

async function open(options: Partial<MongoStateStoreOptions> = {}): Promise<MongoStateStore> {
  const store = await MongoStateStore.open({ uri: server.uriOf('', proxy.port), database, limits, ...options });
  stores.push(store);
  return store;
}

function documentsAt(lastOffset: number, count = DOCUMENTS): readonly StateDocument[] {
  return Array.from({ length: count }, (_, id) => ({
    key: keyOf('w', 'sender', String(id)),
    lastOffset,
    dueMs: id % 7 === 0 ? lastOffset * 1000 : Infinity,
    jobOwed: false,
    bytes: new Uint8Array(50).fill(lastOffset),
  }));
}

const partitionAt = (nextOffset: number) => ({ nextOffset, logTimeMs: nextOffset, bytes: new Uint8Array([nextOffset]) });

interface Found {
  readonly next: number;
  readonly offsets: readonly number[];
}

/** What a new owner finds; throws where a document is torn. */
async function found(store: MongoStateStore): Promise<Found> {
  const next = (await store.loadPartition(SPACE))?.nextOffset ?? 0;
  const loaded = await store.load(
    SPACE,
    documentsAt(0).map(({ key }) => key),
  );
  const offsets = loaded.map((document) => document?.lastOffset ?? 0);
  for (const document of loaded) expect(document?.bytes.every((byte) => byte === document.lastOffset) ?? true).toBe(true);
  return { next, offsets };
}

describe('a server that is killed in the middle of a checkpoint', () => {
  test('and started again has all that was acknowledged, and no partition document ahead of its documents', async () => {
    let acknowledged = 0;
    let torn = 0;
    for (let kill = 1; kill <= 4; kill++) {
      const store = await open({ retries: { attempts: 1, firstPauseMs: 1, pauseMsMax: 1 }, selectionMs: 2000 });
      const start = await found(store);
      expect(start.next).toBeGreaterThanOrEqual(acknowledged);
      for (const offset of start.offsets) expect(offset).toBeGreaterThanOrEqual(start.next);
      if (start.offsets.some((offset) => offset > start.next)) torn++;
      let killed: Promise<void> | undefined;
      const failure = await (async () => {
        for (let offset = start.next + 1; ; offset++) {
          const documents = documentsAt(offset);
          for (let slice = 0; slice < 4; slice++) {
            // In the third checkpoint, after none to three of its four slices.
            if (offset === start.next + 3 && slice === kill % 4) killed = server.kill();
            await store.write(SPACE, documents.slice(slice * 100, (slice + 1) * 100));
          }
          await store.writePartition(SPACE, partitionAt(offset));
          acknowledged = offset;
        }
      })().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(RetryableError);
      await killed;
      await server.start();
    }
    const end = await found(await open());
    expect(end.next).toBeGreaterThanOrEqual(acknowledged);
    // Else the kills have hit nothing.
    expect(torn).toBeGreaterThan(0);
  });

  test('and is back in time is not noticed by the writer', async () => {
    const store = await open({ selectionMs: 60_000 });
    await store.write(SPACE, documentsAt(1));
    const write = store.write(SPACE, documentsAt(2));
    const partition = store.writePartition(SPACE, partitionAt(2));
    await server.kill();
    await server.start();
    await write;
    await partition;
    expect(await found(store)).toEqual({ next: 2, offsets: documentsAt(2).map(({ lastOffset }) => lastOffset) });
  });

  test('and stays away fails the partition document too, and leaves it as it was', async () => {
    const store = await open({ retries: { attempts: 2, firstPauseMs: 1, pauseMsMax: 1 }, selectionMs: 2000 });
    await store.write(SPACE, documentsAt(1));
    await store.writePartition(SPACE, partitionAt(1));
    await server.kill();
    const write = store.write(SPACE, documentsAt(2));
    const partition = store.writePartition(SPACE, partitionAt(2));
    const results = await Promise.allSettled([write, partition]);
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { name: 'RetryableError' } });
    await server.start();
    expect((await found(await open())).next).toBe(1);
  });
});

describe('a network', () => {
  test('that is slow costs one round trip per batch of reads and one per bulk', async () => {
    const store = await open({ limits: {} });
    await store.write(SPACE, documentsAt(1));
    const keys = documentsAt(1).map(({ key }) => key);
    await store.load(SPACE, keys);
    proxy.delay(2000);
    for (const call of [() => store.load(SPACE, keys), () => store.write(SPACE, documentsAt(2))]) {
      const began = performance.now();
      await call();
      const tookMs = performance.now() - began;
      // A round trip is 4,000 ms: there was one, and no second one.
      expect(tookMs).toBeGreaterThanOrEqual(3990);
      expect(tookMs).toBeLessThan(7990);
    }
  });

  test('that cuts connections again and again loses no acknowledged write, and no document goes back', async () => {
    const store = await open();
    for (let offset = 1; offset <= 8; offset++) {
      const write = store.write(SPACE, documentsAt(offset));
      for (const ms of [offset * 4, 20]) {
        await wait(ms);
        proxy.cut();
      }
      await write;
      await store.writePartition(SPACE, partitionAt(offset));
    }
    expect(await found(store)).toEqual({ next: 8, offsets: documentsAt(8).map(({ lastOffset }) => lastOffset) });
    expect(proxy.accepted).toBeGreaterThan(4);
  });

  test('that is cut in the middle of a scan leaves out nothing and gives nothing twice', async () => {
    const store = await open({ limits: { readDocuments: 25 } });
    await store.write(SPACE, documentsAt(1));
    const keys: string[] = [];
    for await (const chunk of store.scan(SPACE)) {
      keys.push(...chunk.map(({ key }) => key));
      proxy.cut();
    }
    expect(keys).toEqual(
      documentsAt(1)
        .map(({ key }) => key)
        .sort(),
    );
    const due: string[] = [];
    for await (const chunk of store.scanDue(SPACE)) {
      due.push(...chunk.map(({ key }) => key));
      proxy.cut();
    }
    expect(due).toEqual(
      documentsAt(1)
        .filter(({ dueMs }) => dueMs !== Infinity)
        .map(({ key }) => key)
        .sort(),
    );
  });

  test('that is silent fails a call within its bounds, and serves the next one when it is back', async () => {
    const store = await open({
      answerMs: 500,
      selectionMs: 1000,
      connectMs: 1000,
      retries: { attempts: 2, firstPauseMs: 1, pauseMsMax: 1 },
    });
    await store.write(SPACE, documentsAt(1));
    proxy.silence();
    const began = performance.now();
    await expect(store.write(SPACE, documentsAt(2))).rejects.toThrow(RetryableError);
    // Two tries of 2.5 s, and a selection.
    expect(performance.now() - began).toBeLessThan(12_000);
    proxy.heal();
    const next = await open();
    expect(await next.write(SPACE, documentsAt(3))).toBe(0);
    expect((await found(next)).offsets.every((offset) => offset === 3)).toBe(true);
  });
});

describe('a former owner', () => {
  test('that writes late, through a slow network, takes nothing back', async () => {
    const slow = await open();
    const present = await open({ uri: server.uri });
    await slow.write(SPACE, documentsAt(1));
    proxy.delay(100);
    const late = [2, 3].map((offset) => slow.write(SPACE, documentsAt(offset)));
    const latePartition = slow.writePartition(SPACE, partitionAt(3));
    await present.write(SPACE, documentsAt(9));
    await present.writePartition(SPACE, partitionAt(9));
    const refused = await Promise.all(late);
    await latePartition;
    expect(refused.at(-1)).toBeGreaterThan(0);
    expect(await found(present)).toEqual({ next: 9, offsets: documentsAt(9).map(({ lastOffset }) => lastOffset) });
  });
});
