// `tessera verify`: rebuilds the state of a data folder from its logs and compares it with what is stored.
import type { Verb } from '../verb.js';
import { outputOption, shown, type Shown } from './output.js';

export const verify: Verb = {
  register(program, { print, say, exit }) {
    program
      .command('verify')
      .description('Rebuild all state from the logs and compare it byte by byte (the system must be stopped)')
      .option('--data <folder>', 'data folder (default: TESSERA_DATA, else ./.tessera)')
      .addOption(outputOption())
      .action(async ({ data, ...form }: Shown & { data?: string }) => {
        const [{ readConfig }, service, { verify: rebuild }] = await Promise.all([
          import('@tessera/settings'),
          import('@tessera/service'),
          import('../verify.js'),
        ]);
        const { accessOf, closePorts, openPorts, readCredentials } = service;
        const config = readConfig();
        const folder = data ?? config.data;
        const access = accessOf(readCredentials(folder));
        const ports = await openPorts({ ...config, data: folder });
        try {
          const found = await rebuild({ ...ports, access });
          const { differences, ...counts } = found;
          print(shown(found, form, [{ ...counts, differences: differences.length }]));
          for (const difference of differences) say(difference);
          if (!found.ok) exit(3);
        } finally {
          await closePorts(ports);
        }
      });
  },
};
