import { describe, expect, test } from '@jest/globals';
import { outOfStep } from '../install.mjs';

const lock = {
  packages: {
    '': { name: 'tessera' },
    'libs/time': { name: '@tessera/time', version: '0.1.0' },
    'node_modules/@tessera/time': { resolved: 'libs/time', link: true },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/only-on-mac': { version: '1.0.0', integrity: 'sha512-m', optional: true },
  },
};

function installedWithout(path, changes = {}) {
  const { [path]: _left, ...packages } = structuredClone(lock.packages);
  return { packages: { ...packages, ...changes } };
}

describe('packages are in step with the lock', () => {
  test('when every package is there with the same content', () => expect(outOfStep(lock, lock)).toBeUndefined());

  test('when an optional package of another platform is not there', () =>
    expect(outOfStep(lock, installedWithout('node_modules/only-on-mac'))).toBeUndefined());

  test('when a library is not linked yet: a link is no package of the registry', () =>
    expect(outOfStep(lock, installedWithout('node_modules/@tessera/time'))).toBeUndefined());
});

describe('packages are out of step', () => {
  test('when nothing was installed, or an install was not finished', () =>
    expect(outOfStep(lock, undefined)).toBe('node_modules is missing or unfinished'));

  test('when a package is missing', () =>
    expect(outOfStep(lock, installedWithout('node_modules/a'))).toBe('node_modules/a is missing'));

  test('when a package has another version', () => {
    const installed = installedWithout('', { 'node_modules/a': { version: '0.9.0', integrity: 'sha512-a' } });
    expect(outOfStep(lock, installed)).toBe('node_modules/a is not 1.0.0');
  });

  test('when a package has another content under the same version', () => {
    const installed = installedWithout('', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' } });
    expect(outOfStep(lock, installed)).toBe('node_modules/a is not 1.0.0');
  });

  test('when a package is there that the lock does not name', () => {
    const installed = installedWithout('', { 'node_modules/b': { version: '1.0.0', integrity: 'sha512-b' } });
    expect(outOfStep(lock, installed)).toBe('node_modules/b is not in the lock');
  });
});
