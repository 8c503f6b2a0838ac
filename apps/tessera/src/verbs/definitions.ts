// `tessera plan` and `tessera apply`: definitions from files into the running system. The files are the whole set.
import type { Command } from 'commander';
import type { Verb, VerbContext } from '../verb.js';
import { askingAt, withData, type DataOptions } from './asking.js';
import { outputOption, shown, type Row, type Shown } from './output.js';

interface Change {
  readonly action: string;
  readonly kind: string;
  readonly name: string;
  readonly differences: readonly { readonly place: string; readonly before?: unknown; readonly after?: unknown }[];
}

interface ApplyOptions extends DataOptions, Shown {
  readonly note?: string;
  readonly wait: boolean;
}

export const plan: Verb = {
  register(program, context) {
    withForm(withData(program.command('plan <files...>')))
      .description('Show what applying these files and folders would change; exit code 3 when something would')
      .action(async (files: string[], options: DataOptions & Shown) => {
        const { readFiles } = await import('./definition-files.js');
        const sent = { files: readFiles(files) };
        const answer = await askingAt(options, (asking) => asking.post('/api/v1/definitions:plan', sent));
        const changes = answer['changes'] as readonly Change[];
        show(answer, changes, options, context);
        if (changes.some(({ action }) => action !== 'unchanged')) context.exit(3);
      });
  },
};

export const apply: Verb = {
  register(program, context) {
    withForm(withData(program.command('apply <files...>')))
      .description('Apply these files and folders as the whole definition set')
      .option('--note <text>', 'why, for the history')
      .option('--no-wait', 'do not wait until every partition works with the set')
      .action(async (files: string[], options: ApplyOptions) => {
        const { readFiles } = await import('./definition-files.js');
        const sent = { files: readFiles(files) };
        const query = new URLSearchParams({ ...(options.wait ? { wait: 'active' } : {}), note: options.note ?? '' });
        const answer = await askingAt(options, (asking) => asking.post(`/api/v1/definitions:apply?${query.toString()}`, sent));
        show(answer, answer['changes'] as readonly Change[], options, context);
        const { set, changed, active } = answer as { set: number; changed: boolean; active: boolean };
        const state = active ? 'active' : 'applied, not active yet';
        context.say(
          changed
            ? `definition set ${String(set)} is ${state}`
            : `nothing changed: these are the definitions of set ${String(set)} (${state})`,
        );
        if (options.wait && !active) context.exit(1);
      });
  },
};

function withForm(command: Command): Command {
  return command.addOption(outputOption());
}

function show(answer: unknown, changes: readonly Change[], form: Shown, { print }: VerbContext): void {
  const rows = changes.map(({ action, kind, name, differences }): Row => ({
    action,
    kind,
    name,
    places: differences.map(({ place }) => place).join(' '),
  }));
  print(shown(answer, form, rows));
}
