// `tessera config print`: what is set, from where; secrets are not shown.
import { describeConfig, readConfig } from '@tessera/settings';
import type { Verb } from '../verb.js';

export const config: Verb = {
  register(program, { print }) {
    program
      .command('config')
      .description('Settings of this machine')
      .command('print')
      .description('Print every setting, its value and where it is from')
      .option('-o, --output <form>', 'table or json', 'table')
      .action(({ output }: { output: string }) => {
        readConfig();
        const rows = describeConfig();
        if (output === 'json') {
          print(JSON.stringify(rows, undefined, 2));
          return;
        }
        for (const { variable, value, from, what } of rows) {
          print(`${variable.padEnd(26)} ${(value === '' ? '-' : value).padEnd(14)} ${from.padEnd(12)} ${what}`);
        }
      });
  },
};
