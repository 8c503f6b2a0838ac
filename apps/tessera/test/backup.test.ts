// Back-up under load, loss of the data folder, restore: the system goes on, and what it holds is what its log gives.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { closePorts, openEmbeddedPorts } from '@tessera/service';
import { connect } from '../src/client.js';
import { DEFINITIONS } from './kill/definitions.js';
import { endLoad } from './kill/end-load.js';
import { Load } from './kill/load.js';
import { TesseraProcess } from './kill/tessera-process.js';
import { untilIdle } from './kill/until-idle.js';

const PARTITIONS = 8;
const root = mkdtempSync(join(tmpdir(), 'tessera-backup-test-'));
const data = join(root, 'data');
const store = join(root, 'backups');
let tessera: TesseraProcess;
/** Ended in any case. */
let begun: Load | undefined;
/** Acknowledged before the back-up began: all of them must be in it. */
let before: ReadonlySet<string> = new Set();
let taken: { readonly id: string; readonly files: readonly { readonly file: string; readonly bytes: number }[] };

beforeAll(async () => {
  tessera = await TesseraProcess.on(data);
});
afterAll(async () => {
  await tessera.kill();
  await endLoad(begun);
  rmSync(root, { recursive: true, force: true });
});

async function messagesIn(folder: string): Promise<ReadonlySet<string>> {
  const { log, ...ports } = await openEmbeddedPorts(folder, PARTITIONS);
  const messages = new Set<string>();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { records } = await log.read('events', partition, 0, { records: 1_000_000, bytes: 1 << 30 });
    for (const { value } of records) if (value?.kind === 'tracked') messages.add(value.messageId);
  }
  await closePorts({ log, ...ports });
  return messages;
}

describe('a back-up', () => {
  test('is taken while the system runs under load, without stopping it', async () => {
    await tessera.start();
    const client = connect(data);
    await client.http('/api/v1/definitions:apply?wait=active', { method: 'POST', body: DEFINITIONS });
    const load = (begun = new Load(`Basic ${btoa(`${client.workspace.writeKeys[0]?.key ?? ''}:`)}`, 20_261_123));
    load.serverAt(client.endpoints.http);
    client.close();
    while (load.acknowledged.size < 1_500) await pause(10);
    before = new Set(load.acknowledged);
    const repeats = load.repeats;
    const backup = await tessera.run('backup', '--to', store, '--scratch', join(root, 'scratch'), '-o', 'json');
    const during = load.acknowledged.size;
    await load.stop();
    expect(backup.stderr).toMatch(/copying state.*\n[^]*copying log.*\n[^]*log\/data.mdb: .* MiB of .* MiB\n[^]*is complete/);
    expect(backup.code).toBe(0);
    taken = JSON.parse(backup.stdout) as typeof taken;
    expect(taken.files.map(({ file }) => file)).toEqual(['state/data.mdb', 'log/data.mdb', 'credentials.json']);
    expect(during).toBeGreaterThan(before.size);
    expect(load.repeats).toBe(repeats);
    expect(readdirSync(join(root, 'scratch'))).toEqual([]);
  }, 240_000);

  test('is refused as a target where a data folder is, and where an address makes no sense', async () => {
    const refused = await tessera.run('restore', '--from', store);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /is not empty \(found .*credentials.json.*\): move it away, or choose another folder by --data/,
    );
    const unknown = await tessera.run('restore', '--from', store, '--id', 'yesterday', '--data', join(root, 'other'));
    expect(unknown.stderr).toContain(`there is no complete back-up yesterday at this address; there are: ${taken.id}`);
    expect((await tessera.run('restore', '--from', 'ftp://x', '--data', join(root, 'other'))).code).toBe(2);
    const keyless = await tessera.run('backup', '--to', 's3://bucket/a');
    expect(keyless.stderr).toContain('set TESSERA_S3_ACCESS_KEY_ID and TESSERA_S3_SECRET_ACCESS_KEY_FILE');
    expect(existsSync(join(root, 'other'))).toBe(false);
  }, 180_000);

  test('brings back a lost data folder: nothing acknowledged before it is missing, the state is what the log gives, and events go on', async () => {
    await tessera.kill();
    rmSync(data, { recursive: true });
    const restored = await tessera.run('restore', '--from', store, '-o', 'json');
    expect(restored.stderr).toContain(`is back-up ${taken.id}`);
    expect(JSON.parse(restored.stdout)).toMatchObject({ id: taken.id, data });
    expect(statSync(join(data, 'credentials.json')).mode & 0o077).toBe(0);
    expect(statSync(data).mode & 0o077).toBe(0);

    await tessera.start();
    const client = connect(data);
    const authorization = `Basic ${btoa(`${client.workspace.writeKeys[0]?.key ?? ''}:`)}`;
    for (let i = 0; i < 25; i++) {
      const call = { type: 'track', event: 'Product Viewed', userId: 'later', messageId: `later-${String(i)}` };
      const body = JSON.stringify({ batch: [call] });
      const answer = await fetch(`${client.endpoints.http}/v1/batch`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body,
      });
      expect(answer.status).toBe(200);
    }
    const segments = client.grpc('tessera.segments.v1.SegmentService');
    const isMember = async (): Promise<boolean> => {
      const { memberships } = (await segments.call('GetMemberships', { person: { userId: 'later' } })) as {
        memberships: readonly { segment: string }[];
      };
      return memberships.some(({ segment }) => segment === 'curious');
    };
    for (const endMs = Date.now() + 20_000; !(await isMember()); await pause(50))
      if (Date.now() > endMs) throw new Error('the later events made nobody a member');
    await untilIdle(client.endpoints.ops);
    client.close();
    expect(await tessera.stop()).toBe(0);

    const verified = await tessera.run('verify', '-o', 'json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, skipped: 0, differences: [] });
    const messages = await messagesIn(data);
    expect([...before].filter((message) => !messages.has(message))).toEqual([]);
    expect(Array.from({ length: 25 }, (_, i) => messages.has(`later-${String(i)}`))).not.toContain(false);
  }, 240_000);

  test('that is damaged is refused, and leaves no data folder', async () => {
    const [part = ''] = readdirSync(join(store, taken.id, 'log.data.mdb'));
    const path = join(store, taken.id, 'log.data.mdb', part);
    const bytes = readFileSync(path);
    bytes[bytes.length >>> 1] = (bytes[bytes.length >>> 1] as number) ^ 1;
    writeFileSync(path, bytes);
    const refused = await tessera.run('restore', '--from', store, '--data', join(root, 'other'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /the back-up is damaged: .*log.data.mdb\/000000.zst: its checksum is wrong; choose another by --id/,
    );
    expect(readdirSync(root).sort()).toEqual(['backups', 'data', 'scratch']);
  }, 180_000);
});
