// The demo as it is run: one process, its last line, its exit code, and nothing left behind.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const MAIN = join(import.meta.dirname, '../dist/main.js');

interface Report {
  readonly ok: boolean;
  readonly promises: readonly { readonly name: string; readonly ok: boolean; readonly found: string }[];
  readonly events: number;
}

test('every promise of the play holds, the last line says so, and the data folder is gone', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'tessera-demo-test-'));
  try {
    const { code, lines, stderr } = await run(['demo', '--once', '--seed', '7'], scratch);
    const report = JSON.parse(lines.at(-1) ?? '') as Report;
    expect({ broken: report.promises.filter(({ ok }) => !ok), stderr }).toEqual({ broken: [], stderr: '' });
    expect({ code, ok: report.ok, enough: report.promises.length >= 20 && report.events > 40 }).toEqual({
      code: 0,
      ok: true,
      enough: true,
    });
    expect(lines.join('\n')).not.toContain('\u001b[');
    expect(readdirSync(scratch).filter((name) => name.startsWith('tessera-demo'))).toEqual([]);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}, 60_000);

function run(
  line: readonly string[],
  scratch: string,
): Promise<{ code: number | null; lines: readonly string[]; stderr: string }> {
  const env = {
    ...process.env,
    NO_COLOR: '1',
    TMPDIR: scratch,
    TESSERA_HTTP_PORT: '0',
    TESSERA_GRPC_PORT: '0',
    TESSERA_OPS_PORT: '0',
  };
  const child = spawn(process.execPath, [MAIN, ...line], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, lines: said.stdout.trimEnd().split('\n'), stderr: said.stderr });
    });
  });
}
