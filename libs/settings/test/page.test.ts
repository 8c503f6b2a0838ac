// The page for people has every setting, with its default and what it is for: the row of the table, word by word.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { fileVariableOf, SETTINGS } from '../src/index.js';

const PAGE = join(import.meta.dirname, '../../../docs/operations/running-distributed.md');

test('every setting has its row in docs/operations/running-distributed.md, and no other variable has', () => {
  const rows = readFileSync(PAGE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `TESSERA_'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const wanted = Object.values(SETTINGS).map((row) => [
    row.secret ? `\`${row.variable}\`, \`${fileVariableOf(row)}\`` : `\`${row.variable}\``,
    row.fallback === '' ? '' : `\`${row.fallback}\``,
    row.what,
    row.form.allowed,
  ]);
  expect(rows).toEqual(wanted);
});
