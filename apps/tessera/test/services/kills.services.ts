// kill -9 on real processes under load: every service, two instances each, at random moments and at each gap of the order of effects; the
// broker; the store. Nothing that was acknowledged is lost, nothing is applied twice.
// K1 A kill counts only with uncommitted work: of a stage, records in the log that its partitions have not taken in for good, still so
//    700 ms later (its partitions: those of the other instance go on); of ingestion, requests that it has not answered.
// K2 A fault point is where the process kills itself (faults/fault-ports.mjs); all other kills come from outside at a random moment.
// K3 What must be in the state is computed from what the clients did, not from what the system wrote down.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SystemPorts } from '@tessera/service';
import { Chance } from '../../src/demo/chance.js';
import { DEFINITIONS } from '../kill/definitions.js';
import { Load } from '../kill/load.js';
import { adminCall } from './doors.js';
import { OwnServers } from './own-servers.js';
import { reckon } from './reckoning.js';
import { SERVICES, type ServiceName, type ServiceProcess } from './service-process.js';
import { lagsOf, STAGES, TestCluster } from './test-cluster.js';

const KILLS_MIN = 50;
const SEED = 20_261_124;
const ATTEMPTS_MAX = 6;
const LOAD_PAUSE_MS = { least: 150, most: 700 };
const SECOND_LOOK_MS = 700;
const FAULT_WITHIN_MS = 60_000;

const STAGE_GAPS = [
  'read-after',
  'append-before',
  'append-after',
  'write-before',
  'write-after',
  'partition-before',
  'partition-after',
];
/** Stages of decisions append nothing. */
const READER_GAPS = ['read-after', 'write-before', 'write-after', 'partition-before', 'partition-after'];
const RANDOM = 'random';

const PLANS: Readonly<Record<ServiceName, readonly string[]>> = {
  ingestion: ['append-before', 'append-after', RANDOM, 'append-before', RANDOM, 'append-after', RANDOM, RANDOM],
  identity: [...STAGE_GAPS, RANDOM, RANDOM, RANDOM, RANDOM],
  features: [...STAGE_GAPS, RANDOM, RANDOM, RANDOM, RANDOM],
  segments: [...STAGE_GAPS, RANDOM, RANDOM, RANDOM, RANDOM],
  decisions: [...READER_GAPS, RANDOM, RANDOM, RANDOM, RANDOM],
};
const SERVER_KILLS = ['broker', 'store', 'broker', 'store'] as const;

const STAGES_OF: Readonly<Record<ServiceName, readonly string[]>> = {
  ingestion: [],
  identity: ['identity', 'graph'],
  features: ['features'],
  segments: ['publisher', 'segments'],
  decisions: ['decisions.assignments', 'decisions.memberships', 'decisions.features'],
};

let servers: OwnServers;
let cluster: TestCluster;
let load: Load | undefined;

beforeAll(async () => {
  servers = await OwnServers.start();
  const settings = { TESSERA_CHECKPOINT: '250ms', TESSERA_FRESH_CHECKPOINT: '250ms' };
  cluster = await TestCluster.of({ servers: servers.addresses, instances: 2, settings });
  await cluster.start();
}, 900_000);

afterAll(async () => {
  load?.abandon();
  await cluster?.end();
  await servers?.end();
});

