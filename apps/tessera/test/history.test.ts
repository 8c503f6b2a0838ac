// State is rebuilt while the broker holds only the last minutes: from the archive and what is left of the log, and from a snapshot and the same.
import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ArchivedEventLog, ArchiveRetention, LogArchive, LogArchiver, restoreSnapshot, takeSnapshot } from '@tessera/log-archive';
import { MemoryEventLog } from '@tessera/log-memory';
import { FolderObjectStore } from '@tessera/object-store';
import type { Clock, Space, StateStore } from '@tessera/runtime';
import { parseDefinitions } from '@tessera/segments';
import { accessOf } from '@tessera/service';
import { LmdbStateStore } from '@tessera/state-lmdb';
import { MemoryStateStore } from '@tessera/state-memory';
import { PARTITIONS, SECRET, SystemHost, WORKSPACE } from '@tessera/testkit';
import { Chance } from '../src/demo/chance.js';
import { EmbeddedWorld } from '../src/scenarios/embedded-world.js';
import { verify } from '../src/verify.js';

const START_MS = Date.UTC(2026, 0, 5, 9);
const MINUTE_MS = 60_000;
const ROUNDS = 12;
const DEFINITIONS = `
apiVersion: tessera/v1
kind: Segment
metadata: { name: lately }
spec: { when: { event: Product Viewed, count: { gte: 2 }, within: 20m } }
---
apiVersion: tessera/v1
kind: Segment
metadata: { name: buyers }
spec: { when: { event: Order Completed, sum: { of: properties.revenue, gte: 50 } } }
`;
const access = accessOf({ version: 1, workspaces: [{ id: WORKSPACE, secret: SECRET, writeKeys: [], tokens: [] }] });
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-history-'));
  folders.push(folder);
  return folder;
}

/** A broker that outlives the worlds that use it. */
class Broker extends MemoryEventLog {
  override close(): Promise<void> {
    return Promise.resolve();
  }
}

function callsOf(chance: Chance): readonly Readonly<Record<string, unknown>>[] {
  return Array.from({ length: 30 }, () => {
    const person = chance.int(0, 40);
    const known = chance.int(0, 3) === 0;
    const who = known
      ? { anonymousId: `a${String(person)}`, userId: `u${String(person % 25)}` }
      : { anonymousId: `a${String(person)}` };
    return chance.int(0, 4) === 0
      ? { type: 'track', event: 'Order Completed', properties: { revenue: chance.int(1, 40) }, ...who }
      : { type: 'track', event: 'Product Viewed', properties: { sku: 'X-1' }, ...who };
  });
}

/** What a rebuild would append is in the log already: it goes nowhere. */
class ReplayedLog extends ArchivedEventLog {
  override append(): Promise<{ readonly firstOffset: number }> {
    return Promise.resolve({ firstOffset: 0 });
  }
}

/** Offsets and bytes of everything. */
async function stateOf(store: StateStore, spaces: readonly Space[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const space of spaces) {
    const place = `${space.stage}/${String(space.partition)}`;
    const { nextOffset, logTimeMs, bytes: state = [] } = (await store.loadPartition(space)) ?? {};
    lines.push(`${place} ${String(nextOffset)} ${String(logTimeMs)} ${Buffer.from(state).toString('base64')}`);
    for await (const chunk of store.scan(space))
      for (const { key, lastOffset, dueMs, jobOwed, bytes } of chunk)
        lines.push(
          `${place} ${key} ${String(lastOffset)} ${String(dueMs)} ${String(jobOwed)} ${Buffer.from(bytes).toString('base64')}`,
        );
  }
  return lines;
}

/** Plays twelve times five minutes; the broker lets go of what is archived behind each, and a snapshot is taken in the midst of the work. */
async function play() {
  const objects = await FolderObjectStore.open(newFolder());
  const archive = await LogArchive.open({ store: objects, clock: 'append', partitions: PARTITIONS });
  const store = new MemoryStateStore();
  const chance = new Chance(20_260_105);
  let broker: Broker | undefined;
  let log: ArchivedEventLog | undefined;
  let archiver: LogArchiver | undefined;
  const world = await EmbeddedWorld.open(START_MS, (clock: Clock) => {
    broker = new Broker({ clock: 'append', nowMs: () => clock.nowMs(), partitions: PARTITIONS });
    log = new ArchivedEventLog(broker, archive);
    archiver = new LogArchiver({ log: broker, archive, clock, fileRecords: 40 });
    return Promise.resolve({ log, store });
  });
  const ground = {
    broker: broker as unknown as Broker,
    log: log as unknown as ArchivedEventLog,
    archiver: archiver as unknown as LogArchiver,
  };
  const spaces = spacesOf();
  const host = new SystemHost(world);
  const { documents } = parseDefinitions(DEFINITIONS, 'history');
  await host.apply(documents);
  let snapshot: Awaited<ReturnType<typeof takeSnapshot>> | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const sent = host.send(callsOf(chance));
    if (round === ROUNDS / 2) snapshot = await takeSnapshot({ objects }, 'midst', store, { spaces, partitions: PARTITIONS });
    await sent;
    await host.advanceTo(START_MS + (round + 1) * 5 * MINUTE_MS);
    await ground.archiver.archive({ all: round % 2 === 0 });
    for (const { topic, partition, archivedTo } of ground.archiver.progress())
      if (topic !== 'definitions') await ground.broker.cutHead(topic, partition, archivedTo);
  }
  await world.close();
  return { ...ground, archive, objects, store, spaces, snapshot, endMs: world.nowMs };
}

