// `npm run check [-- STEP…] [--json FILE]`: everything that must hold before a change is done, one line per step.
// Q1 All steps run, also after one has failed: one run tells all that is wrong. The exit code is 1 if any failed.
// Q2 What a step says is shown only when it fails; what it skipped is always shown.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { ROOT } from '../run/root.mjs';

const TSC = 'node_modules/tsc7/bin/tsc';
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const NOT_HERE = ['/node_modules/', '/dist/', '/test/services/', '<rootDir>/tools/tidy/'].map(
  (path) => `--testPathIgnorePatterns=${path}`,
);

/** Commands of each step, run by this Node.js one after the other. `types` comes before what needs the build. */
const STEPS = {
  format: [
    ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '--cache', '--cache-location=.cache/prettier', '.'],
  ],
  lint: [['node_modules/eslint/bin/eslint.js', '--max-warnings=0', '--cache', '--cache-location=.cache/eslint', '.']],
  types: [
    [TSC, '-b'],
    [TSC, '-p', 'tsconfig.test.json'],
  ],
  tidy: [[...JEST, 'tools/tidy']],
  tests: [[...JEST, ...NOT_HERE]],
  docs: [['tools/docs/main.mjs']],
  generated: [['tools/gen/main.mjs', '--check']],
  deploy: [['tools/deploy/main.mjs']],
};

async function main(words) {
  const { names, json } = parse(words);
  const unknown = names.filter((name) => !Object.hasOwn(STEPS, name));
  if (unknown.length > 0) {
    process.stderr.write(`no such step: ${unknown.join(', ')}. There are: ${Object.keys(STEPS).join(', ')}\n`);
    return 2;
  }
  const results = [];
  for (const name of names.length > 0 ? names : Object.keys(STEPS)) results.push(await runStep(name));
  if (json !== undefined) writeFileSync(json, JSON.stringify(results));
  return results.every(({ ok }) => ok) ? 0 : 1;
}

function parse(words) {
  const at = words.indexOf('--json');
  if (at < 0) return { names: words, json: undefined };
  return { names: words.toSpliced(at, 2), json: words[at + 1] };
}

async function runStep(name) {
  const started = performance.now();
  let ok = true;
  let said = '';
  for (const commandLine of STEPS[name]) {
    const { code, output } = await run(commandLine);
    if (code !== 0) ok = false;
    said += code === 0 ? skippedIn(output) : output;
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(10)}${seconds.padStart(7)} s\n${said}`);
  return { name, ok };
}

function skippedIn(output) {
  return output
    .split('\n')
    .filter((line) => line.startsWith('skipped '))
    .map((line) => `${line}\n`)
    .join('');
}

function run(commandLine) {
  const child = spawn(process.execPath, commandLine, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

process.exitCode = await main(process.argv.slice(2));
