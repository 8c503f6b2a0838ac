// Scaffolds: `npm run new -- library NAME [--imports a,b]` and `npm run new -- record NAME --topic TOPIC`.
// W1 What is made passes `npm run check` as it is (a library), or says which lines are still to be written by hand (a record).
// W2 Nothing that exists is written over.
import { parseArgs } from 'node:util';
import { ROOT } from '../run/root.mjs';
import { newLibrary } from './library.mjs';
import { newRecord } from './record.mjs';

const USAGE = `usage: npm run new -- library NAME [--imports LIBRARY,…]    a library in libs/NAME, e.g. experiments
       npm run new -- record NAME --topic TOPIC              a record of a log, in the past tense, e.g. ExposureRecorded`;

const SCAFFOLDS = {
  library: ({ name, imports }) => newLibrary(ROOT, name, imports === undefined ? [] : imports.split(',')),
  record: ({ name, topic }) => newRecord(ROOT, name, topic),
};

/** A refusal to be read by who typed the command. */
function main(words) {
  let parsed;
  try {
    parsed = parseArgs({
      args: words,
      allowPositionals: true,
      options: { imports: { type: 'string' }, topic: { type: 'string' } },
    });
  } catch (error) {
    return refuse(`${error.message}\n${USAGE}`);
  }
  const [what, name, ...more] = parsed.positionals;
  if (!Object.hasOwn(SCAFFOLDS, what ?? '') || name === undefined || more.length > 0) return refuse(USAGE);
  const { refused, written = [], next } = SCAFFOLDS[what]({ name, ...parsed.values });
  if (refused !== undefined) return refuse(refused);
  for (const path of written) process.stdout.write(`written  ${path}\n`);
  process.stdout.write(`\n${next}\n`);
  return 0;
}

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  return 2;
}

process.exitCode = main(process.argv.slice(2));