function spacesOf(): readonly Space[] {
  const stages = [
    'identity',
    'graph',
    'features',
    'segments',
    'decisions.assignments',
    'decisions.memberships',
    'decisions.features',
  ];
  const wide = stages.flatMap((stage) => Array.from({ length: PARTITIONS }, (_, partition) => ({ stage, partition })));
  return [...wide, { stage: 'publisher', partition: 0 }];
}

async function cutOf(broker: Broker): Promise<number> {
  let cut = 0;
  for (let partition = 0; partition < PARTITIONS; partition++) cut += await broker.startOffset('events', partition);
  return cut;
}

describe('with a broker that holds only the last minutes', () => {
  test('a rebuild from the archive and the rest of the log gives the live state, byte by byte', async () => {
    const { broker, log, store } = await play();
    expect(await cutOf(broker)).toBeGreaterThan(250);
    const found = await verify({ log, store, access });
    expect(found).toMatchObject({ ok: true, skipped: 0, differences: [] });
    expect(found.documents).toBeGreaterThan(200);
    // The broker alone cannot do it: the proof needs what is in the archive.
    expect((await verify({ log: broker, store, access })).ok).toBe(false);
  });

  test('a snapshot taken in the midst of the work and the rest of the log give the live state, byte by byte', async () => {
    const { broker, archive, store, objects, spaces, snapshot, endMs } = await play();
    const restored = new MemoryStateStore();
    await restoreSnapshot({ objects }, 'midst', restored);
    const before = await stateOf(restored, spaces);
    const live = await stateOf(store, spaces);
    expect(snapshot?.spaces.length).toBeGreaterThan(PARTITIONS);
    expect(before).not.toEqual(live);
    const world = await EmbeddedWorld.open(endMs, () =>
      Promise.resolve({ log: new ReplayedLog(broker, archive), store: restored }),
    );
    await world.close();
    expect(await stateOf(restored, spaces)).toEqual(live);
  });

  test('what the archive has let go of is told, and a snapshot that is younger gives the live state, byte by byte', async () => {
    const { broker, log, archive, store, objects, spaces, endMs } = await play();
    const clock = { nowMs: () => endMs, wait: () => Promise.resolve() };
    const minutes = (ROUNDS * 5) / 2 + 5;
    const retention = new ArchiveRetention({ archive, log: broker, clock, daysOf: () => minutes / 1_440 });
    expect(await retention.deleteOld()).toBeGreaterThan(PARTITIONS);
    const { ok, differences } = await verify({ log, store, access });
    expect([ok, differences[0]]).toEqual([
      false,
      expect.stringMatching(/begins at \d+, the records before are let go of: it cannot be made again from its log/),
    ]);
    const restored = new MemoryStateStore();
    await restoreSnapshot({ objects }, 'midst', restored);
    const world = await EmbeddedWorld.open(endMs, () =>
      Promise.resolve({ log: new ReplayedLog(broker, archive), store: restored }),
    );
    await world.close();
    expect(await stateOf(restored, spaces)).toEqual(await stateOf(store, spaces));
  });

  test('a system goes on from a snapshot as after a crash, and later events with it', async () => {
    const { log, objects, endMs } = await play();
    const folder = newFolder();
    const restored = await LmdbStateStore.open({ folder });
    await restoreSnapshot({ objects }, 'midst', restored);
    const world = await EmbeddedWorld.open(endMs, () => Promise.resolve({ log, store: restored }));
    const host = new SystemHost(world);
    await host.send([
      { type: 'track', event: 'Product Viewed', anonymousId: 'late' },
      { type: 'track', event: 'Product Viewed', anonymousId: 'late' },
    ]);
    expect((await host.memberships({ anonymousId: 'late' })).get('lately')).toBe(true);
    await world.close();
    const again = await LmdbStateStore.open({ folder });
    expect(await verify({ log, store: again, access })).toMatchObject({ ok: true, skipped: 0, differences: [] });
    await again.close();
  });
});
