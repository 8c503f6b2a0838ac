// `tessera event`: send events through the tracking API, and watch them arrive.
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { UsageError, type Verb } from '../verb.js';
import { askingAt, withData, type Answer, type DataOptions } from './asking.js';
import { followTopic, type FollowOptions } from './follow.js';
import { outputOption, wholeNumber, type Shown } from './output.js';

interface SendOptions extends DataOptions {
  readonly user?: string;
  readonly anonymous?: string;
  readonly properties?: string;
  readonly traits?: string;
  readonly file?: string;
}

export const event: Verb = {
  register(program, context) {
    const group = program.command('event').description('Events: send and watch');
    withData(group.command('send [name]'))
      .description('Send a track call (a name), an identify call (--traits), or calls from a file (YAML or JSON)')
      .option('--user <id>', 'user id')
      .option('--anonymous <id>', 'anonymous id (device)')
      .option('--properties <json>', 'properties of the event')
      .option('--traits <json>', 'traits of the person')
      .option('--file <path>', 'calls in the form of the tracking API; - for stdin')
      .action(async (name: string | undefined, options: SendOptions) => {
        const batch = callsOf(name, options);
        await askingAt(options, async ({ http, writeKey }) => {
          const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
          const headers = { authorization, 'content-type': 'application/json' };
          const response = await fetch(`${http}/v1/batch`, { method: 'POST', headers, body: JSON.stringify({ batch }) });
          const text = await response.text();
          if (!response.ok) throw new Error(`the server answered ${String(response.status)}: ${text}`);
          context.print(text);
          if (text.includes('"verdict":"refused"')) context.exit(1);
        });
      });
    withData(group.command('tail').addOption(outputOption()))
      .description('Watch accepted events')
      .option('--from <where>', 'start or end', 'end')
      .option('--limit <n>', 'stop after so many', wholeNumber)
      .action((options: DataOptions & Shown & FollowOptions) =>
        askingAt(options, (asking) =>
          followTopic(asking, 'events', options, context, (record) => (record.value as Answer | null)?.['kind'] === 'tracked'),
        ),
      );
  },
};

function callsOf(name: string | undefined, { user, anonymous, properties, traits, file }: SendOptions): readonly Answer[] {
  if (file !== undefined) return callsIn(file);
  if (user === undefined && anonymous === undefined) throw new UsageError('whose event is it? name --user or --anonymous');
  const who = { ...(user === undefined ? {} : { userId: user }), ...(anonymous === undefined ? {} : { anonymousId: anonymous }) };
  if (traits !== undefined) return [{ type: 'identify', ...who, traits: objectOf(traits, '--traits') }];
  if (name === undefined) throw new UsageError('name an event, --traits or --file');
  return [
    {
      type: 'track',
      event: name,
      ...who,
      ...(properties === undefined ? {} : { properties: objectOf(properties, '--properties') }),
    },
  ];
}

function callsIn(file: string): readonly Answer[] {
  const documents = parseAllDocuments(readFileSync(file === '-' ? 0 : file, 'utf8'));
  const values = (Array.isArray(documents) ? documents : []).map((document) => document.toJS() as unknown);
  const calls = values.flat().filter((call): call is Answer => typeof call === 'object' && call !== null);
  if (calls.length === 0) throw new UsageError(`there is no call in ${file}; a call is { type: track, event: NAME, userId: ID }`);
  return calls;
}

function objectOf(text: string, option: string): Answer {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Answer;
  } catch {
    // Told below, with what is allowed.
  }
  throw new UsageError(`${option}: found ${text}, allowed is a JSON object`);
}
