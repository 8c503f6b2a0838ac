// Writes what is generated: `npm run generate [-- PATH…]`. With --check it writes nothing and names what is out of date.
//   references   tsconfig.json of every package, from its package.json
//   lockfile     addresses and workspaces of package-lock.json
//   proto        libs/contracts/src/generated, from proto/
//   records      docs/records.md
// G1 A generator gives all its files as texts; whether they are written or compared is decided here.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import prettier from 'prettier';
import { build } from '../run/build.mjs';
import { ROOT } from '../run/root.mjs';
import { manifestsOf, treeOf } from '../repository/tree.mjs';
import { correctedLock } from './lockfile.mjs';
import { generatedTypes, protoProblems, writeBaseline } from './proto.mjs';
import { recordsPage } from './records-page.mjs';
import { correctedReferences } from './references.mjs';

/** Texts by path; `only` is the folder that holds nothing else. */
async function generateAll(root, tree) {
  const manifests = manifestsOf(tree);
  const laidOut = new Map(correctedReferences(tree, manifests));
  laidOut.set('docs/records.md', recordsPage(tree, await contracts(root)));
  const texts = new Map([['package-lock.json', correctedLock(tree.text('package-lock.json'), manifests)]]);
  for (const [path, text] of laidOut)
    texts.set(path, await prettier.format(text, { ...(await prettierOptions(root)), filepath: path }));
  for (const [path, text] of await generatedTypes(root)) texts.set(path, text);
  return { texts, only: 'libs/contracts/src/generated/' };
}

/** Paths that are missing, different or not generated any more. */
export function outOfDate(tree, { texts, only }) {
  const changed = [...texts].filter(([path, text]) => !tree.has(path) || tree.text(path) !== text).map(([path]) => path);
  return [...changed, ...tree.under(only).filter((path) => !texts.has(path))];
}

async function main(options) {
  if (options.includes('--accept-breaking')) await writeBaseline(ROOT);
  const tree = treeOf(ROOT);
  const generated = await generateAll(ROOT, tree);
  const wanted = options.filter((option) => !option.startsWith('--'));
  const stale = outOfDate(tree, generated).filter(
    (path) => wanted.length === 0 || wanted.some((prefix) => path.startsWith(prefix)),
  );
  if (options.includes('--check')) return report(stale, await protoProblems(ROOT));
  for (const path of stale) {
    const text = generated.texts.get(path);
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    if (text === undefined) rmSync(join(ROOT, path));
    else writeFileSync(join(ROOT, path), text);
    process.stdout.write(`${text === undefined ? 'removed' : 'written'}  ${path}\n`);
  }
  return 0;
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

async function prettierOptions(root) {
  return (await prettier.resolveConfig(join(root, 'package.json'))) ?? {};
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main(process.argv.slice(2));
