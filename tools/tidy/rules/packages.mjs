// Packages of others: exact versions, where they come from, what they run, under which licence.
import { manifestsOf } from '../../repository/tree.mjs';

const FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'];
const EXACT = /^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.-]+)?$/;

export const pins = {
  name: 'versions are exact',
  check(tree) {
    const violations = [];
    for (const [folder, manifest] of manifestsOf(tree)) {
      const path = folder === '' ? 'package.json' : `${folder}/package.json`;
      for (const [name, version] of FIELDS.flatMap((field) => Object.entries(manifest[field] ?? {}))) {
        if (!EXACT.test(version)) violations.push({ path, what: `${name} ${version} is no exact version` });
      }
    }
    return violations;
  },
};

export const origins = {
  name: 'packages come from the public registry, with their integrity',
  check(tree) {
    const violations = [];
    for (const [place, entry] of registryPackages(tree)) {
      const address = entry.resolved;
      if (address !== undefined && !address.startsWith('https://registry.npmjs.org/'))
        violations.push(found(`${place} comes from ${address}`));
      if (!/^sha512-/.test(entry.integrity ?? '')) violations.push(found(`${place} has no integrity`));
    }
    return violations;
  },
};

/** Packages with an install script. None is run (.npmrc: ignore-scripts), and each works without. */
const WITH_INSTALL_SCRIPT = {
  '@bufbuild/buf': 'checks that its platform package is there',
  '@parcel/watcher': 'of Nx, builds only where no platform package exists',
  '@swc/core': 'checks that its platform package is there',
  lmdb: 'builds only where no platform package exists',
  'msgpackr-extract': 'builds only where no platform package exists; msgpackr works without it',
  nx: 'warms the daemon',
  protobufjs: 'prints a hint on versions',
  'unrs-resolver': 'of Jest, checks that its platform package is there',
};

export const scripts = {
  name: 'install scripts are run for nobody, and new ones are looked at',
  check(tree, allowed = WITH_INSTALL_SCRIPT) {
    const violations = [];
    for (const [place, entry] of registryPackages(tree)) {
      const name = nameOf(place);
      if (entry.hasInstallScript && !Object.hasOwn(allowed, name)) violations.push(found(`${name} has an install script`));
    }
    const settings = tree.has('.npmrc') ? tree.lines('.npmrc') : [];
    if (!settings.includes('ignore-scripts=true')) violations.push({ path: '.npmrc', what: 'does not say ignore-scripts=true' });
    return violations;
  },
};

const LICENCES = new Set(
  [
    'MIT',
    'MIT-0',
    'ISC',
    '0BSD',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'Apache-2.0',
    'BlueOak-1.0.0',
    'CC0-1.0',
    'Python-2.0',
    'Unlicense',
    'Zlib',
  ].concat('CC-BY-4.0'),
);

/** Licences that a package does not state in the lock, read in the package. */
const STATED_ELSEWHERE = {};

export const licences = {
  name: 'packages of production have a permissive licence',
  check(tree, stated = STATED_ELSEWHERE) {
    const violations = [];
    for (const [place, entry] of registryPackages(tree)) {
      if (entry.dev === true) continue;
      const licence = entry.license ?? stated[nameOf(place)];
      if (!isPermissive(licence)) violations.push(found(`${nameOf(place)} has the licence ${licence ?? '(none)'}`));
    }
    return violations;
  },
};

/** SPDX: `A OR B` needs one, `A AND B` both. */
function isPermissive(expression) {
  if (expression === undefined) return false;
  const bare = expression.replace(/[()]/g, '').trim();
  if (bare.includes(' OR ')) return bare.split(' OR ').some(isPermissive);
  return bare.split(' AND ').every((licence) => LICENCES.has(licence.trim()));
}

function registryPackages(tree) {
  const { packages } = tree.json('package-lock.json');
  return Object.entries(packages).filter(([place, entry]) => place.includes('node_modules/') && entry.link !== true);
}

function nameOf(place) {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function found(what) {
  return { path: 'package-lock.json', what };
}
