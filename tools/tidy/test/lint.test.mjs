// The lint rules of our own bite. ESLint runs in a process of its own, with the repository's settings.
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '../../run/root.mjs';

const CORE = ['time', 'hash', 'codec', 'contracts', 'consent', 'identity', 'features', 'segments', 'decisions', 'tracking'];

// The last lines of each are allowed: an instant that is given, a hash, a pure import.
const IMPURE = [
  'export const a = Date.now();',
  'export const b = new Date();',
  'export const c = Date();',
  'export const d = Math.random();',
  'export const e = process.env.HOME;',
  'export const f = setTimeout(() => {}, 1);',
  'export const g = crypto.randomUUID();',
  'export const h = performance.now();',
  'export const i = fetch("/");',
  "import { randomBytes } from 'node:crypto';",
  "import { readFileSync } from 'node:fs';",
  "import { setTimeout as pause } from 'node:timers/promises';",
  "import { Injectable } from '@nestjs/common';",
  'export const j = [randomBytes, readFileSync, pause, Injectable];',
  'export const k = [new Date(0), Date.UTC(2026, 0), Date.parse("2026-01-05")];',
  "import { createHash } from 'node:crypto';",
  'export const l = createHash;',
].join('\n');

const MOCKS = [
  "import { jest } from '@jest/globals';",
  "jest.unstable_mockModule('a', () => ({}));",
  "jest.mock('a');",
  'jest.fn();',
].join('\n');
const UNUSED = "// A.\nimport { join } from 'node:path';\n";

const TEXTS = [
  ...CORE.map((library) => [`libs/${library}/src/planted.ts`, IMPURE]),
  ['apps/ingestion/src/planted.ts', IMPURE],
  ['libs/time/test/planted.test.ts', MOCKS],
  ['apps/ingestion/src/unused.ts', UNUSED],
];

// Prints, for each text, the lines on which something is found.
const LINTER = `
import { ESLint } from 'eslint';
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const eslint = new ESLint({ cache: false });
const found = {};
for (const [filePath, text] of JSON.parse(Buffer.concat(chunks))) {
  const [{ messages }] = await eslint.lintText(text, { filePath });
  found[filePath] = [...new Set(messages.map(({ line }) => line))].sort((a, b) => a - b);
}
process.stdout.write(JSON.stringify(found));`;

let found;
beforeAll(() => {
  const options = { cwd: ROOT, input: JSON.stringify(TEXTS), encoding: 'utf8' };
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', LINTER], options);
  if (stdout === '') throw new Error(stderr);
  found = JSON.parse(stdout);
});

describe('in the core', () => {
  test.each(CORE)('%s: clock, randomness, environment, timers, I/O and Nest are found', (library) => {
    expect(found[`libs/${library}/src/planted.ts`]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  });
});

test('outside of the core they are allowed', () => expect(found['apps/ingestion/src/planted.ts']).toEqual([]));

test('mocks of modules are found in every test', () => expect(found['libs/time/test/planted.test.ts']).toEqual([2, 3]));

test('an unused import is found', () => expect(found['apps/ingestion/src/unused.ts']).toEqual([2]));
