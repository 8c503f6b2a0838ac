// How answers are printed: `-o json` for programs, `yaml`, or a `table` for people.
// F1 One shape of answer for all three; a table shows rows, and what is no table as YAML.
import { InvalidArgumentError, Option } from 'commander';
import { stringify } from 'yaml';

export type Form = 'json' | 'yaml' | 'table';

export interface Shown {
  readonly output?: Form;
}

/** A table is the default; programs ask for JSON by name. */
export function outputOption(): Option {
  return new Option('-o, --output <form>', 'json, yaml or table').choices(['json', 'yaml', 'table']).default('table');
}

export type Row = Readonly<Record<string, unknown>>;

/** `rows`: what a table shows of the answer; without them it is shown as YAML. */
export function shown(answer: unknown, { output = 'table' }: Shown, rows?: readonly Row[]): string {
  if (output === 'json') return JSON.stringify(answer, undefined, 2);
  return output === 'table' && rows !== undefined ? table(rows) : stringify(answer, { lineWidth: 0 }).trimEnd();
}

/** Columns as wide as their widest cell; the heads are the keys of the first row. */
export function table(rows: readonly Row[]): string {
  const [first] = rows;
  if (first === undefined) return '(none)';
  const heads = Object.keys(first);
  const lines = [heads.map((head) => head.toUpperCase()), ...rows.map((row) => heads.map((head) => cell(row[head])))];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length)));
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cell(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}

/** A whole number of a command line. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError(`found "${text}", allowed is a whole number.`);
  return Number(text);
}
