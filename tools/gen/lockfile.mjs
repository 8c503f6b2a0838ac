// Makes package-lock.json installable anywhere, and true to the package.json files of the workspace.
// F1 `resolved` is https://registry.npmjs.org/NAME/-/FILE-VERSION.tgz and nothing else. npm replaces that host by whatever registry
//    is configured, and with an address and an integrity it takes the file from its cache without asking for the package's
//    page first (`npm ci` of this repository: 12 CPU seconds with, 28 without).
// F2 The entry of a workspace repeats the dependencies of its package.json, so that adding a library to another needs no
//    `npm install`; a package of the registry that the lock does not hold yet does.

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
 * @param {(folder: string) => object | undefined} manifestOf package.json of a workspace folder ('' is the root)
 */
export function correctedLock(text, manifestOf) {
  const lock = JSON.parse(text);
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (!path.includes('node_modules/')) lock.packages[path] = withDependencies(entry, manifestOf(path));
    else if (entry.link !== true && entry.integrity !== undefined) {
      lock.packages[path] = withAddress(entry, publicAddress(path, entry));
    }
  }
  return `${JSON.stringify(lock, null, 2)}\n`;
}

// npm writes name, version, resolved, integrity in this order: a later `npm install` then changes no line without need.
function withAddress({ name, version, resolved: _resolved, ...rest }, address) {
  return { ...(name === undefined ? {} : { name }), version, resolved: address, ...rest };
}

function withDependencies(entry, manifest) {
  if (manifest === undefined) return entry;
  const corrected = { ...entry };
  for (const field of DEPENDENCY_FIELDS) {
    const wanted = Object.entries(manifest[field] ?? {}).sort(([a], [b]) => a.localeCompare(b, 'en'));
    if (wanted.length === 0) delete corrected[field];
    else corrected[field] = Object.fromEntries(wanted);
  }
  return corrected;
}
