// What verbs make of a command line, without a system.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import type { VerbContext } from '../src/verb.js';
import { definitionFiles } from '../src/verbs/definition-files.js';
import { shown, table, wholeNumber } from '../src/verbs/output.js';
import { parsePerson, personOf } from '../src/verbs/person.js';
import { plain } from '../src/verbs/plain.js';
import { VERBS } from '../src/verbs.js';

const folder = mkdtempSync(join(tmpdir(), 'tessera-verbs-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a command line; resolves to what it threw. */
async function refusalOf(...line: readonly string[]): Promise<string> {
  const context: VerbContext = { print: () => undefined, say: () => undefined, exit: () => undefined };
  const quiet = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    command.commands.forEach(quiet);
  };
  const program = new Command('tessera');
  for (const { register } of VERBS) register(program, context);
  quiet(program);
  try {
    await program.parseAsync(['node', 'tessera', ...line]);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('a person on a command line', () => {
  test('is named by exactly one option', () => {
    expect(personOf({ user: '42' })).toEqual({ userId: '42', identities: {} });
    expect(personOf({ anonymous: 'd' })).toEqual({ anonymousId: 'd', identities: {} });
    expect(personOf({ profile: 'p_1' })).toEqual({ profileId: 'p_1', identities: {} });
    expect(personOf({ identity: 'email:a@b.c' })).toEqual({ identities: { email: 'a@b.c' } });
    expect(() => personOf({})).toThrow('found none');
    expect(() => personOf({ user: '1', profile: 'p' })).toThrow('found 2');
  });

  test('is an identity with its namespace in front', () => {
    expect(parsePerson('user:a:b', 'x')).toEqual({ userId: 'a:b', identities: {} });
    expect(parsePerson('anonymous_id:d', 'x')).toEqual({ anonymousId: 'd', identities: {} });
    for (const wrong of ['ada', ':ada', 'user:']) expect(() => parsePerson(wrong, 'x')).toThrow(`found "${wrong}"`);
  });
});

describe('definition files', () => {
  test('a folder means all definition files in it and below, by name; hidden folders and other files are left', async () => {
    const { mkdirSync } = await import('node:fs');
    mkdirSync(join(folder, 'b'));
    mkdirSync(join(folder, '.git'));
    for (const name of ['c.yml', 'a.yaml', 'b/d.json', 'notes.md', '.git/x.yaml']) writeFileSync(join(folder, name), '');
    expect(definitionFiles([folder])).toEqual(['a.yaml', 'b/d.json', 'c.yml'].map((name) => join(folder, name)));
    expect(() => definitionFiles([join(folder, 'nowhere')])).toThrow('there is no file or folder');
  });
});

describe('answers', () => {
  test('are shown as JSON, YAML or a table', () => {
    const rows = [
      { name: 'vip', members: 3 },
      { name: 'newsletter', members: undefined },
    ];
    expect(shown({ rows }, { output: 'json' }, rows)).toBe(JSON.stringify({ rows }, undefined, 2));
    expect(shown({ set: 1 }, { output: 'yaml' })).toBe('set: 1');
    expect(table(rows)).toBe('NAME        MEMBERS\nvip         3\nnewsletter  -');
    expect(table([])).toBe('(none)');
  });

  test('of gRPC become plain JSON', () => {
    const value = {
      kind: 'structValue',
      structValue: { fields: { a: { kind: 'listValue', listValue: { values: [{ kind: 'numberValue', numberValue: 1 }] } } } },
    };
    expect(
      plain({
        found: value,
        at: { seconds: 1, nanos: 5_000_000 },
        _userId: 'userId',
        userId: 'u',
        none: { kind: 'nullValue', nullValue: 0 },
      }),
    ).toEqual({
      found: { a: [1] },
      at: '1970-01-01T00:00:01.005Z',
      userId: 'u',
      none: null,
    });
  });

  test('numbers are whole', () => {
    expect(wholeNumber('12')).toBe(12);
    for (const wrong of ['', '1.5', '-1', 'x']) expect(() => wholeNumber(wrong)).toThrow('allowed is a whole number');
  });
});

describe('a wrong command line is refused before anything is asked', () => {
  test.each([
    ['nobody is named', ['decide', 'home-hero'], 'a person is named by one of'],
    ['two are named', ['profile', 'get', '--user', 'a', '--anonymous', 'b'], 'found 2'],
    ['an unknown form', ['segment', 'list', '-o', 'xml'], 'Allowed choices are json, yaml, table'],
    ['a missing file', ['plan', '/nowhere.yaml'], 'there is no file or folder /nowhere.yaml'],
    ['both ways of sim', ['sim', 'run', '--seed', '1', '--seeds', '2'], 'found --seed and --seeds'],
    ['an event of nobody', ['event', 'send', 'Bought'], 'whose event is it?'],
    [
      'properties that are no object',
      ['event', 'send', 'Bought', '--user', 'u', '--properties', '[1]'],
      'allowed is a JSON object',
    ],
    ['a dead letter without a place', ['dlq', 'show', '7', '--data', '/nowhere'], 'allowed is PARTITION/OFFSET'],
    ['no system on the folder', ['segment', 'list', '--data', '/nowhere'], 'no system runs on the data folder /nowhere'],
  ])('%s', async (_, line, said) => {
    expect(await refusalOf(...line)).toContain(said);
  });
});
