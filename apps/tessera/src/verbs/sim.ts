// `tessera sim run`: simulated worlds from seeds, with faults, checked against the naive oracle and a fresh fold.
import { UsageError, type Verb } from '../verb.js';
import { wholeNumber } from './output.js';

interface Options {
  readonly seed?: number;
  readonly seeds?: number;
  readonly from: number;
  readonly keepGoing?: boolean;
}

export const sim: Verb = {
  register(program, { print, say, exit }) {
    program
      .command('sim')
      .description('Simulate the whole system in one thread, from a seed')
      .command('run')
      .description('Run one world and print its timeline (--seed), or many (--seeds)')
      .option('--seed <n>', 'the seed of one world', wholeNumber)
      .option('--seeds <n>', 'how many worlds (default 100)', wholeNumber)
      .option('--from <n>', 'the first seed of many', wholeNumber, 1)
      .option('--keep-going', 'go on after the first violation')
      .action(async ({ seed, seeds, from, keepGoing }: Options) => {
        if (seed !== undefined && seeds !== undefined) throw new UsageError('found --seed and --seeds; allowed is one of them');
        const { runWorld, simulate } = await import('@tessera/testkit');
        if (seed !== undefined) {
          const { timeline, violations, traceHash, steps, counts } = await runWorld(seed);
          for (const line of timeline) print(line);
          for (const violation of violations) print(`VIOLATION ${violation}`);
          print(JSON.stringify({ seed, trace: traceHash, steps, ...counts, violations: violations.length }));
          if (violations.length > 0) exit(1);
          return;
        }
        const progress = (done: number): void => {
          if (done % 100 === 0) say(`${String(done)} worlds`);
        };
        const { firstBad, ...summary } = await simulate(from, seeds ?? 100, { stopAtFirst: keepGoing !== true, progress });
        for (const violation of firstBad?.violations ?? []) print(`seed ${String(firstBad?.seed)} VIOLATION ${violation}`);
        print(JSON.stringify({ ...summary, firstBadSeed: firstBad?.seed }));
        if (summary.violations > 0) exit(1);
      });
  },
};
