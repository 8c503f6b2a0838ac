// tsconfig.json of each package: its references are the libraries that its package.json depends on, in that order.
// tsconfig.json of the root: references to all packages, libraries before apps.

/** The texts of the tsconfig.json files as they should be, by path. */
export function correctedReferences(tree, manifests) {
  const folders = new Map([...manifests].map(([folder, manifest]) => [manifest.name, folder]));
  const corrected = new Map();
  for (const [folder, manifest] of manifests) {
    const path = folder === '' ? 'tsconfig.json' : `${folder}/tsconfig.json`;
    const wanted =
      folder === '' ? [...packagesOf(manifests)] : dependenciesOf(manifest, folders).map((other) => relativePath(folder, other));
    const config = { ...tree.json(path), references: wanted.map((reference) => ({ path: reference })) };
    corrected.set(path, `${JSON.stringify(config, null, 2)}\n`);
  }
  return corrected;
}

function packagesOf(manifests) {
  const folders = [...manifests.keys()].filter((folder) => folder !== '');
  return [...folders.filter((folder) => folder.startsWith('libs/')), ...folders.filter((folder) => !folder.startsWith('libs/'))];
}

function dependenciesOf(manifest, folders) {
  return Object.keys(manifest.dependencies ?? {})
    .filter((name) => folders.has(name))
    .map((name) => folders.get(name));
}

function relativePath(from, to) {
  const [fromParent] = from.split('/');
  const [toParent, name] = to.split('/');
  return fromParent === toParent ? `../${name}` : `../../${to}`;
}
