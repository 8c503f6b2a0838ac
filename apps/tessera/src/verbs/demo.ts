// `tessera demo`: the main job, to be watched. The same as `dev` on a throw-away data folder, with a shop that is played on it.
import type { Verb } from '../verb.js';
import { wholeNumber } from './output.js';

export const demo: Verb = {
  register(program, { print, say, exit }) {
    program
      .command('demo')
      .description('Play a shop on a throw-away data folder, and check what was promised')
      .option('--once', 'stop after the play; the last line is a JSON report')
      .option('--seed <n>', 'whose morning it is', wholeNumber, 1)
      .action(async ({ once = false, seed }: { once?: boolean; seed: number }) => {
        const [{ readConfig }, { runDemo }] = await Promise.all([import('@tessera/settings'), import('../demo/run-demo.js')]);
        const stopped = new Promise<NodeJS.Signals>((resolve) => {
          for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
        });
        try {
          const report = await runDemo(readConfig(), { seed, once }, print, stopped);
          if (once) print(JSON.stringify(report));
          if (!report.ok) exit(1);
        } catch (error) {
          say(`tessera: ${error instanceof Error ? error.message : String(error)}`);
          // The people of a play that was cut off would go on trying to reach the shop.
          process.exit(1);
        }
      });
  },
};
