// `tessera segment`: which audiences there are, who is in them and why, and how their definitions came to be.
import { UsageError, type Verb, type VerbContext } from '../verb.js';
import { askingAt, personBody, withData, type Answer, type DataOptions } from './asking.js';
import { outputOption, shown, wholeNumber, type Row, type Shown } from './output.js';
import { personOf, withPerson, type PersonOptions } from './person.js';
import { explanationText } from './explanation.js';

type Options = DataOptions & Shown;

export const segment: Verb = {
  register(program, context) {
    const { print } = context;
    const group = program.command('segment').description('Segments: what there is, who is in them, and why');
    withData(group.command('list').addOption(outputOption()))
      .description('Segments in force and how many people are in them')
      .action(async (options: Options) => {
        const answer = await askingAt(options, (asking) => asking.get('/api/v1/segments'));
        print(shown(answer, options, answer['segments'] as readonly Row[]));
      });
    withData(group.command('get <name>').addOption(outputOption()))
      .description('The definition in force')
      .action(async (name: string, options: Options) => {
        const answer = await askingAt(options, (asking) => asking.get('/api/v1/definitions'));
        print(shown(definitionOf(answer, name), options));
      });
    withData(group.command('members <name>').addOption(outputOption()))
      .description('Profiles in a segment')
      .option('--limit <n>', 'at most so many', wholeNumber, 100)
      .action(async (name: string, options: Options & { limit: number }) => {
        const profiles = await membersOf(name, options);
        print(
          shown(
            { segment: name, profiles },
            options,
            profiles.map((profile) => ({ profile })),
          ),
        );
      });
    withPerson(withData(group.command('explain <name>').addOption(outputOption())))
      .description('Why a person is in a segment, or is not')
      .action(async (name: string, options: Options & PersonOptions) => {
        const body = { person: personBody(personOf(options)), segment: name };
        const answer = await askingAt(options, (asking) => asking.post('/api/v1/profiles:explain', body));
        print(options.output === 'table' ? explanationText(answer) : shown(answer, options));
      });
    registerHistory(group, context);
  },
};

function registerHistory(group: Parameters<Verb['register']>[0], { print, say }: VerbContext): void {
  withData(group.command('history').addOption(outputOption()))
    .description('Definition sets in the order they were applied')
    .action(async (options: Options) => {
      const answer = await askingAt(options, (asking) => asking.get('/api/v1/definitions/history'));
      print(shown(answer, options, answer['sets'] as readonly Row[]));
    });
  withData(group.command('rollback').addOption(outputOption()))
    .description('Apply the documents of an earlier set again')
    .requiredOption('--set <n>', 'number of the set, as in the history', wholeNumber)
    .option('--note <text>', 'why, for the history')
    .action(async (options: Options & { set: number; note?: string }) => {
      const body = { set: options.set, note: options.note ?? '' };
      const answer = await askingAt(options, (asking) => asking.post('/api/v1/definitions:rollback?wait=active', body));
      const changes = answer['changes'] as readonly Row[];
      print(
        shown(
          answer,
          options,
          changes.map(({ action, kind, name }) => ({ action, kind, name })),
        ),
      );
      say(`definition set ${String(answer['set'])} is in force`);
    });
}

function definitionOf(answer: Answer, name: string): unknown {
  const documents = answer['documents'] as readonly {
    readonly version: number;
    readonly document: { readonly kind: string; readonly metadata: { readonly name: string } };
  }[];
  const segments = documents.filter(({ document }) => document.kind === 'Segment');
  const found = segments.find(({ document }) => document.metadata.name === name);
  if (found === undefined) {
    const names = segments.map(({ document }) => document.metadata.name).join(', ');
    throw new UsageError(`there is no segment "${name}"; there are: ${names === '' ? 'none' : names}`);
  }
  return { version: found.version, ...found.document };
}

async function membersOf(name: string, options: DataOptions & { limit: number }): Promise<readonly string[]> {
  return askingAt(options, async (asking) => {
    const profiles: string[] = [];
    let pageToken = '';
    do {
      const query = new URLSearchParams({
        pageSize: String(Math.min(options.limit, 1_000)),
        ...(pageToken === '' ? {} : { pageToken }),
      });
      const page = await asking.get(`/api/v1/segments/${encodeURIComponent(name)}/members?${query.toString()}`);
      profiles.push(...(page['profiles'] as readonly string[]));
      pageToken = page['nextPageToken'] as string;
    } while (pageToken !== '' && profiles.length < options.limit);
    return profiles.slice(0, options.limit);
  });
}
