// kill -9, twenty times, under load: nothing that was acknowledged is lost, nothing is applied twice.
// K1 A kill counts only with work in flight: requests that have no answer yet, and records in the log that are not yet in the state.
// K2 While it is dead the compacted logs are compacted, whatever the state has taken in of them.
// K3 What must be in the state is computed from what the clients did (load.ts), not from what the system wrote down.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { connect } from '../src/client.js';
import { Chance } from '../src/demo/chance.js';
import { closePorts, COMPACTED_TOPICS, openEmbeddedPorts, type Compactor, type SystemPorts } from '@tessera/service';
import { checkLog } from './kill/check-log.js';
import { checkState } from './kill/check-state.js';
import { DEFINITIONS } from './kill/definitions.js';
import { Load } from './kill/load.js';
import { TesseraProcess } from './kill/tessera-process.js';
import { untilIdle } from './kill/until-idle.js';

const KILLS = 20;
const SEED = 20_261_123;
const PARTITIONS = 8;
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
  await untilIdle(asked.endpoints.ops);
  const features = asked.grpc('tessera.features.v1.FeatureService');
  const identity = asked.grpc('tessera.identity.v1.IdentityService');
  const members = await checkState({ features, identity, http: asked.http }, load);
  for (const segment of ['buyers', 'curious']) {
    expect(members.get(segment)?.size).toBeGreaterThan(5);
    expect(members.get(segment)?.size).toBeLessThan(load.people().length - 5);
  }
  asked.close();
  expect(await tessera.stop()).toBe(0);
  expect(tessera.journal).not.toMatch(/halted|invariant/);

  const verified = await tessera.run('verify', '-o', 'json');
  expect(verified.stderr).toBe('');
  expect(verified.code).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, skipped: 0, differences: [] });
  const ports = await openEmbeddedPorts(data, PARTITIONS);
  await checkLog(ports.log, load, members);
  await closePorts(ports);
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
