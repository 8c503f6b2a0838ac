// The disk of an embedded system is full, and later has room again: nothing acknowledged is lost, who sends is told to wait, and all goes on.
// The limit is that of the process on the size of its files (prlimit, RLIMIT_FSIZE): a write beyond it fails as on a full disk, with EFBIG
// in the place of ENOSPC, and it can be lifted while the process runs.
// Now and then LMDB's native part corrupts its heap when a write fails, and the process aborts ("malloc(): invalid size"). Then it is started
// again, as any supervisor does, the round is played again, and what was acknowledged has to be there all the same. A heap that was corrupted
// may tell much later: at the end everything is reckoned in a process of its own, killed -9 before.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { closePorts, openEmbeddedPorts } from '@tessera/service';
import { connect } from '../src/client.js';
import { checkLog } from './kill/check-log.js';
import { checkState } from './kill/check-state.js';
import { DEFINITIONS } from './kill/definitions.js';
import { endLoad } from './kill/end-load.js';
import { Load } from './kill/load.js';
import { TesseraProcess } from './kill/tessera-process.js';
import { untilIdle } from './kill/until-idle.js';

const ROUNDS = 3;
/** Of all rounds together. */
const ABORTS_MAX = 5;
const PARTITIONS = 8;
/** How much each of the two files may grow before the disk is full. */
const SLACK_BYTES = 96 << 10;

const data = mkdtempSync(join(tmpdir(), 'tessera-full-'));
let tessera: TesseraProcess | undefined;
let passed = false;
/** Ended in any case. */
let begun: Load | undefined;
afterAll(async () => {
  if (!passed)
    process.stderr.write(
      `what the process said last, exit code or signal ${String(tessera?.ended ?? 'none, it lives')}:\n${tessera?.journal.slice(-4_000) ?? ''}\n`,
    );
  await tessera?.kill();
  await endLoad(begun);
  rmSync(data, { recursive: true, force: true });
});

function limitFiles(pid: number, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${String(bytes)}:unlimited`]);
}

function largestFile(): number {
  return Math.max(...['log', 'state'].map((folder) => statSync(join(data, folder, 'data.mdb')).size));
}

/** A lost connection may be told a moment before the end of who was at its other end. */
async function isAborted(one: TesseraProcess): Promise<boolean> {
  for (const endMs = Date.now() + 3_000; one.ended === undefined && Date.now() < endMs;) await pause(20);
  return one.ended === 'SIGABRT' || one.ended === 'SIGSEGV';
}

async function until(condition: () => boolean, what: () => string): Promise<void> {
  for (const endMs = Date.now() + 90_000; !condition(); await pause(5))
    if (Date.now() > endMs) throw new Error(`it never came: ${what()}`);
}

/** Sends large events one after another; what was refused is sent again when there is room, as every client does. */
class Filler {
  private count = 0;

  constructor(
    private readonly http: string,
    private readonly authorization: string,
    private readonly load: Load,
  ) {}

  async untilRefused(): Promise<Response> {
    for (let i = 0; i < 200; i++) {
      const answer = await this.send();
      if (answer.status !== 200) return answer;
      this.count += 1;
    }
    throw new Error('200 events of 30 kB found room on a full disk');
  }

  async again(): Promise<void> {
    for (const endMs = Date.now() + 30_000; (await this.send()).status !== 200; await pause(50))
      if (Date.now() > endMs) throw new Error('there is room again, and it is still refused');
    this.count += 1;
  }

  private async send(): Promise<Response> {
    const messageId = `filler-${String(this.count)}`;
    this.load.sent.add(messageId);
    const answer = await fetch(`${this.http}/v1/track`, {
      method: 'POST',
      headers: { authorization: this.authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ userId: 'filler', event: 'Filled', properties: { text: 'x'.repeat(30_000) }, messageId }),
    });
    if (answer.status === 200) this.load.acknowledged.add(messageId);
    return answer;
  }
}

test('a full disk refuses what it cannot keep, answers what it can, and goes on when there is room', async () => {
  tessera = await TesseraProcess.on(data);
  const { pid } = await tessera.start();
  const client = connect(data);
  await client.http('/api/v1/definitions:apply?wait=active', { method: 'POST', body: DEFINITIONS });
  const { http, ops } = client.endpoints;
  const authorization = `Basic ${btoa(`${client.workspace.writeKeys[0]?.key ?? ''}:`)}`;
  const load = (begun = new Load(authorization, 20_261_123));
  load.serverAt(http);

  const filler = new Filler(http, authorization, load);
  let process = pid;
  const play = async (round: number): Promise<void> => {
    const goal = load.acknowledged.size + 600;
    await until(
      () => load.acknowledged.size >= goal,
      () => `events before the disk is full in round ${String(round)}`,
    );
    limitFiles(process, largestFile() + SLACK_BYTES);
    const refused = await filler.untilRefused();
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({
      status: 503,
      code: 'unavailable',
      detail: 'The log did not confirm the events.',
    });
    // Who asks is answered from the state, and the process is alive.
    expect((await fetch(`${ops}/livez`)).status).toBe(200);
    const members = (await client.http('/api/v1/segments/buyers/members?pageSize=5')) as { profiles: readonly string[] };
    expect(members.profiles.length).toBeGreaterThanOrEqual(round > 1 ? 1 : 0);
    await pause(300);
    limitFiles(process, 'unlimited');
    await filler.again();
  };
  let aborts = 0;
  for (let round = 1; round <= ROUNDS;) {
    try {
      await play(round);
      round += 1;
    } catch (error) {
      if (!(await isAborted(tessera)) || ++aborts > ABORTS_MAX) throw error;
      process = (await tessera.start()).pid;
    }
  }
  let stopped = false;
  const stopping = load.stop().then(() => (stopped = true));
  for (; !stopped; await Promise.race([stopping, pause(100)])) {
    if (tessera.ended === undefined) continue;
    expect([await isAborted(tessera), ++aborts <= ABORTS_MAX]).toEqual([true, true]);
    await tessera.start();
  }
  await stopping;
  await tessera.kill();
  await tessera.start();
  expect(load.acknowledged).toEqual(load.sent);
  expect([...load.statuses.keys()].filter((status) => ![200, 429, 503].includes(status))).toEqual([]);
  expect(load.withoutRetryAfter).toBe(0);

  await untilIdle(ops);
  const features = client.grpc('tessera.features.v1.FeatureService');
  const identity = client.grpc('tessera.identity.v1.IdentityService');
  const members = await checkState({ features, identity, http: client.http }, load);
  client.close();
  expect((await fetch(`${ops}/readyz`)).status).toBe(200);
  expect(await tessera.stop()).toBe(0);
  expect(tessera.journal).toMatch(/the transaction in .*\/log failed: /);
  expect(tessera.journal).not.toMatch(/halted|invariant/);

  expect(JSON.parse((await tessera.run('verify', '-o', 'json')).stdout)).toMatchObject({ ok: true, skipped: 0, differences: [] });
  const ports = await openEmbeddedPorts(data, PARTITIONS);
  await checkLog(ports.log, load, members);
  await closePorts(ports);
  passed = true;
}, 400_000);
