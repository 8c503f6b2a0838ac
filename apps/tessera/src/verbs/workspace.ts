// `tessera workspace`: the populations of a data folder. Secrets are not shown.
import type { Verb } from '../verb.js';
import type { DataOptions } from './asking.js';
import { outputOption, shown, type Shown } from './output.js';

export const workspace: Verb = {
  register(program, { print }) {
    program
      .command('workspace')
      .description('Workspaces of a data folder')
      .command('list')
      .description('Workspaces with the number of their credentials')
      .option('--data <folder>', 'data folder (default: TESSERA_DATA, else ./.tessera)')
      .addOption(outputOption())
      .action(async ({ data, ...form }: DataOptions & Shown) => {
        const [{ readConfig }, { readCredentials }] = await Promise.all([
          import('@tessera/settings'),
          import('@tessera/service'),
        ]);
        const { workspaces } = readCredentials(data ?? readConfig().data);
        const rows = workspaces.map(({ id, writeKeys, tokens }) => ({
          workspace: id,
          writeKeys: writeKeys.length,
          tokens: tokens.length,
        }));
        print(shown({ workspaces: rows }, form, rows));
      });
  },
};
