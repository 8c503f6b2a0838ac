// `tessera profile` and `tessera features`: what is known of a person.
import { type Verb } from '../verb.js';
import { askingAt, personBody, withData, type Answer, type DataOptions } from './asking.js';
import { explanationText } from './explanation.js';
import { outputOption, shown, wholeNumber, type Row, type Shown } from './output.js';
import { personOf, withPerson, type PersonOptions } from './person.js';

type Options = DataOptions & Shown & PersonOptions;

export const profile: Verb = {
  register(program, { print }) {
    const group = program.command('profile').description('What is known of a person');
    withPerson(withData(group.command('get').addOption(outputOption())))
      .description('Memberships, features, traits and consent')
      .action(async (options: Options) => {
        print(shown(await askPerson(options, 'profiles:get'), options));
      });
    withPerson(withData(group.command('explain').addOption(outputOption())))
      .description('Why the person is in each of their segments')
      .action(async (options: Options) => {
        const answers = await explainAll(options);
        print(
          options.output === 'table' ? answers.map(explanationText).join('\n\n') || 'in no segment' : shown(answers, options),
        );
      });
    withPerson(withData(group.command('timeline').addOption(outputOption())))
      .description('Changes of memberships, oldest first')
      .option('--limit <n>', 'at most so many', wholeNumber, 100)
      .action(async (options: Options & { limit: number }) => {
        const answer = await askPerson(options, 'profiles:timeline', { limit: options.limit });
        print(shown(answer, options, (answer['changes'] as readonly Answer[]).flatMap(rowsOf)));
      });
  },
};

export const features: Verb = {
  register(program, { print }) {
    const group = program.command('features').description('Feature values of a person');
    withPerson(withData(group.command('get [names...]').addOption(outputOption())))
      .description('Present values; without names, all')
      .action(async (names: string[], options: Options) => {
        const request = { person: personOf(options), features: names };
        const answer = await askingAt(options, (asking) =>
          asking.call('tessera.features.v1.FeatureService', 'GetFeatures', request as unknown as Answer),
        );
        print(shown(answer, options, answer['features'] as readonly Row[]));
      });
  },
};

function askPerson(options: Options, what: string, more: Answer = {}): Promise<Answer> {
  const body = { person: personBody(personOf(options)), ...more };
  return askingAt(options, (asking) => asking.post(`/api/v1/${what}`, body));
}

function explainAll(options: Options): Promise<readonly Answer[]> {
  const person = personBody(personOf(options));
  return askingAt(options, async (asking) => {
    const { memberships } = await asking.post('/api/v1/profiles:get', { person });
    const names = (memberships as readonly { readonly segment: string }[]).map(({ segment }) => segment);
    return Promise.all(names.map((segment) => asking.post('/api/v1/profiles:explain', { person, segment })));
  });
}

/** A record may tell of several segments. */
function rowsOf(change: Answer): readonly Row[] {
  const { effective, sequence, changes } = change as { effective?: string; sequence?: number; changes?: readonly Answer[] };
  if (changes === undefined) return [change];
  return changes.map((one) => ({ effective, sequence, segment: one['segment'], kind: one['kind'], reason: one['reason'] }));
}
