// `tessera test FILE…`: what it prints and how it ends.
import { expect, test } from '@jest/globals';
import { Command } from 'commander';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../src/verb.js';
import { test as verb } from '../src/verbs/test.js';

const folder = mkdtempSync(join(tmpdir(), 'tessera-verb-'));
const GOOD = `
scenario: a buyer is a buyer
definitions: [buyers.yaml]
start: 2026-01-05T09:00:00Z
steps:
  - send: { type: track, event: Buy, userId: u1 }
  - expect: { person: { userId: u1 }, segments: { buyers: true } }
`;
writeFileSync(
  join(folder, 'buyers.yaml'),
  'apiVersion: tessera/v1\nkind: Segment\nmetadata: { name: buyers }\nspec: { when: { event: Buy } }\n',
);
writeFileSync(join(folder, 'good.yaml'), GOOD);
writeFileSync(join(folder, 'bad.yaml'), GOOD.replace('buyers: true', 'buyers: false'));
writeFileSync(join(folder, 'broken.yaml'), GOOD.replace('send:', 'sent:'));

async function run(...words: readonly string[]): Promise<{ readonly lines: readonly string[]; readonly code: number }> {
  const lines: string[] = [];
  let code = 0;
  const program = new Command('tessera').exitOverride();
  verb.register(program, { print: (text) => void lines.push(text), say: () => undefined, exit: (asked) => void (code = asked) });
  await program.parseAsync(['test', ...words.map((word) => (word.endsWith('.yaml') ? join(folder, word) : word))], {
    from: 'user',
  });
  return { lines, code };
}

test.each([[[]], [['--embedded']]])('a scenario that holds is ok, exit 0 (%j)', async (options) => {
  expect(await run('good.yaml', ...options)).toEqual({ lines: ['ok     a buyer is a buyer', '1 scenarios, all hold'], code: 0 });
});

test.each([[[]], [['--embedded']]])(
  'one that does not is FAILED with place, expected and found, exit 1 (%j)',
  async (options) => {
    const { lines, code } = await run('good.yaml', 'bad.yaml', ...options);
    const file = join(folder, 'bad.yaml');
    expect(lines).toEqual([
      'ok     a buyer is a buyer',
      `FAILED a buyer is a buyer  (${file})`,
      `       ${file}:7 steps[1].expect.segments.buyers`,
      '         expected false',
      '         found    true',
      '2 scenarios, 1 FAILED',
    ]);
    expect(code).toBe(1);
  },
);

test('programs ask for JSON', async () => {
  const { lines, code } = await run('bad.yaml', '-o', 'json');
  const file = join(folder, 'bad.yaml');
  const failures = [{ place: `${file}:7 steps[1].expect.segments.buyers`, expected: 'false', found: 'true' }];
  expect(JSON.parse(lines.join('\n'))).toEqual({
    ok: false,
    scenarios: [{ file, ok: false, scenario: 'a buyer is a buyer', failures, checked: 1 }],
  });
  expect(code).toBe(1);
});

test('a file that is no scenario, or is not there, is a wrong command line', async () => {
  await expect(run('broken.yaml')).rejects.toThrow(UsageError);
  await expect(run('nowhere.yaml')).rejects.toThrow('it cannot be read');
});
