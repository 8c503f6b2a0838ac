// Two commands started at once do set-up one after the other.
// K1 The lock is a file that is created exclusively and holds its owner's process id.
// K2 A lock whose owner is gone, or that is older than ten minutes (its number was given to another), is taken over.
//    Two that take it over at once may both go on: npm and tsc then run twice, which is slow and not wrong.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WAIT_MS = 100;
const QUIET_WAITS = 15;
const LIFE_MAX_MS = 600_000;

/** Runs the work while no other process of this checkout does. */
export async function withSetupLock(root, work) {
  const folder = join(root, '.cache');
  const file = join(folder, 'setup.lock');
  mkdirSync(folder, { recursive: true });
  for (let waits = 1; !take(file); waits++) {
    if (waits === QUIET_WAITS) process.stderr.write('tessera: waiting for the set-up that another command does …\n');
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  if (isStale(file)) rmSync(file, { force: true });
  return false;
}

function isStale(file) {
  try {
    if (Date.now() - statSync(file).mtimeMs > LIFE_MAX_MS) return true;
    const owner = Number(readFileSync(file, 'utf8'));
    // 0 for an instant: created, and its owner not written yet.
    return owner !== 0 && !isAlive(owner);
  } catch {
    return false;
  }
}

/** Whether a process of this number runs, whoever's it is. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
