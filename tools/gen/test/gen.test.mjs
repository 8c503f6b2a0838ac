import { describe, expect, test } from '@jest/globals';
import { manifestsOf, treeOfTexts } from '../../repository/tree.mjs';
import { correctedLock, publicAddress } from '../lockfile.mjs';
import { outOfDate } from '../main.mjs';
import { correctedReferences } from '../references.mjs';

const text = (value) => JSON.stringify(value);

describe('the lock', () => {
  const root = { name: 'tessera', devDependencies: { left: '1.0.0' } };
  const time = { name: '@tessera/time', version: '0.1.0', license: 'Apache-2.0', dependencies: { right: '2.0.0' } };
  const manifests = new Map([
    ['', root],
    ['libs/time', time],
  ]);
  const packagesOf = (packages) => JSON.parse(correctedLock(text({ lockfileVersion: 3, packages }), manifests)).packages;

  test.each([
    ['node_modules/left', { version: '1.0.0' }, 'https://registry.npmjs.org/left/-/left-1.0.0.tgz'],
    ['node_modules/a/node_modules/@scope/left', { version: '1.0.0' }, 'https://registry.npmjs.org/@scope/left/-/left-1.0.0.tgz'],
    ['node_modules/alias', { name: 'left', version: '7.0.2' }, 'https://registry.npmjs.org/left/-/left-7.0.2.tgz'],
  ])('names the public address of %s', (path, entry, address) => {
    expect(publicAddress(path, entry)).toBe(address);
    const found = packagesOf({
      '': root,
      [path]: { ...entry, resolved: 'https://elsewhere.example/x.tgz', integrity: 'sha512-x' },
    });
    expect(found[path]).toEqual({ ...entry, resolved: address, integrity: 'sha512-x' });
  });

  test('holds every workspace with its dependencies and its link, and none that is gone', () => {
    const gone = { 'libs/gone': { name: '@tessera/gone' }, 'node_modules/@tessera/gone': { resolved: 'libs/gone', link: true } };
    expect(packagesOf({ '': { name: 'tessera', devDependencies: { old: '1.0.0' } }, ...gone })).toEqual({
      '': root,
      'libs/time': time,
      'node_modules/@tessera/time': { resolved: 'libs/time', link: true },
    });
  });

  test('stays the same text once it is right', () => {
    const once = correctedLock(text({ lockfileVersion: 3, packages: {} }), manifests);
    expect(correctedLock(once, manifests)).toBe(once);
  });
});

test('references are the libraries among the dependencies, in their order; the root refers to all', () => {
  const manifest = (name, ...dependencies) =>
    text({ name: `@tessera/${name}`, dependencies: Object.fromEntries(dependencies.map((one) => [one, '0.1.0'])) });
  const tree = treeOfTexts({
    'package.json': text({ name: 'tessera' }),
    'tsconfig.json': text({ files: [] }),
    'apps/tessera/package.json': manifest('app-tessera', '@tessera/time', '@tessera/app-push', 'rxjs'),
    'apps/tessera/tsconfig.json': text({ include: ['src'], references: [{ path: '../gone' }] }),
    'apps/push/package.json': manifest('app-push'),
    'apps/push/tsconfig.json': text({}),
    'libs/hash/package.json': manifest('hash', '@tessera/time'),
    'libs/hash/tsconfig.json': text({}),
    'libs/time/package.json': manifest('time'),
    'libs/time/tsconfig.json': text({}),
  });
  const corrected = [...correctedReferences(tree, manifestsOf(tree))].map(([path, config]) => [path, JSON.parse(config)]);
  const to = (...paths) => paths.map((path) => ({ path }));
  expect(Object.fromEntries(corrected)).toEqual({
    'tsconfig.json': { files: [], references: to('libs/hash', 'libs/time', 'apps/push', 'apps/tessera') },
    'apps/tessera/tsconfig.json': { include: ['src'], references: to('../../libs/time', '../push') },
    'apps/push/tsconfig.json': { references: [] },
    'libs/hash/tsconfig.json': { references: to('../time') },
    'libs/time/tsconfig.json': { references: [] },
  });
});

test('out of date is what is missing, what differs and what is not generated any more', () => {
  const tree = treeOfTexts({ 'a.md': 'old', 'b.md': 'same', 'types/c.ts': 'left over', 'other/d.ts': 'not ours' });
  const texts = new Map([
    ['a.md', 'new'],
    ['b.md', 'same'],
    ['types/e.ts', 'new'],
  ]);
  expect(outOfDate(tree, { texts, only: 'types/' })).toEqual(['a.md', 'types/e.ts', 'types/c.ts']);
});
