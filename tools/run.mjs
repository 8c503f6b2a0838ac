// The door of the repository: `npm start`, `npm test` and the rest go through here, from a fresh clone on.
// R1 Runs on Node.js 20 with nothing installed: no dependency, no syntax newer than that.
// R2 Set-up is done when it is needed and silent when it is not: packages in step with the lock, a Node.js new enough, a build.
// R3 What set-up says goes to stderr: stdout belongs to the command (the demo's last line is read by programs).
// R4 Signals and the exit code pass through.
import { join } from 'node:path';
import { build } from './run/build.mjs';
import { installPackages } from './run/install.mjs';
import { launch } from './run/launch.mjs';
import { withSetupLock } from './run/setup-lock.mjs';
import { findNode } from './run/node.mjs';
import { ROOT } from './run/root.mjs';

const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const APP = join(ROOT, 'apps/tessera/dist/main.js');
/** The pipeline's records die young: a larger young generation keeps them from being copied into the old one. */
const HEAP = '--max-semi-space-size=64';
/** The benchmark fills its heap at once: no collection of the old generation before it is as large as it gets. */
const BENCH_HEAP = ['--min-semi-space-size=64', '--initial-heap-size=3000'];

/**
 * What each npm script runs, once set-up is done; `build: false` where stale output does no harm. The app stays in the caller's
 * folder, whose files it may be asked for; the tools work in the root.
 */
const VERBS = {
  start: { command: [HEAP, APP, 'dev'] },
  demo: { command: [APP, 'demo'] },
  bench: { command: [HEAP, ...BENCH_HEAP, APP, 'bench'] },
  simulate: { command: [APP, 'sim', 'run'] },
  tessera: { command: [APP] },
  test: { command: JEST },
  'test:services': { command: ['tools/services/main.mjs'] },
  build: { command: undefined },
  check: { command: ['tools/check/main.mjs'], build: false },
  format: { command: ['node_modules/prettier/bin/prettier.cjs', '--write', '--log-level=warn', '.'], build: false },
  generate: { command: ['tools/gen/main.mjs'], build: false },
  new: { command: ['tools/new/main.mjs'], build: false },
};

async function main([name, ...rest]) {
  const verb = Object.hasOwn(VERBS, name ?? '') ? VERBS[name] : undefined;
  if (verb === undefined) return refuse(`usage: node tools/run.mjs ${Object.keys(VERBS).join('|')}`, 2);
  const node = await withSetupLock(ROOT, () => setUp(verb.build !== false));
  if (node === undefined) return 1;
  if (verb.command === undefined) return 0;
  if (!verb.command.includes(APP)) process.chdir(ROOT);
  return launch(node, [...verb.command, ...rest]);
}

async function setUp(building) {
  if (!(await installPackages(ROOT))) return undefined;
  const node = findNode(ROOT);
  if (node === undefined) {
    refuse(
      `Tessera needs Node.js 24.9 or later, and this is ${process.version}. Install it from https://nodejs.org and try again.`,
      1,
    );
    return undefined;
  }
  return !building || (await build(ROOT, node)) ? node : undefined;
}

function refuse(sentence, code) {
  process.stderr.write(`${sentence}\n`);
  return code;
}

process.exitCode = await main(process.argv.slice(2));
