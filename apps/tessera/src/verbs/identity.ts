// `tessera identity`: who is who, why, and taking it back.
import type { Verb } from '../verb.js';
import { askingAt, withData, type Answer, type DataOptions } from './asking.js';
import { outputOption, shown, type Row, type Shown } from './output.js';
import { parsePerson, personOf, withPerson, type PersonOptions } from './person.js';

type Options = DataOptions & Shown;
const SERVICE = 'tessera.identity.v1.IdentityService';

export const identity: Verb = {
  register(program, { print }) {
    const group = program.command('identity').description('Who is who, and why');
    const ask = (options: Options, method: string, request: object): Promise<Answer> =>
      askingAt(options, (asking) => asking.call(SERVICE, method, request as Answer));
    withPerson(withData(group.command('resolve').addOption(outputOption())))
      .description('The profile of an identity, and the nodes it is made of')
      .action(async (options: Options & PersonOptions) => {
        const answer = await ask(options, 'Resolve', { person: personOf(options) });
        const nodes = answer['nodes'] as readonly string[];
        print(
          shown(
            answer,
            options,
            nodes.map((node) => ({ profile: answer['profile'], node })),
          ),
        );
      });
    withPerson(withData(group.command('why').addOption(outputOption())))
      .description('The links of a profile: accepted, refused with the rule, revoked')
      .action(async (options: Options & PersonOptions) => {
        const answer = await ask(options, 'Why', { person: personOf(options) });
        print(shown(answer, options, answer['links'] as readonly Row[]));
      });
    withData(group.command('unlink <a> <b>').addOption(outputOption()))
      .description('Take back the link between two identities: user:ID, anonymous:ID, email:ADDRESS')
      .option('--note <text>', 'why, for the audit', '')
      .action(async (a: string, b: string, options: Options & { note: string }) => {
        const request = { a: parsePerson(a, 'the first identity'), b: parsePerson(b, 'the second identity'), note: options.note };
        const answer = await ask(options, 'Unlink', request);
        print(
          shown(
            answer,
            options,
            (answer['revoked'] as readonly string[]).map((revoked) => ({ revoked })),
          ),
        );
      });
  },
};
