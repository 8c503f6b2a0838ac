// The shipped loop and the shipped stages in two thousand simulated worlds of crashes, zombies, lost answers and wrong clocks.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countsOf, LIBS, runSimulator } from './simulation.js';

const WORLDS = 2_000;
const TIMEOUT_MS = 600_000;

test(
  `${String(WORLDS)} worlds come to rest without a violation`,
  async () => {
    const half = WORLDS / 2;
    const runs = await Promise.all([1, half + 1].map((from) => runSimulator(['--from', String(from), '--seeds', String(half)])));
    const counts = runs.map(countsOf);
    const sum = (field: 'worlds' | 'violations' | 'events' | 'crashes' | 'rebalances' | 'restarts'): number =>
      counts.reduce((total, each) => total + each[field], 0);
    expect(runs.flatMap(({ lines }) => lines.filter((line) => line.includes('VIOLATION')))).toEqual([]);
    expect(sum('violations')).toBe(0);
    expect(sum('worlds')).toBe(WORLDS);
    // Not vacuous: faults of every kind happened, and often.
    expect(sum('events')).toBeGreaterThan(30 * WORLDS);
    expect(sum('crashes')).toBeGreaterThan(2 * WORLDS);
    expect(sum('rebalances')).toBeGreaterThan(2 * WORLDS);
    expect(sum('restarts')).toBeGreaterThan(10 * WORLDS);
  },
  TIMEOUT_MS,
);

test('equal seeds give equal traces, other seeds others', async () => {
  const arguments_ = ['--from', '1', '--seeds', '20', '--traces'];
  const [first, second] = await Promise.all([runSimulator(arguments_), runSimulator(arguments_)]);
  const traces = first.lines.filter((line) => line.includes('trace'));
  expect(second.lines).toEqual(first.lines);
  expect(new Set(traces.map((line) => line.split(' ')[3])).size).toBe(20);
}, 60_000);

describe('what is simulated', () => {
  let folder: string;
  let lines: ReadonlyMap<string, number>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-simulator-'));
    countsOf(await runSimulator(['--from', '1', '--seeds', '30'], { NODE_V8_COVERAGE: folder }));
    lines = await executedLines(folder);
  }, 120_000);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('every module that ran is the built one of its library', () => {
    const foreign = [...lines.keys()].filter((path) => !/^[a-z-]+\/dist\/[a-z0-9/-]+\.js$/.test(path));
    expect(foreign).toEqual([]);
    const loop = [
      'partition-run',
      'processor-loop',
      'checkpointer',
      'outbox',
      'document-cache',
      'timer-index',
      'step-contexts',
      'job-runner',
      'ledger',
    ];
    for (const module of loop) expect(lines.get(`runtime/dist/${module}.js`)).toBeGreaterThan(0);
    for (const stage of [
      'identity/dist/identity-stage',
      'identity/dist/graph-stage',
      'features/dist/features-stage',
      'segments/dist/segments-stage',
      'segments/dist/publisher-stage',
    ]) {
      expect(lines.get(`${stage}.js`)).toBeGreaterThan(0);
    }
  });

  test('the code that ships is most of what runs; simulated are the ports only', () => {
    const of = (...libraries: readonly string[]): number =>
      [...lines].filter(([path]) => libraries.includes(path.split('/')[0] as string)).reduce((sum, [, count]) => sum + count, 0);
    const ports = [...lines]
      .filter(([path]) => /testkit\/dist\/simulator\/sim-/.test(path))
      .reduce((sum, [, count]) => sum + count, 0);
    const shipped = of('runtime', 'identity', 'consent', 'features', 'segments', 'decisions', 'codec', 'hash');
    expect(ports).toBeGreaterThan(0);
    expect(of('runtime')).toBeGreaterThan(ports);
    expect(shipped).toBeGreaterThan(8 * ports);
  });
});

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
    }[];
  }[];
}

/** Lines of code that were executed, by module of libs. */
async function executedLines(folder: string): Promise<ReadonlyMap<string, number>> {
  const lines = new Map<string, number>();
  for (const file of await readdir(folder)) {
    const { result } = JSON.parse(await readFile(join(folder, file), 'utf8')) as Coverage;
    for (const { url, functions } of result) {
      const path = url.startsWith('file:') ? fileURLToPath(url) : '';
      if (!path.startsWith(`${LIBS}/`)) continue;
      const source = await readFile(path, 'utf8');
      const executed = new Uint8Array(source.length).fill(1);
      // Ranges are nested: what comes later is further inside.
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges) executed.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      let at = 0;
      let count = 0;
      for (const line of source.split('\n')) {
        const begin = at + line.length - line.trimStart().length;
        if (/^\s*[^\s/*}]/.test(line) && executed[begin] === 1) count += 1;
        at += line.length + 1;
      }
      lines.set(path.slice(LIBS.length + 1), count);
    }
  }
  return lines;
}
