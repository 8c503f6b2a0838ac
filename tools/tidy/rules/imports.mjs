// Imports: direction, declaration, doors of packages, cycles.
import { posix } from 'node:path';
import { isGenerated, manifestsOf } from '../../repository/tree.mjs';
import { IMPORTS, isAdapter, SEGMENTS_FOR_DECISIONS } from '../import-table.mjs';
import { importsOf } from '../source.mjs';

const SCOPE = '@tessera/';

/** Package folder, whether it is source or test, and the package's short name. */
function placeOf(path, manifests) {
  const [, folder, part] = /^((?:libs|apps)\/[^/]+)\/(src|test)\//.exec(path) ?? [];
  const manifest = manifests.get(folder);
  return manifest && { folder, part, manifest, name: manifest.name.slice(SCOPE.length) };
}

/** Calls `each` for every import of every source and test file of the workspace. */
function eachImport(tree, each) {
  const manifests = manifestsOf(tree);
  for (const path of tree.paths.filter((candidate) => candidate.endsWith('.ts') && !isGenerated(candidate))) {
    const place = placeOf(path, manifests);
    if (place) for (const one of importsOf(tree, path)) each(one, place, path);
  }
}

function target(specifier) {
  return specifier.startsWith(SCOPE) ? specifier.slice(SCOPE.length).split('/')[0] : undefined;
}

export const direction = {
  name: 'imports point the way of tools/tidy/import-table.mjs',
  check(tree) {
    const violations = [];
    for (const [folder, { name }] of manifestsOf(tree)) {
      const row = name.slice(SCOPE.length);
      if (folder !== '' && IMPORTS[row] === undefined)
        violations.push({ path: `${folder}/package.json`, what: `${row} has no row in the table` });
    }
    eachImport(tree, ({ specifier, line }, place, path) => {
      const to = target(specifier);
      if (to === undefined || place.part === 'test') return;
      const allowed = IMPORTS[place.name] ?? [];
      if (to !== place.name && !isAdapter(to) && !allowed.includes(to))
        violations.push({ path, line, what: `${place.name} may not import ${to}` });
    });
    return violations;
  },
};

export const adapters = {
  name: 'only wiring.ts of libs/service and the testkit name adapters',
  check(tree) {
    const violations = [];
    eachImport(tree, ({ specifier, line }, place, path) => {
      const to = target(specifier);
      const isWiring = path === 'libs/service/src/wiring.ts';
      const isTestkit = place.name === 'testkit' && IMPORTS.testkit.includes(to);
      if (place.part === 'src' && to !== undefined && isAdapter(to) && !isWiring && !isTestkit) {
        violations.push({ path, line, what: `${to} is named outside of wiring.ts` });
      }
    });
    return violations;
  },
};

export const decisionsAlone = {
  name: 'decisions take from segments its types and what compiles a definition, nothing that reads its state',
  check(tree) {
    const violations = [];
    eachImport(tree, ({ specifier, line, names, typeOnly }, place, path) => {
      if (place.name !== 'decisions' || place.part !== 'src' || target(specifier) !== 'segments' || typeOnly) return;
      const taken = names ?? ['everything'];
      for (const name of taken.filter((one) => !SEGMENTS_FOR_DECISIONS.includes(one))) {
        violations.push({ path, line, what: `decisions may not take ${name} from segments` });
      }
    });
    return violations;
  },
};

export const declared = {
  name: 'what is imported is declared in package.json',
  check(tree) {
    const violations = [];
    eachImport(tree, ({ specifier, line }, place, path) => {
      if (place.part !== 'src' || /^(\.|node:)/.test(specifier)) return;
      const [first, second] = specifier.split('/');
      const name = first.startsWith('@') ? `${first}/${second}` : first;
      const known = name === place.manifest.name || Object.hasOwn(place.manifest.dependencies ?? {}, name);
      if (!known) violations.push({ path, line, what: `${name} is not among the dependencies of ${place.manifest.name}` });
    });
    return violations;
  },
};

/** Packages that Nest and gRPC load by name or expect beside them. */
const LOADED_BY_OTHERS = new Set([
  'reflect-metadata',
  'rxjs',
  '@nestjs/core',
  '@nestjs/platform-fastify',
  '@nestjs/microservices',
  '@grpc/grpc-js',
  '@grpc/proto-loader',
]);

export const used = {
  name: 'what package.json declares is imported',
  check(tree) {
    const imported = new Map();
    eachImport(tree, ({ specifier }, { folder }) => {
      if (!imported.has(folder)) imported.set(folder, []);
      imported.get(folder).push(specifier);
    });
    const violations = [];
    for (const [folder, manifest] of manifestsOf(tree)) {
      if (folder === '') continue;
      const specifiers = imported.get(folder) ?? [];
      for (const name of Object.keys(manifest.dependencies ?? {})) {
        const isImported = specifiers.some((specifier) => specifier === name || specifier.startsWith(`${name}/`));
        if (!isImported && !LOADED_BY_OTHERS.has(name))
          violations.push({ path: `${folder}/package.json`, what: `${name} is declared and never imported` });
      }
    }
    return violations;
  },
};

export const doors = {
  name: 'a package is entered by its door: no relative import out of it, none of its own index.ts',
  check(tree) {
    const violations = [];
    eachImport(tree, ({ specifier, line }, place, path) => {
      if (place.part === 'src' && specifier === place.manifest.name)
        violations.push({ path, line, what: 'imports its own package by name' });
      if (target(specifier) !== undefined && specifier.split('/').length > 2)
        violations.push({ path, line, what: `${specifier} goes past the door` });
      if (!specifier.startsWith('.')) return;
      const resolved = posix.join(posix.dirname(path), specifier);
      const outside = !resolved.startsWith(`${place.folder}/`);
      if (outside && (place.part === 'src' || /^(libs|apps)\//.test(resolved)))
        violations.push({ path, line, what: `${specifier} leaves the package` });
      if (place.part === 'src' && /(^|\/)index\.[jt]s$/.test(resolved))
        violations.push({ path, line, what: 'imports an index.ts of its own package' });
    });
    return violations;
  },
};

export const cycles = {
  name: 'no cycle of value imports between the files of a package',
  check(tree) {
    const edges = new Map();
    eachImport(tree, ({ specifier, typeOnly }, place, path) => {
      if (typeOnly || place.part !== 'src' || !specifier.startsWith('.')) return;
      const to = posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');
      edges.set(path, [...(edges.get(path) ?? []), to]);
    });
    const cycle = firstCycle(edges);
    return cycle === undefined ? [] : [{ path: cycle[0], what: cycle.join(' -> ') }];
  },
};

function firstCycle(edges) {
  const done = new Set();
  const visit = (path, trail) => {
    const at = trail.indexOf(path);
    if (at >= 0) return [...trail.slice(at), path];
    if (done.has(path)) return undefined;
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of edges.keys()) {
    const cycle = visit(path, []);
    if (cycle) return cycle;
  }
  return undefined;
}
