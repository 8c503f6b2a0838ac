// A new library: its folder, its row in the import table, its references, its place in the lock, its link.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { correctedLock } from '../gen/lockfile.mjs';
import { correctedReferences } from '../gen/references.mjs';
import { manifestsOf, treeOf } from '../repository/tree.mjs';
import { linkWorkspaces } from '../run/install.mjs';

const TABLE = 'tools/tidy/import-table.mjs';
/** Rows of libraries end here. */
const FIRST_APP_ROW = "\n  'app-ingestion': [";

/** { written, next } or { refused }. */
export function newLibrary(root, name, imports) {
  const refused = refusal(root, name, imports);
  if (refused !== undefined) return { refused };
  const files = libraryFiles(name, imports);
  for (const [path, text] of files) write(root, path, text);
  const table = readFileSync(join(root, TABLE), 'utf8');
  const row = `  ${name.includes('-') ? `'${name}'` : name}: [${imports.map((other) => `'${other}'`).join(', ')}],\n`;
  write(root, TABLE, table.replace(FIRST_APP_ROW, `${row}${FIRST_APP_ROW}`));
  const written = [...files.keys(), TABLE, ...enter(root, name)];
  const next = `Say in libs/${name}/README.md and in the head of src/${name}.ts what it holds and its laws.\nTest it: npm test -- libs/${name}`;
  return { written, next };
}

function refusal(root, name, imports) {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) return `${name} is no name for a library: lower case, words joined by hyphens`;
  if (/^(common|shared|utils?|helpers?|core)$/.test(name)) return `${name} says nothing: name the library for the noun it holds`;
  if (existsSync(join(root, 'libs', name))) return `libs/${name} exists`;
  const unknown = imports.filter((other) => !existsSync(join(root, 'libs', other, 'package.json')));
  if (unknown.length > 0) return `there is no library ${unknown.join(', ')}`;
  return readFileSync(join(root, TABLE), 'utf8').includes(FIRST_APP_ROW)
    ? undefined
    : `${TABLE} has no row of app-ingestion to write before`;
}

function libraryFiles(name, imports) {
  const folder = `libs/${name}`;
  const symbol = name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  const manifest = {
    name: `@tessera/${name}`,
    version: '0.1.0',
    private: true,
    license: 'Apache-2.0',
    type: 'module',
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    dependencies: Object.fromEntries(imports.map((other) => [`@tessera/${other}`, '0.1.0'])),
  };
  const config = {
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
    include: ['src'],
    references: imports.map((other) => ({ path: `../${other}` })),
  };
  return new Map([
    [`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`],
    [`${folder}/tsconfig.json`, tsconfigText(config)],
    [`${folder}/README.md`, readme(name)],
    [`${folder}/src/index.ts`, `export { ${symbol} } from './${name}.js';\n`],
    [`${folder}/src/${name}.ts`, source(name, symbol, imports)],
    [`${folder}/test/${name}.test.ts`, testFile(name, symbol)],
  ]);
}

// As Prettier lays it out: short arrays on one line.
function tsconfigText(config) {
  return `${JSON.stringify(config, null, 2).replace('[\n    "src"\n  ]', '["src"]')}\n`;
}

function readme(name) {
  return `# ${name}\n\nOne line on what it holds.\n\nLaws: at the top of \`src/${name}.ts\`.\n\nTest: \`npm test -- libs/${name}\`.\n`;
}

function source(name, symbol, imports) {
  const used = imports.map((other) => `import type {} from '@tessera/${other}';\n`).join('');
  return `// ${name}: one line on its job, then its laws, numbered.
// L1 Equal inputs give equal outputs.
${used}
/** What it gives, in which unit, and what it refuses. */
export function ${symbol}(value: number): number {
  return value;
}
`;
}

function testFile(name, symbol) {
  return `import { expect, test } from '@jest/globals';
import { ${symbol} } from '../src/${name}.js';

test('a sentence that says what holds', () => {
  expect(${symbol}(1)).toBe(1);
});
`;
}

/** References of the root, the lock, the link. */
function enter(root, name) {
  const tree = treeOf(root);
  const manifests = manifestsOf(tree);
  write(root, 'tsconfig.json', correctedReferences(tree, manifests).get('tsconfig.json'));
  const lock = correctedLock(tree.text('package-lock.json'), manifests);
  write(root, 'package-lock.json', lock);
  linkWorkspaces(root, JSON.parse(lock));
  return ['tsconfig.json', 'package-lock.json', `node_modules/@tessera/${name}`];
}

function write(root, path, text) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
