// The launcher as a process: node20 style (a child, signals passed on) and node24 style (the process becomes the command).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';

const launcher = new URL('../launch.mjs', import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), 'tessera-launch-'));
const started = [];

function script(name, text) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

// The script that is launched prints its process id, then waits for a signal and answers it with exit code 7.
const patient = script(
  'patient.mjs',
  `process.on('SIGTERM', () => { console.log('stopped well'); process.exit(7); });
   console.log(String(process.pid)); setInterval(() => {}, 1000);`,
);

async function start(way, commandLine) {
  const parent = script(
    `parent-${way}.mjs`,
    `import { ${way} } from '${launcher}'; process.exitCode = await ${way}(process.execPath, process.argv.slice(2));`,
  );
  const child = spawn(process.execPath, [parent, ...commandLine], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  const lines = [];
  let wake = () => {};
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    lines.push(...chunk.split('\n').filter(Boolean));
    wake();
  });
  const exit = once(child, 'exit');
  const line = async (index) => {
    while (lines[index] === undefined) await new Promise((resolve) => (wake = resolve));
    return lines[index];
  };
  return { child, exit, line };
}

async function ended(pid) {
  for (let i = 0; i < 200; i++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

afterAll(() => started.forEach((child) => child.kill('SIGKILL')));

describe.each(['launch', 'launchChild'])('%s', (way) => {
  test('passes the exit code through', async () => {
    const { exit } = await start(way, [script('seven.mjs', 'process.exit(7)')]);
    expect((await exit)[0]).toBe(7);
  });

  test('passes SIGTERM through and waits for the command to stop well', async () => {
    const { child, exit, line } = await start(way, [patient]);
    await line(0);
    child.kill('SIGTERM');
    expect(await line(1)).toBe('stopped well');
    expect((await exit)[0]).toBe(7);
  });

  test('leaves no orphan when it is killed', async () => {
    const { child, exit, line } = await start(way, [patient]);
    const pid = Number(await line(0));
    child.kill('SIGKILL');
    await exit;
    expect(await ended(pid)).toBe(true);
  });
});

test('the present process becomes the command where it can', async () => {
  const { child, line } = await start('launch', [patient]);
  expect(Number(await line(0))).toBe(child.pid);
});