test('at least fifty kills under load lose no acknowledged event and apply none twice', async () => {
  const [admin = ''] = cluster.httpOf('segments');
  await adminCall(admin, '/api/v1/definitions:apply?wait=active', cluster.token, DEFINITIONS);
  load = new Load(`Basic ${btoa(`${cluster.writeKey}:`)}`, SEED, LOAD_PAUSE_MS);
  const sent = load;
  sent.serverAt(...cluster.httpOf('ingestion'));

  const counted = await cluster.withPorts(async (ports) => {
    const lanes = await Promise.all(SERVICES.map((service, i) => killAll(service, ports, sent, new Chance(SEED + i))));
    return lanes.flat();
  });
  for (const server of SERVER_KILLS) if (await killServer(server)) counted.push(server);

  const byKind = Object.fromEntries(
    Map.groupBy(counted, (kill) => kill)
      .entries()
      .map(([kill, all]) => [kill, all.length]),
  );
  console.log(`${String(counted.length)} counted kills: ${JSON.stringify(byKind)}`);
  expect(counted.length).toBeGreaterThanOrEqual(KILLS_MIN);
  for (const [service, plans] of Object.entries(PLANS)) {
    for (const plan of new Set(plans)) expect(Object.keys(byKind)).toContain(`${service} ${plan}`);
  }
  expect(Object.keys(byKind)).toEqual(expect.arrayContaining(['broker', 'store']));
  expect(sent.withoutRetryAfter).toBe(0);

  const verified = await reckon(cluster, sent);
  console.log(`verified: ${JSON.stringify({ ...verified, acknowledged: sent.acknowledged.size, repeats: sent.repeats })}`);
  expect(sent.repeats).toBeGreaterThan(0);
  expect(sent.logins).toBeGreaterThan(5);
}, 3_000_000);

/** All kills of one service, one after another, its two instances in turn. */
async function killAll(service: ServiceName, ports: SystemPorts, load: Load, chance: Chance): Promise<readonly string[]> {
  const counted: string[] = [];
  let turn = 0;
  for (const plan of PLANS[service]) {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const victim = cluster.of(service)[turn++ % 2] as ServiceProcess;
      await pause(chance.int(200, 1_200));
      const inFlight = plan === RANDOM ? await killAtRandom(victim, load) : await killAtPoint(victim, plan, chance);
      const counts = inFlight && (service === 'ingestion' || (await leftUndone(service, ports)));
      await victim.start();
      if (!counts) continue;
      counted.push(`${service} ${plan}`);
      break;
    }
  }
  return counted;
}

/** Returns whether it counts so far: of ingestion, requests are without an answer. */
async function killAtRandom(victim: ServiceProcess, load: Load): Promise<boolean> {
  if (victim.service !== 'ingestion') {
    await victim.kill();
    return true;
  }
  const address = `http://127.0.0.1:${String(victim.ports.http)}`;
  while (load.inFlightAt(address) === 0) await pause(0);
  const inFlight = load.inFlightAt(address);
  await victim.kill();
  return inFlight > 0;
}

/** Returns whether the process died where it should. */
async function killAtPoint(victim: ServiceProcess, point: string, chance: Chance): Promise<boolean> {
  const died = join(cluster.folder, `${String(victim.pid)}.died`);
  writeFileSync(join(cluster.folder, `${String(victim.pid)}.fault`), `${point} ${String(chance.int(1, 6))}`);
  victim.signal('SIGUSR2');
  const late = AbortSignal.timeout(FAULT_WITHIN_MS);
  while (victim.running && !late.aborted) await pause(10);
  await victim.kill();
  return existsSync(died) && (JSON.parse(readFileSync(died, 'utf8')) as { point: string }).point === point;
}

/** Whether partitions of the service have records that nobody is taking in. */
async function leftUndone(service: ServiceName, ports: SystemPorts): Promise<boolean> {
  const stages = STAGES.filter(({ name }) => STAGES_OF[service].includes(name));
  const first = await lagsOf(ports, stages);
  await pause(SECOND_LOOK_MS);
  const second = await lagsOf(ports, stages);
  return second.some(({ position, behind }, i) => {
    const before = first[i];
    return before !== undefined && before.behind > 0 && behind > 0 && position === before.position;
  });
}

/** Kills the broker or the store while work is not committed, and starts it again. */
async function killServer(which: 'broker' | 'store'): Promise<boolean> {
  await pause(2_000);
  const behind = await cluster.withPorts(async (ports) => {
    for (;;) {
      const lags = await lagsOf(ports);
      const sum = lags.reduce((all, lag) => all + lag.behind, 0);
      if (sum > 0) return sum;
    }
  });
  const server = which === 'broker' ? servers.broker : servers.store;
  await server.kill();
  await pause(1_500);
  await server.start();
  await Promise.all(cluster.processes.map((process) => process.ready()));
  return behind > 0;
}
