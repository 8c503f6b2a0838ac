import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { LogRecord } from '@tessera/runtime';
import { LmdbEventLog } from '../src/lmdb-event-log.js';

const HERE = fileURLToPath(new URL('./child/', import.meta.url));
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-crash-'));
  folders.push(folder);
  return folder;
}

interface Appender {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Resolves when there are so many lines. */
  said(count: number): Promise<void>;
  readonly ended: Promise<unknown>;
}

function startAppender(folder: string, { before = '', payload = 10 } = {}): Appender {
  const flags = ['--no-warnings', '--experimental-transform-types', '--import', join(HERE, 'typescript.mjs')];
  const command = [process.execPath, ...flags, join(HERE, 'appender.mjs'), folder, String(payload)]
    .map((part) => `'${part}'`)
    .join(' ');
  const child = spawn('bash', ['-c', `${before} exec ${command}`], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let errors = '';
  child.stderr?.on('data', (text: Buffer) => (errors += text.toString()));
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  reader.on('line', (line) => lines.push(line));
  const ended = once(reader, 'close');
  return {
    child,
    lines,
    ended,
    async said(count) {
      while (lines.length < count) {
        const [line] = (await Promise.race([ended, once(reader, 'line')])) as [string?];
        if (line === undefined) throw new Error(`the appender has ended: ${errors}`);
      }
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

const openLog = (folder: string): Promise<LmdbEventLog> =>
  LmdbEventLog.open({ folder, clock: 'append', partitions: 2, nowMs: () => 1 });

async function readAll(log: LmdbEventLog, partition: number): Promise<readonly LogRecord[]> {
  return (await log.read('events', partition, 0, { records: 1e9, bytes: 1e12 })).records;
}

/** Every acknowledged append is there as it was acknowledged, and the log has no hole. */
async function expectAcknowledged(log: LmdbEventLog, acknowledged: readonly string[]): Promise<void> {
  const partitions = [await readAll(log, 0), await readAll(log, 1)];
  for (const read of partitions) expect(read.map(({ offset }) => offset)).toEqual(read.map((_, i) => i));
  for (const line of acknowledged) {
    const [partition, firstOffset, count, id] = line.split(' ');
    const records = partitions[Number(partition)]?.slice(Number(firstOffset), Number(firstOffset) + Number(count)) ?? [];
    expect(records.map(({ value }) => value?.kind === 'auditRecorded' && value.subject)).toEqual(
      new Array(Number(count)).fill(id),
    );
  }
}

describe('a process killed while it appends', () => {
  test('loses nothing that was acknowledged, owns the folder while it lives and no longer', async () => {
    const folder = newFolder();
    for (let round = 1; round <= 3; round++) {
      const appender = startAppender(folder);
      await appender.said(40 * round);
      await expect(openLog(folder)).rejects.toThrow(`in use by process ${String(appender.child.pid)}`);
      await kill(appender.child);
      const log = await openLog(folder);
      const acknowledged = appender.lines.filter((line) => /^\d/.test(line));
      expect(acknowledged.length).toBeGreaterThan(30);
      await expectAcknowledged(log, acknowledged);
      await log.close();
    }
  }, 60_000);
});

describe('a disk that takes no more', () => {
  test('refuses the append as an error of the world, and keeps what was acknowledged', async () => {
    const folder = newFolder();
    // Files may grow to 4 MiB: the write beyond fails as it does on a full disk.
    const appender = startAppender(folder, { before: 'ulimit -f 4096;', payload: 20_000 });
    const [[code]] = (await Promise.all([once(appender.child, 'exit'), appender.ended])) as [[number], unknown];
    const { lines } = appender;
    expect(lines.at(-1)).toMatch(/^error RetryableError: the transaction in .* failed: /);
    expect(code).toBe(3);
    const log = await openLog(folder);
    await expectAcknowledged(
      log,
      lines.filter((line) => /^\d/.test(line)),
    );
    expect((await log.append('events', 0, [])).firstOffset).toBe(await log.endOffset('events', 0));
    await log.close();
  }, 60_000);
});
