// Scaffolds, made in a copy of the repository and then checked by the tools that check the repository.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { TOPIC_IDS } from '@tessera/contracts';
import prettier from 'prettier';
import { treeOf } from '../../repository/tree.mjs';
import { ROOT } from '../../run/root.mjs';
import { RULES } from '../../tidy/rules.mjs';
import { newLibrary } from '../library.mjs';
import { newRecord, PROTO_OF_TOPIC } from '../record.mjs';

const LEFT_OUT = /\/(node_modules|dist|\.git|\.cache|\.nx)(\/|$)/;
let copy;

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'tessera-new-'));
  for (const part of [
    'libs/time',
    'libs/hash',
    'libs/contracts',
    'proto',
    'tools/tidy',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
  ]) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true, filter: (path) => !LEFT_OUT.test(path) });
  }
  cpSync(join(ROOT, 'tsconfig.base.json'), join(copy, 'tsconfig.base.json'));
  mkdirSync(join(copy, 'node_modules'));
  for (const name of ['@types', 'undici-types']) symlinkSync(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name));
});
afterEach(() => rmSync(copy, { recursive: true }));

const read = (path) => readFileSync(join(copy, path), 'utf8');

describe('a new library', () => {
  test('compiles, is in the table, the references, the lock and the links', () => {
    expect(newLibrary(copy, 'store-hours', ['time']).written).toEqual([
      'libs/store-hours/package.json',
      'libs/store-hours/tsconfig.json',
      'libs/store-hours/README.md',
      'libs/store-hours/src/index.ts',
      'libs/store-hours/src/store-hours.ts',
      'libs/store-hours/test/store-hours.test.ts',
      'tools/tidy/import-table.mjs',
      'tsconfig.json',
      'package-lock.json',
      'node_modules/@tessera/store-hours',
    ]);
    const tsc = join(ROOT, 'node_modules/tsc7/bin/tsc');
    expect(execFileSync(process.execPath, [tsc, '-b', 'libs/store-hours'], { cwd: copy, encoding: 'utf8' })).toBe('');
    expect(read('tools/tidy/import-table.mjs')).toContain("  'store-hours': ['time'],\n");
    expect(JSON.parse(read('tsconfig.json')).references).toContainEqual({ path: 'libs/store-hours' });
    expect(JSON.parse(read('package-lock.json')).packages['libs/store-hours']).toEqual({
      name: '@tessera/store-hours',
      version: '0.1.0',
      license: 'Apache-2.0',
      dependencies: { '@tessera/time': '0.1.0' },
    });
    expect(readlinkSync(join(copy, 'node_modules/@tessera/store-hours'))).toBe('../../libs/store-hours');
  });

  test('has one function and a test of it', () => {
    newLibrary(copy, 'store-hours', []);
    const [sourceText, testText] = ['src/store-hours.ts', 'test/store-hours.test.ts'].map((path) =>
      read(`libs/store-hours/${path}`),
    );
    expect(sourceText).toContain('export function storeHours(value: number): number {\n  return value;');
    expect(testText).toContain('expect(storeHours(1)).toBe(1)');
  });

  test('is clean under the rules of the repository and under Prettier', async () => {
    const { written } = newLibrary(copy, 'store-hours', ['time', 'hash']);
    const tree = treeOf(copy);
    for (const rule of [
      RULES.headers,
      RULES.readmes,
      RULES.sizes,
      RULES.doors,
      RULES.used,
      RULES.declared,
      RULES.pins,
      RULES.privacy,
    ]) {
      expect(rule.check(tree).filter(({ path }) => path.startsWith('libs/store-hours'))).toEqual([]);
    }
    const options = await prettier.resolveConfig(join(ROOT, 'package.json'));
    for (const path of written.filter((file) => file.startsWith('libs/') || file === 'tsconfig.json')) {
      expect([path, await prettier.check(read(path), { ...options, filepath: path })]).toEqual([path, true]);
    }
  });

  test.each([
    ['time', [], 'libs/time exists'],
    ['utils', [], 'utils says nothing: name the library for the noun it holds'],
    ['Store', [], 'Store is no name for a library: lower case, words joined by hyphens'],
    ['store', ['time', 'nowhere'], 'there is no library nowhere'],
  ])('is refused: %s %j', (name, imports, refused) => {
    const before = treeOf(copy).paths;
    expect(newLibrary(copy, name, imports)).toEqual({ refused });
    expect(treeOf(copy).paths).toEqual(before);
  });
});

describe('a new record', () => {
  test('gets its message and its example, and names the lines to write', () => {
    const { written, next } = newRecord(copy, 'CouponRedeemed', 'events');
    expect(written).toEqual(['proto/tessera/log/v1/events.proto', 'libs/contracts/examples/couponRedeemed.json']);
    expect(read(written[0])).toMatch(
      /\n\n\/\/ One line on what has happened\.\nmessage CouponRedeemed \{\n {2}string workspace = 1;\n\}\n$/,
    );
    expect(JSON.parse(read(written[1]))).toEqual({ kind: 'couponRedeemed', workspace: 'main' });
    expect(next).toContain("export type CouponRedeemedRecord = Kind<'couponRedeemed', CouponRedeemed>;");
    expect(next).toContain("couponRedeemed: row('log', 'CouponRedeemed', 'events'),");
    expect(RULES.messages.check(treeOf(copy))).toEqual([]);
  });

  test('knows where the messages of every topic are', () => {
    expect(Object.keys(PROTO_OF_TOPIC).sort()).toEqual([...TOPIC_IDS].sort());
    const tree = treeOf(copy);
    expect(Object.values(PROTO_OF_TOPIC).filter((module) => !tree.has(`proto/tessera/${module}.proto`))).toEqual([]);
  });

  test.each([
    ['Tracked', 'events', 'Tracked exists'],
    ['coupon', 'events', 'coupon is no name for a record: PascalCase, in the past tense'],
    ['CouponRedeemed', 'nowhere', `--topic must be one of ${Object.keys(PROTO_OF_TOPIC).join(', ')}`],
    ['CouponRedeemed', undefined, `--topic must be one of ${Object.keys(PROTO_OF_TOPIC).join(', ')}`],
  ])('is refused: %s in %s', (name, topic, refused) => expect(newRecord(copy, name, topic)).toEqual({ refused }));
});
