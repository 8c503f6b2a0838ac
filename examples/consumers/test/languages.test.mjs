// The tests of the example consumers, each run by its own language. Without python3 those of Python are skipped, and the skip says so.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const CONSUMERS = join(import.meta.dirname, '..');
const run = (command, commandLine, folder, env = {}) =>
  spawnSync(command, commandLine, { cwd: join(CONSUMERS, folder), encoding: 'utf8', env: { ...process.env, ...env } });

test('the TypeScript consumer makes of records what the cases say', () => {
  const { status, stdout } = run(process.execPath, ['--test', '--test-reporter=tap', 'membership.test.ts'], 'typescript');
  expect(stdout).toMatch(/^# pass 19$/m);
  expect(status).toBe(0);
});

const hasPython = run('python3', ['--version'], 'python').status === 0;
if (!hasPython) console.warn('skipped: the tests of examples/consumers/python, because there is no python3');

(hasPython ? test : test.skip)('the Python consumer makes of records what the cases say', () => {
  const { status, stderr } = run('python3', ['-m', 'unittest', '-v'], 'python', { PYTHONDONTWRITEBYTECODE: '1' });
  expect(stderr).toMatch(/^Ran 5 tests/m);
  expect(status).toBe(0);
});
