// kill -9, twenty times, under load: nothing that was acknowledged is lost, nothing is applied twice.
// K1 A kill counts only with work in flight: requests that have no answer yet, and records in the log that are not yet in the state.
// K2 While it is dead the compacted logs are compacted, whatever the state has taken in of them.
// K3 What must be in the state is computed from what the clients did (load.ts), not from what the system wrote down.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import type { AnyRecord, SegmentsChangedRecord, TopicId } from '@tessera/contracts';
import { connect, type Connection } from '../src/client.js';
import { Chance } from '../src/demo/chance.js';
import { closePorts, COMPACTED_TOPICS, openEmbeddedPorts, type Compactor, type SystemPorts } from '@tessera/service';
import { BOUGHT, Load, LOOKED, type Deeds } from './kill/load.js';
import { TesseraProcess } from './kill/tessera-process.js';

const KILLS = 20;
const SEED = 20_261_123;
const PARTITIONS = 8;
/** Deeds that make somebody a member of `buyers`, of `curious`: some get there, others do not. */
const BUYER = 10;
const CURIOUS = 20;
const BRIEF_MS = 1_500;
const DEFINITIONS = `
apiVersion: tessera/v1
kind: Feature
metadata: { name: bought }
spec: { event: ${BOUGHT}, count: {} }
---
apiVersion: tessera/v1
kind: Feature
metadata: { name: looked }
spec: { event: ${LOOKED}, count: {} }
---
apiVersion: tessera/v1
kind: Feature
metadata: { name: looked-lately }
spec: { event: ${LOOKED}, count: {}, within: 1h }
---
apiVersion: tessera/v1
kind: Segment
metadata: { name: buyers }
spec: { when: { event: ${BOUGHT}, count: { gte: ${String(BUYER)} } } }
---
apiVersion: tessera/v1
kind: Segment
metadata: { name: curious }
spec: { when: { event: ${LOOKED}, count: { gte: ${String(CURIOUS)} }, within: 1h } }
---
apiVersion: tessera/v1
kind: Segment
metadata: { name: here }
spec: { when: { event: ${LOOKED}, count: { gte: 2 }, within: ${String(BRIEF_MS)}ms } }
`;

/** Whether somebody is a member, once nobody does anything any more. */
const SEGMENTS: Readonly<Record<string, (deeds: Deeds) => boolean>> = {
  buyers: ({ bought }) => bought >= BUYER,
  curious: ({ lookedLately }) => lookedLately >= CURIOUS,
  here: () => false,
};

const data = mkdtempSync(join(tmpdir(), 'tessera-kill-'));
let tessera: TesseraProcess | undefined;
afterAll(async () => {
  await tessera?.kill();
  rmSync(data, { recursive: true, force: true });
});

test('twenty kills under load lose no acknowledged event and apply none twice', async () => {
  const chance = new Chance(SEED);
  tessera = await TesseraProcess.on(data);
  await tessera.start();
  const client = connect(data);
  await client.http('/api/v1/definitions:apply?wait=active', { method: 'POST', body: DEFINITIONS });
  const load = new Load(`Basic ${btoa(`${client.workspace.writeKeys[0]?.key ?? ''}:`)}`, SEED);
  load.serverAt(client.endpoints.http);
  client.close();

  let kills = 0;
  let compacted = 0;
  for (let attempts = 0; kills < KILLS; attempts++) {
    expect(attempts).toBeLessThan(2 * KILLS);
    const inFlight = await killAtWork(tessera, load, chance);
    const found = await lookAtTheDead();
    compacted += found.compacted;
    if (inFlight > 0 && found.behind > 0) kills += 1;
    load.serverAt((await tessera.start()).http);
  }
  await load.stop();
  expect(load.acknowledged).toEqual(load.sent);
  expect(load.repeats).toBeGreaterThan(KILLS);
  expect(compacted).toBeGreaterThan(100);
  expect(load.logins).toBeGreaterThan(10);

  const asked = connect(data);
  const members = await checkState(asked, load);
  asked.close();
  expect(await tessera.stop()).toBe(0);
  expect(tessera.journal).not.toMatch(/halted|invariant/);

  const verified = await tessera.run('verify', '-o', 'json');
  expect(verified.stderr).toBe('');
  expect(verified.code).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, skipped: 0, differences: [] });
  await checkLog(load, members);
}, 300_000);

/** Kills at some moment after the server took something again; returns how many requests were without an answer then. */
async function killAtWork(victim: TesseraProcess, load: Load, chance: Chance): Promise<number> {
  const startMs = performance.now();
  while (load.lastAcknowledgedMs < startMs) await pause(1);
  await pause(chance.int(0, 300));
  while (load.inFlight === 0) await pause(0);
  const { inFlight } = load;
  await victim.kill();
  return inFlight;
}

/** `behind`: events that the log holds and that features has not taken in for good. `compacted`: records that a compaction took away. */
async function lookAtTheDead(): Promise<{ readonly behind: number; readonly compacted: number }> {
  const ports = await openEmbeddedPorts(data, PARTITIONS);
  try {
    let behind = 0;
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const position = (await ports.store.loadPartition({ stage: 'features', partition }))?.nextOffset ?? 0;
      behind += (await ports.log.endOffset('events', partition)) - position;
    }
    return { behind, compacted: await compact(ports) };
  } finally {
    await closePorts(ports);
  }
}

