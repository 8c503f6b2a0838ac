// `tessera topic tail` and `tessera dlq`: what is in the logs, and what was refused.
import { UsageError, type Verb } from '../verb.js';
import { askingAt, withData, type Answer, type DataOptions } from './asking.js';
import { followTopic, type FollowOptions } from './follow.js';
import { outputOption, shown, wholeNumber, type Shown } from './output.js';

export const topic: Verb = {
  register(program, context) {
    const group = program.command('topic').description('Topics of the log');
    withData(group.command('list').addOption(outputOption()))
      .description('All topics and what they carry')
      .action(async (options: DataOptions & Shown) => {
        const answer = await askingAt(options, (asking) => asking.get('/api/v1/topics'));
        context.print(shown(answer, options, answer['topics'] as readonly Answer[]));
      });
    withData(group.command('tail <topic>').addOption(outputOption()))
      .description('Print the records of a topic as they come')
      .option('--from <where>', 'start or end', 'end')
      .option('--limit <n>', 'stop after so many', wholeNumber)
      .option('--no-follow', 'only what is there')
      .action((name: string, options: DataOptions & Shown & FollowOptions) =>
        askingAt(options, (asking) => followTopic(asking, name, options, context)),
      );
  },
};

interface Letter {
  readonly letter: { readonly partition: number; readonly offset: number };
  readonly received?: string;
  readonly reason: string;
  readonly place: string;
  readonly detail: string;
}

export const dlq: Verb = {
  register(program, { print }) {
    const group = program.command('dlq').description('Dead letters: what was refused, as it came');
    withData(group.command('list').addOption(outputOption()))
      .description('The latest dead letters')
      .option('--limit <n>', 'at most so many', wholeNumber, 100)
      .action(async (options: DataOptions & Shown & { limit: number }) => {
        const answer = await askingAt(options, (asking) => asking.get(`/api/v1/dead-letters?limit=${String(options.limit)}`));
        const letters = answer['letters'] as readonly Letter[];
        const rows = letters.map(({ letter, received, reason, place, detail }) => ({
          letter: `${String(letter.partition)}/${String(letter.offset)}`,
          received,
          reason,
          place,
          detail,
        }));
        print(shown(answer, options, rows));
      });
    withData(group.command('show <letter>').addOption(outputOption()))
      .description('One dead letter with its original bytes; named as in the list, PARTITION/OFFSET')
      .action(async (letter: string, options: DataOptions & Shown) => {
        const named = /^(\d+)\/(\d+)$/.exec(letter);
        if (named === null) throw new UsageError(`found "${letter}", allowed is PARTITION/OFFSET as in dlq list`);
        print(
          shown(
            await askingAt(options, (asking) => asking.get(`/api/v1/dead-letters/${named[1] as string}/${named[2] as string}`)),
            options,
          ),
        );
      });
  },
};
