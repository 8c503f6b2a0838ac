// buf at work on a copy of proto/: an added field passes, a removed or retyped one does not.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '../../run/root.mjs';
import { generatedTypes, protoProblems } from '../proto.mjs';

const EVENTS = 'proto/tessera/log/v1/events.proto';
const sound = readFileSync(join(ROOT, EVENTS), 'utf8');
let copy;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'tessera-proto-'));
  for (const part of ['proto', 'buf.yaml', 'buf.gen.yaml']) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true }));

const problemsWith = (from, to) => {
  expect(sound).toContain(from);
  writeFileSync(join(copy, EVENTS), sound.replace(from, to));
  return protoProblems(copy);
};

describe('a message in proto/', () => {
  test('may get a field', async () => {
    expect(await problemsWith('bool closing = 1;', 'bool closing = 1;\n  string note = 99;')).toBe('');
  });

  test('may not lose one', async () => {
    expect(await problemsWith('  bool closing = 1;\n', '')).toContain('closing');
  });

  test('may not change the type of one', async () => {
    expect(await problemsWith('bool closing = 1;', 'string closing = 1;')).toMatch(/changed type/);
  });

  test('is held to the style of buf', async () => {
    expect(await problemsWith('bool closing = 1;', 'bool closing = 1;\n  string Loud = 99;')).toMatch(
      /^buf lint: .*lower_snake_case/,
    );
  });

  test('has its types in libs/contracts, comments included', async () => {
    writeFileSync(join(copy, EVENTS), sound);
    const types = await generatedTypes(copy);
    const path = 'libs/contracts/src/generated/tessera/log/v1/events.ts';
    expect(types.get(path)).toContain('export interface Tick {\n  /** The last record of a log with an event clock');
  });
});
