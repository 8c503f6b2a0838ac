// The files of the repository as its tools see them: path to text, without what is ignored.
// T1 The tree is walked, not asked of git: a download without history is checked the same way, and so is a file not yet added.
// T2 A tree can also be made of texts in memory: that is how the planted violations of tools/tidy are made.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const IGNORED = new Set(['node_modules', 'dist', 'coverage', '.git', '.nx', '.cache', '.tessera']);
const GENERATED = 'libs/contracts/src/generated/';

/** The tree on disk. */
export function treeOf(root) {
  const paths = [...walk(root, '')].sort();
  const texts = new Map();
  return makeTree(paths, (path) => {
    if (!texts.has(path)) texts.set(path, readFileSync(join(root, path), 'utf8'));
    return texts.get(path);
  });
}

/** A tree of texts. */
export function treeOfTexts(texts) {
  return makeTree(Object.keys(texts).sort(), (path) => texts[path]);
}

function makeTree(paths, text) {
  const set = new Set(paths);
  return {
    paths,
    text,
    has: (path) => set.has(path),
    /** True for a file or a folder. */
    holds: (path) => set.has(path) || paths.some((other) => other.startsWith(`${path}/`)),
    json: (path) => JSON.parse(text(path)),
    lines: (path) => text(path).split('\n'),
    /** Paths that begin and end so. */
    under: (folder, ...endings) =>
      paths.filter(
        (path) => path.startsWith(folder) && (endings.length === 0 || endings.some((ending) => path.endsWith(ending))),
      ),
  };
}

function* walk(root, folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (IGNORED.has(entry.name) || entry.name.endsWith('.log') || entry.name.endsWith('.tsbuildinfo')) continue;
    if (entry.isDirectory()) yield* walk(root, path);
    else if (entry.isFile()) yield path;
  }
}

export const isGenerated = (path) => path.startsWith(GENERATED);

/** package.json by folder of the workspace: libs/* and apps/*, and '' for the root. */
export function manifestsOf(tree) {
  const manifests = new Map([['', tree.json('package.json')]]);
  for (const path of tree.paths) {
    const folder = /^((?:libs|apps)\/[^/]+)\/package\.json$/.exec(path)?.[1];
    if (folder !== undefined) manifests.set(folder, tree.json(path));
  }
  return manifests;
}
