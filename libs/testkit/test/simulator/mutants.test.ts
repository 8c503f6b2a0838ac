// Planted bugs: the simulator has to find every one of them within a thousand worlds, else its own silence means little.
import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { MUTANTS, type Mutant } from '../mutants/mutants.mjs';
import { countsOf, LIBS, runSimulator } from './simulation.js';

const SEEDS_MAX = 1_000;
const AT_ONCE = 2;
const LOADER = join(LIBS, 'testkit/test/mutants/load-mutant.mjs');

interface Verdict {
  readonly name: string;
  readonly seed: number | undefined;
  readonly seenBy: string;
}

describe('planted bugs', () => {
  test('each breaks another rule, within the first thousand worlds', () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(18);
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
    for (const { seeds: [from, count] = [1, SEEDS_MAX] } of MUTANTS) {
      expect(from).toBeGreaterThanOrEqual(1);
      expect(from + count - 1).toBeLessThanOrEqual(SEEDS_MAX);
    }
  });

  test('each is found', async () => {
    const verdicts = await inTurn(MUTANTS, search);
    const table = verdicts.map(
      ({ name, seed, seenBy }) => `${name.padEnd(32)} ${(seed === undefined ? 'never' : String(seed)).padStart(6)}  ${seenBy}`,
    );
    process.stdout.write(`planted bug                        seed  seen by\n${table.join('\n')}\n`);
    expect(verdicts.filter(({ seed }) => seed === undefined)).toEqual([]);
  }, 600_000);

  test('a text that is not there is an error, and no silence', async () => {
    await expect(
      runSimulator(['--from', '1', '--seeds', '1'], { MUTANT: 'no-such-bug' }, ['--import', LOADER]).then(countsOf),
    ).rejects.toThrow("there is no mutant 'no-such-bug'");
  });
});

async function search({ name, seeds: [from, count] = [1, SEEDS_MAX] }: Mutant): Promise<Verdict> {
  const run = await runSimulator(['--from', String(from), '--seeds', String(count), '--stop'], { MUTANT: name }, [
    '--import',
    LOADER,
  ]);
  const { firstBadSeed } = countsOf(run);
  if (run.errors !== '') throw new Error(run.errors);
  const invariants = run.lines.flatMap((line) => /VIOLATION (I\d)/.exec(line)?.[1] ?? []);
  return { name, seed: firstBadSeed, seenBy: [...new Set(invariants)].sort().join(' ') };
}

/** The results in the order of the items, so many at once. */
async function inTurn<Item, Result>(items: readonly Item[], run: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++;
      results[at] = await run(items[at] as Item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
