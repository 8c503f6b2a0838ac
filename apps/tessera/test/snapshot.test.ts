// A snapshot of the state of a running system, restored beside its log: the rest is replayed, and the state is what the log gives.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect } from '../src/client.js';
import { DEFINITIONS } from './kill/definitions.js';
import { TesseraProcess } from './kill/tessera-process.js';
import { untilIdle } from './kill/until-idle.js';

const root = mkdtempSync(join(tmpdir(), 'tessera-snapshot-test-'));
const data = join(root, 'data');
const place = join(root, 'snapshots');
let tessera: TesseraProcess;
let id = '';

interface StageRow {
  readonly stage: string;
  readonly documents: number;
  readonly toReplay: number;
}

async function send(from: number, count: number): Promise<void> {
  const client = connect(data);
  const authorization = `Basic ${btoa(`${client.workspace.writeKeys[0]?.key ?? ''}:`)}`;
  const batch = Array.from({ length: count }, (_, i) => {
    const userId = `u${String((from + i) % 40)}`;
    return { type: 'track', event: 'Product Viewed', userId, messageId: `m${String(from + i)}` };
  });
  const answer = await fetch(`${client.endpoints.http}/v1/batch`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ batch }),
  });
  expect(answer.status).toBe(200);
  await untilIdle(client.endpoints.ops);
  client.close();
}

/** A data folder with the log and the credentials, and no state. */
function folderWithoutState(name: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  cpSync(join(data, 'log'), join(folder, 'log'), { recursive: true });
  cpSync(join(data, 'credentials.json'), join(folder, 'credentials.json'));
  return folder;
}

beforeAll(async () => {
  tessera = await TesseraProcess.on(data);
});
afterAll(async () => {
  await tessera.kill();
  rmSync(root, { recursive: true, force: true });
});

describe('a snapshot', () => {
  test('is taken while the system runs, without stopping it', async () => {
    await tessera.start();
    const client = connect(data);
    await client.http('/api/v1/definitions:apply?wait=active', { method: 'POST', body: DEFINITIONS });
    client.close();
    await send(0, 300);
    const taken = await tessera.run('snapshot', 'take', '--to', place, '--scratch', join(root, 'scratch'), '-o', 'json');
    expect(taken.stderr).toMatch(/copying the state .*\n[^]*features \d: \d+ documents, goes on at \d+\n[^]*is complete/);
    expect(taken.code).toBe(0);
    id = (JSON.parse(taken.stdout) as { id: string }).id;
    expect(readdirSync(join(root, 'scratch'))).toEqual([]);
    await send(300, 100);
    expect(await tessera.stop()).toBe(0);
    const listed = await tessera.run('snapshot', 'list', '--from', place, '-o', 'json');
    expect(JSON.parse(listed.stdout)).toMatchObject([{ id, partitions: 8 }]);
  }, 120_000);

  test('is refused where state is, where no log is, and beside another log', async () => {
    const refused = await tessera.run('snapshot', 'restore', '--from', place);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/state is not empty \(found data.mdb.*\): move it away, or choose another folder by --data/),
    ]);
    const empty = join(root, 'empty');
    mkdirSync(empty);
    const without = await tessera.run('snapshot', 'restore', '--from', place, '--data', empty);
    expect([without.code, without.stderr]).toEqual([
      1,
      expect.stringContaining(
        'state must never be ahead of its log; bring the log back first (a back-up has both: tessera restore)',
      ),
    ]);
    expect(readdirSync(empty)).toEqual([]);

    const other = await TesseraProcess.on(join(root, 'other'));
    await other.start();
    const owned = await other.run('snapshot', 'restore', '--from', place);
    expect([owned.code, owned.stderr]).toEqual([1, expect.stringMatching(/is in use by process \d+/)]);
    await other.stop();
    rmSync(join(root, 'other', 'state'), { recursive: true });
    const shorter = await other.run('snapshot', 'restore', '--from', place);
    expect([shorter.code, shorter.stderr]).toEqual([
      1,
      expect.stringMatching(
        /the snapshot .* knows .* to offset \d+, and the log ends at \d+: state must never be ahead of its log/,
      ),
    ]);
    const unknown = await tessera.run(
      'snapshot',
      'restore',
      '--from',
      place,
      '--id',
      'then',
      '--data',
      folderWithoutState('none'),
    );
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining(`there is no snapshot then`)]);
    expect(unknown.stderr).toContain(`there are: ${id}`);
    expect((await tessera.run('snapshot', 'take', '--to', 'ftp://x')).code).toBe(2);
    expect((await tessera.run('snapshot', 'list')).stderr).toContain('name it by --from, or set TESSERA_ARCHIVE');
  }, 180_000);

  test('is the state again with the rest of the log, byte by byte', async () => {
    const folder = folderWithoutState('restored');
    const restored = await tessera.run('snapshot', 'restore', '--from', place, '--data', folder, '-o', 'json');
    expect(restored.stderr).toMatch(/features \d: \d+ documents \(\d+ of \d+\)\n[^]*the state is restored/);
    const { stages } = JSON.parse(restored.stdout) as { stages: readonly StageRow[] };
    const features = stages.find(({ stage }) => stage === 'features');
    expect(features?.documents).toBeGreaterThan(30);
    expect(features?.toReplay).toBeGreaterThanOrEqual(100);
    expect(features?.toReplay).toBeLessThan(300);
    expect(readdirSync(folder).sort()).toEqual(['credentials.json', 'log', 'state']);

    const again = await TesseraProcess.on(folder);
    const { ops } = await again.start();
    await untilIdle(ops);
    expect(await again.stop()).toBe(0);
    const verified = await again.run('verify', '-o', 'json');
    const live = await tessera.run('verify', '-o', 'json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, skipped: 0, differences: [] });
    expect((JSON.parse(verified.stdout) as { documents: number }).documents).toBe(
      (JSON.parse(live.stdout) as { documents: number }).documents,
    );
  }, 120_000);

  test('that is damaged is refused, and leaves no state', async () => {
    const folder = folderWithoutState('damaged');
    const chunks = join(place, 'tessera/snapshots', id, 'features');
    const [partition = ''] = readdirSync(chunks);
    const path = join(chunks, partition, '000000.zst');
    const bytes = readFileSync(path);
    bytes[bytes.length >>> 1] = (bytes[bytes.length >>> 1] as number) ^ 1;
    writeFileSync(path, bytes);
    const refused = await tessera.run('snapshot', 'restore', '--from', place, '--data', folder);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/the snapshot is damaged: .*000000.zst has another checksum; use another snapshot/),
    ]);
    expect([existsSync(join(folder, 'state')), existsSync(join(folder, 'state.restoring'))]).toEqual([false, false]);
  }, 60_000);
});
