// A cluster under load that is restarted, and whose servers go away: what its callers see.
// R1 Rolling restart of every process, two instances of each service: no caller of `Decide` with the documented client configuration sees
//    an error, and no event is lost.
// R2 Broker away: ingestion refuses within a bounded time and says when to try again; `Decide` goes on. Store away: `Decide` answers with
//    fallbacks. All of it recovers by itself.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEFINITIONS } from '../kill/definitions.js';
import { Load } from '../kill/load.js';
import { DecideCallers } from './decide-callers.js';
import { adminCall } from './doors.js';
import { OwnServers } from './own-servers.js';
import { reckon } from './reckoning.js';
import { SERVICES, type ServiceName } from './service-process.js';
import { TestCluster } from './test-cluster.js';

const SEED = 20_261_125;
const LOAD_PAUSE_MS = { least: 60, most: 240 };
const AWAY_MS = 8_000;
/** Between a process that is ready and the stop of the next: clients find it. */
const MIN_READY_MS = 3_000;
/** Twice the deadline of an append of ingestion: the machine may be slow. */
const REFUSED_WITHIN_MS = 20_000;
const SLOTS = `
---
apiVersion: tessera/v1
kind: Content
metadata: { name: for-buyers }
spec: { payload: { headline: Thank you } }
---
apiVersion: tessera/v1
kind: Content
metadata: { name: for-all }
spec: { payload: { headline: Welcome } }
---
apiVersion: tessera/v1
kind: Slot
metadata: { name: hero }
spec: { rules: [{ segment: buyers, content: for-buyers }], fallback: for-all }
`;

let servers: OwnServers;
let cluster: TestCluster;
let load: Load;
const asked: DecideCallers[] = [];

beforeAll(async () => {
  servers = await OwnServers.start();
  cluster = await TestCluster.of({ servers: servers.addresses, instances: 2 });
  await cluster.start();
  const [admin = ''] = cluster.httpOf('segments');
  await adminCall(admin, '/api/v1/definitions:apply?wait=active', cluster.token, `${DEFINITIONS}${SLOTS}`);
  load = new Load(`Basic ${btoa(`${cluster.writeKey}:`)}`, SEED, LOAD_PAUSE_MS);
  load.serverAt(...cluster.httpOf('ingestion'));
}, 300_000);

afterAll(async () => {
  load?.abandon();
  await Promise.all(asked.map((asking) => asking.stop()));
  await cluster?.end();
  await servers?.end();
});

/** People of the load, in turn. */
function callers(): DecideCallers {
  const person = (call: number): object => ({ userId: `u${String((call % 4) * 2)}.${String(call % 12)}` });
  const asking = new DecideCallers(cluster.grpcOf('decisions'), cluster.token, 'hero', person);
  asked.push(asking);
  return asking;
}

/** Both instances of a service, one after another; callers were answered without each of them. */
async function roll(service: ServiceName, asking: DecideCallers): Promise<void> {
  for (const process of cluster.of(service)) {
    expect([process.name, await process.stop()]).toEqual([process.name, 0]);
    const answered = asking.calls;
    while (asking.calls === answered) await pause(50);
    await process.start();
    await pause(MIN_READY_MS);
  }
}

describe('under load', () => {
  test('a rolling restart of every process is seen by nobody', async () => {
    const asking = callers();
    await decides(asking);
    await Promise.all(SERVICES.map((service) => roll(service, asking)));
    await decides(asking);
    await asking.stop();
    console.log(
      `rolling restart: ${String(asking.calls)} calls, slowest ${String(Math.round(asking.slowestMs))} ms: ${textOf(asking)}`,
    );
    expect(asking.errors).toEqual([]);
    expect(load.withoutRetryAfter).toBe(0);
  }, 600_000);

  test('without its broker ingestion refuses in time, decisions go on, and all of it recovers', async () => {
    const asking = callers();
    await servers.broker.kill();
    const refusals = await refusalsFor(AWAY_MS);
    const answered = asking.calls;
    while (asking.calls === answered) await pause(50);
    await servers.broker.start();
    await asking.stop();
    console.log(`broker away: ${JSON.stringify(refusals)}; ${String(asking.calls)} calls: ${textOf(asking)}`);
    expect(refusals.statuses.length).toBeGreaterThan(0);
    for (const status of refusals.statuses) expect([429, 503]).toContain(status);
    expect(refusals.withoutRetryAfter).toBe(0);
    expect(refusals.slowestMs).toBeLessThan(REFUSED_WITHIN_MS);
    expect(asking.errors).toEqual([]);
    expect([...asking.answers.keys()].filter((name) => name.startsWith('OK'))).not.toEqual([]);
    await takesAgain();
  }, 400_000);

  test('without its store decisions answer with fallbacks, and all of it recovers', async () => {
    const asking = callers();
    await servers.store.kill();
    await pause(AWAY_MS);
    const away = new Map(asking.answers);
    await servers.store.start();
    await decides(asking);
    await asking.stop();
    console.log(`store away: ${JSON.stringify([...away])}; in all ${String(asking.calls)} calls: ${textOf(asking)}`);
    expect(asking.errors).toEqual([]);
    expect([...away.keys()].filter((name) => /TIMEOUT|UNAVAILABLE/.test(name))).not.toEqual([]);
  }, 400_000);

  test('nothing was lost and nothing applied twice', async () => {
    const verified = await reckon(cluster, load, (messageId) => messageId.startsWith('refused-'));
    console.log(`verified: ${JSON.stringify({ ...verified, acknowledged: load.acknowledged.size, repeats: load.repeats })}`);
  }, 300_000);
});

interface Refusals {
  readonly statuses: readonly number[];
  readonly withoutRetryAfter: number;
  readonly slowestMs: number;
}

/** Sends single events for a while, and counts how they are refused. */
async function refusalsFor(forMs: number): Promise<Refusals> {
  const statuses: number[] = [];
  let withoutRetryAfter = 0;
  let slowestMs = 0;
  const [ingestion = ''] = cluster.httpOf('ingestion');
  for (const untilMs = performance.now() + forMs; performance.now() < untilMs;) {
    const startMs = performance.now();
    const answer = await fetch(`${ingestion}/v1/track`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${cluster.writeKey}:`)}` },
      body: JSON.stringify({ userId: 'nobody', event: 'Seen', messageId: `refused-${String(startMs)}` }),
      signal: AbortSignal.timeout(2 * REFUSED_WITHIN_MS),
    });
    await answer.arrayBuffer();
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
    statuses.push(answer.status);
    if (!(Number(answer.headers.get('retry-after')) >= 1)) withoutRetryAfter += 1;
    await pause(200);
  }
  return { statuses, withoutRetryAfter, slowestMs: Math.round(slowestMs) };
}

/** Resolves when one more answer has been decided from the store. */
async function decides({ answers }: DecideCallers): Promise<void> {
  const before = answers.get('OK TARGETING_MATCH') ?? 0;
  for (const startMs = performance.now(); (answers.get('OK TARGETING_MATCH') ?? 0) === before; await pause(50)) {
    expect(performance.now() - startMs).toBeLessThan(240_000);
  }
}

/** Resolves when the load has been acknowledged again. */
async function takesAgain(): Promise<void> {
  const startMs = performance.now();
  while (load.lastAcknowledgedMs < startMs) {
    expect(performance.now() - startMs).toBeLessThan(240_000);
    await pause(50);
  }
}

function textOf({ answers, errors }: DecideCallers): string {
  return JSON.stringify({ answers: Object.fromEntries(answers), errors: errors.slice(0, 5) });
}
