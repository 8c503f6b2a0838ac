// `tessera dev`: every service in this process on one data folder, until it is told to stop.
import { flushCompileCache } from 'node:module';
import type { Config } from '@tessera/settings';
import type { Verb, VerbContext } from '../verb.js';

export const dev: Verb = {
  register(program, context) {
    program
      .command('dev')
      .description('Run everything in one process, until stopped')
      .option('--data <folder>', 'data folder (default: TESSERA_DATA, else ./.tessera)')
      .action(async ({ data }: { data?: string }) => {
        const { readConfig } = await import('@tessera/settings');
        const config = readConfig();
        await run(data === undefined ? config : { ...config, data }, context);
      });
  },
};

async function run(config: Config, { print, say }: VerbContext): Promise<void> {
  const [{ openEmbedded }, { panel }, { createJournal }] = await Promise.all([
    import('../embedded.js'),
    import('../panel.js'),
    import('@tessera/telemetry'),
  ]);
  const stopped = stopSignal();
  const embedded = await openEmbedded(config, createJournal(config.logLevel));
  print(panel(embedded));
  // Now, since a process that is killed does not do it at its end.
  flushCompileCache();
  const signal = await stopped;
  say(`tessera: ${signal}, stopping …`);
  const cutOff = setTimeout(() => {
    say('tessera: the stop took too long and is cut off; what was acknowledged is durable');
    process.exit(1);
  }, config.stopWithinMs);
  cutOff.unref();
  await embedded.stop();
  clearTimeout(cutOff);
  say('tessera: stopped');
}

/** The first one stops gracefully; a second one ends the process at once, as is usual. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
}
