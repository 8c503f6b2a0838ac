// Hands over to the command.
// H1 Where this process runs on the same Node.js and can, it becomes the command: one process, and signals need no passing on.
// H2 Else the command is a child that gets our signals; it ends when we are killed, so that no orphan keeps the data folder.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const ORPHAN_GUARD = new URL('./orphan-guard.mjs', import.meta.url).href;

/** Resolves to the exit code; never resolves where the command replaced this process. */
export function launch(node, commandLine) {
  if (node === process.execPath && typeof process.execve === 'function')
    process.execve(node, [node, ...commandLine], process.env);
  return launchChild(node, commandLine);
}

/** The second way of H2. */
export function launchChild(node, commandLine) {
  const child = spawn(node, ['--import', ORPHAN_GUARD, ...commandLine], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  // A terminal sends ^C to the whole group: passing it on would make it two.
  const interactive = process.stdin.isTTY === true || process.stdout.isTTY === true;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !interactive) child.kill(signal);
    });
  }
  return new Promise((resolve) => {
    child.on('error', (error) => {
      process.stderr.write(`tessera: ${error.message}\n`);
      resolve(127);
    });
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
