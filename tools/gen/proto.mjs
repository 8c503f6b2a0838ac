// All that buf does: generated types, lint, and the check that a message is only added to.
// B1 Types are generated into a folder of their own and compared from there: a check writes nothing.
// B2 proto/baseline.binpb is what was released last; `npm run generate -- --release-contract` makes the present messages the released ones,
//    `-- --accept-breaking` also where something breaks.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { treeOf } from '../repository/tree.mjs';

const TYPES = 'libs/contracts/src/generated';
export const PROTO_BASELINE = 'proto/baseline.binpb';
const run = promisify(execFile);

/** Generated types by path. */
export async function generatedTypes(root) {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-generate-'));
  try {
    await buf(root, ['generate', '--output', folder]);
    const tree = treeOf(join(folder, TYPES));
    return new Map(tree.paths.map((path) => [`${TYPES}/${path}`, tree.text(path)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What buf finds wrong with proto/, in its words; empty when nothing is. */
export async function protoProblems(root, baseline = join(root, PROTO_BASELINE)) {
  const answers = [await complaints(root, ['lint'])];
  if (existsSync(baseline)) answers.push(await complaints(root, ['breaking', '--against', baseline]));
  else answers.push(`${PROTO_BASELINE} is missing: \`npm run generate -- --accept-breaking\` writes it`);
  return answers.filter((answer) => answer !== '').join('\n');
}

export async function writeBaseline(root, baseline = join(root, PROTO_BASELINE)) {
  await buf(root, ['build', '--exclude-source-info', '--output', baseline]);
}

async function complaints(root, commandLine) {
  try {
    await buf(root, commandLine);
    return '';
  } catch (error) {
    return `buf ${commandLine[0]}: ${`${error.stdout ?? ''}${error.stderr ?? ''}`.trim() || error.message}`;
  }
}

function buf(root, commandLine) {
  const bin = join(root, 'node_modules/.bin');
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };
  return run(join(bin, process.platform === 'win32' ? 'buf.cmd' : 'buf'), commandLine, { cwd: root, env });
}
