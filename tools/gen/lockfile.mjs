// Makes package-lock.json installable anywhere, and true to the package.json files of the workspace.
// F1 `resolved` is https://registry.npmjs.org/NAME/-/FILE-VERSION.tgz and nothing else. npm replaces that host by whatever registry
//    is configured, and with an address and an integrity it takes the file from its cache without asking for the package's
//    page first (`npm ci` of this repository: 12 CPU seconds with, 28 without).
// F2 The workspaces of the lock are the folders of the repository, with the dependencies of their package.json: a new library, or
//    one that needs another, takes no `npm install`. A package of the registry that the lock does not hold yet does.

const HOST = 'https://registry.npmjs.org/';
const DEPENDENCY_FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];

/** Public address of a package of the lock; `path` is its key there. */
export function publicAddress(path, entry) {
  const name = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const file = name.slice(name.indexOf('/') + 1);
  return `${HOST}${name}/-/${file}-${entry.version}.tgz`;
}

/**
 * The text of the lock as it should be; the same text when there is nothing to do.
 * @param {string} text package-lock.json
 * @param {ReadonlyMap<string, object>} manifests package.json by workspace folder; '' is the root
 */
export function correctedLock(text, manifests) {
  const lock = JSON.parse(text);
  const packages = new Map();
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (entry.link === true || !path.includes('node_modules/')) continue;
    packages.set(path, entry.integrity === undefined ? entry : withAddress(entry, publicAddress(path, entry)));
  }
  for (const [folder, manifest] of manifests) {
    packages.set(folder, workspaceEntry(lock.packages[folder] ?? {}, manifest));
    if (folder !== '') packages.set(`node_modules/${manifest.name}`, { resolved: folder, link: true });
  }
  // npm's own order.
  const sorted = [...packages].sort(([a], [b]) => a.localeCompare(b, 'en'));
  return `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`;
}

// npm writes name, version, resolved, integrity in this order: a later `npm install` then changes no line without need.
function withAddress({ name, version, resolved: _resolved, ...rest }, address) {
  return { ...(name === undefined ? {} : { name }), version, resolved: address, ...rest };
}

function workspaceEntry(present, manifest) {
  const entry = { name: manifest.name, version: manifest.version, license: manifest.license, ...present };
  for (const field of DEPENDENCY_FIELDS) {
    const wanted = Object.entries(manifest[field] ?? {}).sort(([a], [b]) => a.localeCompare(b, 'en'));
    if (wanted.length === 0) delete entry[field];
    else entry[field] = Object.fromEntries(wanted);
  }
  if (manifest.bin !== undefined) entry.bin = manifest.bin;
  return entry;
}