/** All that there is to compact, in the midst of unfinished work: nobody may miss what is gone. Returns how much that is. */
async function compact({ compactor }: SystemPorts): Promise<number> {
  let dropped = 0;
  for (const topic of COMPACTED_TOPICS) {
    for (let finished = false; !finished;) {
      const step = await (compactor as Compactor).compact(topic, { frames: 64 });
      ({ finished } = step);
      dropped += step.recordsDropped;
    }
  }
  return dropped;
}

/** What the doors answer, once idle, is what the clients did; returns the members of every segment. */
async function checkState(client: Connection, load: Load): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  await untilIdle(client.endpoints.ops);
  const features = client.grpc('tessera.features.v1.FeatureService');
  const identity = client.grpc('tessera.identity.v1.IdentityService');
  const expected = new Map(Object.keys(SEGMENTS).map((segment) => [segment, new Set<string>()]));
  const found: unknown[] = [];
  const wanted: unknown[] = [];
  for (const { person, deeds } of load.people()) {
    const answer = (await features.call('GetFeatures', { person })) as {
      features: readonly { name: string; value?: { numberValue?: number } }[];
    };
    found.push({ person, ...Object.fromEntries(answer.features.map(({ name, value }) => [name, value?.numberValue ?? 0])) });
    const { bought, lookedLately, lookedLongAgo } = deeds;
    wanted.push({ person, bought, looked: lookedLately + lookedLongAgo, 'looked-lately': lookedLately });
    const profile = (await identity.call('Resolve', { person }))['profile'] as string;
    for (const [segment, isMember] of Object.entries(SEGMENTS)) if (isMember(deeds)) expected.get(segment)?.add(profile);
  }
  expect(found).toEqual(wanted);
  for (const [segment, profiles] of expected) {
    const page = (await client.http(`/api/v1/segments/${segment}/members?pageSize=1000`)) as { profiles: readonly string[] };
    expect({ segment, members: [...page.profiles].sort() }).toEqual({ segment, members: [...profiles].sort() });
  }
  for (const segment of ['buyers', 'curious']) {
    expect(expected.get(segment)?.size).toBeGreaterThan(5);
    expect(expected.get(segment)?.size).toBeLessThan(wanted.length - 5);
  }
  return expected;
}

/** No stage lags, and what is brief is over. */
async function untilIdle(ops: string): Promise<void> {
  for (let calm = 0; calm < 2;) {
    const metrics = await (await fetch(`${ops}/metrics`)).text();
    const lags = [...metrics.matchAll(/^tessera_stage_lag_records\{.*\} (.*)$/gm)].map(([, value]) => Number(value));
    calm = lags.length > 0 && lags.every((lag) => lag === 0) ? calm + 1 : 0;
    await pause(calm > 0 ? BRIEF_MS : 50);
  }
}

async function checkLog(load: Load, members: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
  const ports = await openEmbeddedPorts(data, PARTITIONS);
  try {
    const stored = new Set<string>();
    for await (const record of recordsOf(ports, 'events')) if (record.kind === 'tracked') stored.add(record.messageId);
    expect(stored).toEqual(load.acknowledged);
    const changes = new Map<string, SegmentsChangedRecord[]>();
    for await (const record of recordsOf(ports, 'segment-changes')) {
      if (record.kind !== 'segmentsChanged') continue;
      const ofProfile = changes.get(record.profile) ?? [];
      changes.set(record.profile, ofProfile);
      const last = ofProfile.at(-1)?.sequence ?? 0;
      if (record.sequence > last) ofProfile.push(record);
      else expect({ ...record, evaluated: '' }).toEqual({ ...ofProfile[record.sequence - 1], evaluated: '' });
    }
    checkChanges(changes, members);
  } finally {
    await closePorts(ports);
  }
}

/** As a consumer that drops what it has seen by (profile, sequence): no gap, entered and exited in turn, members at the end. */
function checkChanges(
  changes: ReadonlyMap<string, readonly SegmentsChangedRecord[]>,
  members: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const inside = new Map([...members.keys()].map((segment) => [segment, new Set<string>()]));
  let turns = 0;
  for (const [profile, records] of changes) {
    expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, index) => index + 1));
    for (const { segment, kind } of records.flatMap((record) => record.changes)) {
      const of = inside.get(segment) as Set<string>;
      expect({ profile, segment, kind, member: of.has(profile) }).toEqual({ profile, segment, kind, member: kind !== 'entered' });
      if (kind === 'entered') of.add(profile);
      if (kind === 'exited') of.delete(profile);
      turns += 1;
    }
  }
  expect(inside).toEqual(members);
  expect(turns).toBeGreaterThan(100);
}

async function* recordsOf({ log }: SystemPorts, topic: TopicId): AsyncGenerator<AnyRecord> {
  for (let partition = 0; partition < log.partitions(topic); partition++) {
    for (let offset = 0, end = await log.endOffset(topic, partition); offset < end;) {
      const batch = await log.read(topic, partition, offset, { records: 1_000, bytes: 4 << 20 });
      for (const { value } of batch.records) if (value !== null) yield value;
      offset = batch.nextOffset;
    }
  }
}
