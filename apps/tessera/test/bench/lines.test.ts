// Lines of a file, wherever its pieces end.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { linesOf } from '../../src/bench/lines.js';

const folder = mkdtempSync(join(tmpdir(), 'tessera-lines-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(text: string): Promise<readonly string[]> {
  const file = join(folder, 'lines.ndjson');
  writeFileSync(file, text);
  const all: string[] = [];
  for await (const lines of linesOf(file)) all.push(...lines);
  return all;
}

test('are all there, in order, with characters of several bytes, over pieces of the file', async () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => `{"n":${String(i)},"text":"${'ä€😀'.repeat(i % 7)}"}`);
  expect(await read(lines.join('\n'))).toEqual(lines);
  expect(await read(`${lines.join('\n')}\n`)).toEqual(lines);
});

test('are not blank ones; the end of a line of Windows is white space to JSON', async () => {
  expect(await read('\n\r\n{"a":1}\r\n  \n{"b":2}')).toEqual(['{"a":1}\r', '{"b":2}']);
  expect(await read('')).toEqual([]);
});
