// The process of a service before it runs: what it refuses, how it says so, and its exit codes. The shipped main.js, as it is started.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tessera-main-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CLUSTER = {
  TESSERA_LOG: 'kafka',
  TESSERA_KAFKA_BROKERS: '127.0.0.1:1',
  TESSERA_STORE: 'mongo',
  TESSERA_MONGO_URI: 'mongodb://user:hush@127.0.0.1:1/tessera',
  TESSERA_CREDENTIALS_FILE: join(folder, 'credentials.json'),
};

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(environment: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<Ended> {
  const env = { PATH: process.env['PATH'], ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...words], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

describe('the process ingestion', () => {
  test('says everything that is wrong with its settings at once, and ends with 2', async () => {
    const { code, stderr } = await run({ TESSERA_LOG: 'kafka', TESSERA_HTTPPORT: '1', TESSERA_OPS_PORT: 'x' });
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^ingestion: TESSERA_HTTPPORT is no setting of Tessera/),
      'ingestion: TESSERA_OPS_PORT: found "x", allowed is a port, 0 for any.',
    ]);
  });

  test('does not run on an embedded log, which nobody shares', async () => {
    const { code, stderr } = await run({});
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /TESSERA_LOG: found "embedded", but the process ingestion works with other processes: set TESSERA_LOG=kafka/,
    );
  });

  test('prints its settings without secrets', async () => {
    const { code, stdout, stderr } = await run(CLUSTER, 'config', 'print');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('hush');
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ variable: 'TESSERA_MONGO_URI', value: '(hidden)' }));
  });

  test('knows no other words', async () => {
    expect(await run(CLUSTER, 'start')).toMatchObject({
      code: 2,
      stderr: 'ingestion: found "start", allowed is nothing, or: config print\n',
    });
  });

  test('ends with 1, and says why in a line of JSON, when what it needs is not there', async () => {
    const { code, stderr } = await run(CLUSTER);
    expect(code).toBe(1);
    const said = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(said).toContainEqual(
      expect.objectContaining({ alert: true, error: expect.stringMatching(/credentials\.json cannot be read/) }),
    );
    expect(stderr).not.toContain('hush');
  });
});
