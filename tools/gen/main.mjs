// Writes what is generated: `npm run generate [-- PATH…]`. With --check it writes nothing and names what is out of date. With
// --release-contract the messages and public topics of now become those that later ones are held to.
//   references   tsconfig.json of every package, from its package.json
//   lockfile     addresses and workspaces of package-lock.json
//   proto        libs/contracts/src/generated, from proto/
//   checks       libs/contracts/src/generated/record-checks.ts, from proto/ and the table of records
//   records      docs/records.md
//   asyncapi     docs/asyncapi.yaml
// G1 A generator gives all its files as texts; whether they are written or compared is decided here.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import prettier from 'prettier';
import { build } from '../run/build.mjs';
import { ROOT } from '../run/root.mjs';
import { manifestsOf, treeOf } from '../repository/tree.mjs';
import { asyncApi, asyncApiText } from './asyncapi.mjs';
import { BASELINE, breaks, contractOf } from './compatibility.mjs';
import { correctedLock } from './lockfile.mjs';
import { messagesOf } from './messages.mjs';
import { generatedTypes, PROTO_BASELINE, protoProblems, writeBaseline } from './proto.mjs';
import { CHECKS_PATH, newlyRequired, recordChecks } from './record-checks.mjs';
import { recordsPage } from './records-page.mjs';
import { correctedReferences } from './references.mjs';

/** Texts by path; `only` is the folder that holds nothing else. */
async function generateAll(root, tree, tables) {
  const manifests = manifestsOf(tree);
  const laidOut = new Map(correctedReferences(tree, manifests));
  laidOut.set('docs/records.md', recordsPage(tree, tables));
  laidOut.set('docs/asyncapi.yaml', asyncApiText(tree, tables));
  const texts = new Map([['package-lock.json', correctedLock(tree.text('package-lock.json'), manifests)]]);
  for (const [path, text] of laidOut) texts.set(path, await formatted(path, text));
  for (const [path, text] of await generatedTypes(root)) texts.set(path, text);
  texts.set(CHECKS_PATH, recordChecks(messagesOf(tree), tables));
  return { texts, only: 'libs/contracts/src/generated/' };
}

/** Paths that are missing, different or not generated any more. */
export function outOfDate(tree, { texts, only }) {
  const changed = [...texts].filter(([path, text]) => !tree.has(path) || tree.text(path) !== text).map(([path]) => path);
  return [...changed, ...tree.under(only).filter((path) => !texts.has(path))];
}

async function main(options) {
  const tree = treeOf(ROOT);
  const tables = await contracts(ROOT);
  const contract = contractOf(asyncApi(tree, tables));
  if (options.includes('--release-contract') || options.includes('--accept-breaking')) {
    const problems = options.includes('--accept-breaking') ? '' : await problemsOf(tree, tables, contract);
    if (problems !== '') return report([], problems);
    await writeBaseline(ROOT);
    writeFileSync(join(ROOT, BASELINE), await formatted(BASELINE, JSON.stringify(contract)));
  }
  const generated = await generateAll(ROOT, tree, tables);
  const wanted = options.filter((option) => !option.startsWith('--'));
  const stale = outOfDate(tree, generated).filter(
    (path) => wanted.length === 0 || wanted.some((prefix) => path.startsWith(prefix)),
  );
  if (options.includes('--check')) return report(stale, await problemsOf(tree, tables, contract));
  for (const path of stale) {
    const text = generated.texts.get(path);
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    if (text === undefined) rmSync(join(ROOT, path));
    else writeFileSync(join(ROOT, path), text);
    process.stdout.write(`${text === undefined ? 'removed' : 'written'}  ${path}\n`);
  }
  return 0;
}

async function problemsOf(tree, tables, contract) {
  const missing = `${BASELINE} is missing: \`npm run generate -- --accept-breaking\` writes it`;
  const broken = tree.has(BASELINE) ? breaks(tree.json(BASELINE), contract).map((what) => `public topics: ${what}`) : [missing];
  const required = tree.has(PROTO_BASELINE)
    ? newlyRequired(readFileSync(join(ROOT, PROTO_BASELINE)), messagesOf(tree), tables).map((what) => `records: ${what}`)
    : [];
  return [await protoProblems(ROOT), ...broken, ...required].filter((problem) => problem !== '').join('\n');
}

function report(stale, problems) {
  for (const path of stale) process.stdout.write(`${path} is out of date: \`npm run generate\` writes it\n`);
  if (problems !== '') process.stdout.write(`${problems}\n`);
  return stale.length === 0 && problems === '' ? 0 : 1;
}

// The tables are TypeScript: their build is read.
async function contracts(root) {
  if (!(await build(root, process.execPath, ['libs/contracts']))) throw new Error('libs/contracts does not compile');
  return import(pathToFileURL(join(root, 'libs/contracts/dist/index.js')).href);
}

async function formatted(path, text) {
  const options = (await prettier.resolveConfig(join(ROOT, 'package.json'))) ?? {};
  return prettier.format(text, { ...options, filepath: path });
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main(process.argv.slice(2));
