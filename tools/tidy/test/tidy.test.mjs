// The rules of the repository hold, and each of them bites.
import { describe, expect, test } from '@jest/globals';
import { treeOf, treeOfTexts } from '../../repository/tree.mjs';
import { ROOT } from '../../run/root.mjs';
import { IMPORTS } from '../import-table.mjs';
import { LONG } from '../rules/code.mjs';
import { RULES } from '../rules.mjs';
import { PLANTED, soundTexts } from './planted.mjs';

const repository = treeOf(ROOT);
const asText = ({ path, line, what }) => `${path}${line === undefined ? '' : `:${line}`} ${what}`;

describe('in this repository', () => {
  test.each(Object.values(RULES).map((rule) => [rule.name, rule]))('%s', (_, rule) => {
    expect(rule.check(repository).map(asText)).toEqual([]);
  });

  test('the import table names no package that is gone', () => {
    const known = new Set(Object.keys(IMPORTS));
    const folders = Object.keys(IMPORTS).map((name) => (name.startsWith('app-') ? `apps/${name.slice(4)}` : `libs/${name}`));
    expect(folders.filter((folder) => !repository.has(`${folder}/package.json`))).toEqual([]);
    expect(
      Object.values(IMPORTS)
        .flat()
        .filter((name) => !known.has(name)),
    ).toEqual([]);
  });

  test('every exception to the length of files is still needed', () => {
    const needed = new Set(
      RULES.sizes
        .check(repository, {})
        .map(({ path, what }) => (what.startsWith('has') ? path : `${path}#${what.split(' ')[0]}`)),
    );
    expect(Object.keys(LONG).filter((exception) => !needed.has(exception))).toEqual([]);
  });
});

describe('in a sound repository', () => {
  test.each(Object.values(RULES).map((rule) => [rule.name, rule]))('no violation of: %s', (_, rule) => {
    expect(rule.check(treeOfTexts(soundTexts())).map(asText)).toEqual([]);
  });
});

describe('a planted violation is found', () => {
  test('of every rule', () => {
    expect(Object.keys(RULES).filter((name) => !PLANTED.some(({ rule }) => rule === name))).toEqual([]);
  });

  test.each(PLANTED.map((planted) => [planted.rule, planted.what, planted]))('%s: %s', (name, _, planted) => {
    const tree = treeOfTexts({ ...soundTexts(), ...planted.texts });
    expect(RULES[name].check(tree).map(asText)).toEqual(planted.found);
  });
});
