// Keeps node_modules in step with package-lock.json.
// I1 npm writes node_modules/.package-lock.json last: where it is missing, an install was never finished.
// I2 In step means: every package of the lock is there with the same content, save optional ones of other platforms; nothing
//    else is there. No stamp of our own: one that npm does not know would lie after an `npm install` by hand.
// I3 A library that only lacks its link (it was scaffolded, or a branch was changed) gets the link, not an install.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const NPM_ARGUMENTS = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];

/** Resolves to false, with the reason on stderr, where the packages cannot be installed. */
export async function installPackages(root) {
  const lock = readJson(join(root, 'package-lock.json'));
  if (outOfStep(lock, readJson(join(root, 'node_modules/.package-lock.json'))) === undefined) {
    linkWorkspaces(root, lock);
    return true;
  }
  const started = Date.now();
  process.stderr.write('tessera: installing packages (once, about a minute) …\n');
  const code = await npm(root, NPM_ARGUMENTS);
  if (code !== 0) {
    process.stderr.write(`tessera: \`npm ci\` failed with exit code ${code}: is the package registry reachable?\n`);
    return false;
  }
  const missing = outOfStep(lock, readJson(join(root, 'node_modules/.package-lock.json')));
  if (missing !== undefined) {
    process.stderr.write(`tessera: \`npm ci\` ended well, but ${missing}\n`);
    return false;
  }
  process.stderr.write(`tessera: packages installed in ${((Date.now() - started) / 1000).toFixed(0)} s\n`);
  return true;
}

/** Why node_modules is not in step with the lock, in words; undefined when it is. */
export function outOfStep(lock, installed) {
  if (installed === undefined) return 'node_modules is missing or unfinished';
  for (const [path, wanted] of registryPackages(lock)) {
    const found = installed.packages[path];
    if (found === undefined) {
      if (wanted.optional === true || wanted.devOptional === true) continue;
      return `${path} is missing`;
    }
    if (found.version !== wanted.version || found.integrity !== wanted.integrity) return `${path} is not ${wanted.version}`;
  }
  for (const [path] of registryPackages(installed)) {
    if (lock.packages[path] === undefined) return `${path} is not in the lock`;
  }
  return undefined;
}

function registryPackages(lock) {
  return Object.entries(lock.packages).filter(([path, entry]) => path.includes('node_modules/') && entry.link !== true);
}

/** Links the workspaces of the lock that lack their link. */
export function linkWorkspaces(root, lock) {
  for (const [path, entry] of Object.entries(lock.packages)) {
    const link = join(root, path);
    if (entry.link !== true || existsSync(link) || !existsSync(join(root, entry.resolved))) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), join(root, entry.resolved)), link, 'junction');
  }
}

// Under `npm run` the same npm is used again; else the one on the PATH.
function npm(root, commandLine) {
  const own = process.env.npm_execpath;
  const [file, first] = own?.endsWith('npm-cli.js') ? [process.execPath, [own]] : ['npm', []];
  return new Promise((resolve) => {
    const child = spawn(file, [...first, ...commandLine], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32' && file === 'npm',
    });
    child.on('error', () => resolve(127));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
