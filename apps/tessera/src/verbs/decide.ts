// `tessera decide`: what a person would be shown, and why.
import type { Verb } from '../verb.js';
import { askingAt, personBody, withData, type DataOptions } from './asking.js';
import { outputOption, shown, type Row, type Shown } from './output.js';
import { personOf, withPerson, type PersonOptions } from './person.js';

interface DecidedSlot {
  readonly slot: string;
  readonly status: string;
  readonly content: string;
  readonly payload?: unknown;
  readonly reason: { readonly detail: string };
}

export const decide: Verb = {
  register(program, { print }) {
    withPerson(withData(program.command('decide <slots...>').addOption(outputOption())))
      .description('Decide slots for a person, with the reasons')
      .action(async (slots: string[], options: DataOptions & Shown & PersonOptions) => {
        const body = { person: personBody(personOf(options)), slots };
        const answer = await askingAt(options, (asking) => asking.post('/v1/decide', body));
        const rows = (answer['slots'] as readonly DecidedSlot[]).map(({ slot, status, content, payload, reason }): Row => ({
          slot,
          status,
          content,
          payload,
          because: reason.detail,
        }));
        print(shown(answer, options, rows));
      });
  },
};
