// `npm run test:services`: real servers of our own, then Jest over `*.services.ts`, then the servers' end.
// V1 Each run has free ports and a folder of its own under .cache/services; only the jars are shared. What a dead run left is taken away.
// V2 The servers are stopped whatever happens: Jest fails, is killed, or a signal comes. A run that failed keeps the servers' logs.
// V3 Without Java or Maven the run fails and says so; TESSERA_ALLOW_SKIP=1 turns that into a printed list of what was skipped.
// V4 A server whose address is in the environment already (TESSERA_TEST_KAFKA, TESSERA_MONGO_URI) is used and not started.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../run/root.mjs';
import { isAlive } from '../run/setup-lock.mjs';
import { kafkaService } from './kafka/service.mjs';
import { missingTools } from './maven.mjs';
import { mongoService } from './mongo/service.mjs';

/** `variable` holds the address; `start(folder)` resolves to `{ address, stop }`. */
const SERVICES = [kafkaService, mongoService];
const CACHE = join(ROOT, '.cache/services');
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

async function main(commandLine) {
  const wanted = SERVICES.filter(({ variable }) => (process.env[variable] ?? '') === '');
  const missing = wanted.length === 0 ? [] : await missingTools();
  if (missing.length > 0) return refuseOrSkip(wanted, missing);

  removeDeadRuns();
  const folder = join(CACHE, `run-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const running = [];
  let jest;
  let signalled;
  const onSignal = (signal) => {
    signalled ??= signal;
    jest?.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal);
  let code = 1;
  try {
    for (const service of wanted) {
      if (signalled !== undefined) break;
      process.stderr.write(`tessera: starting ${service.name} …\n`);
      const server = await service.start(join(folder, service.name.toLowerCase()));
      running.push(server);
      process.env[service.variable] = server.address;
    }
    if (signalled === undefined) code = await runJest(commandLine, folder, (child) => (jest = child));
  } catch (error) {
    process.stderr.write(`tessera: ${error.message}\n`);
  } finally {
    for (const server of running.reverse()) await server.stop();
  }
  if (code === 0) rmSync(folder, { recursive: true, force: true });
  else process.stderr.write(`tessera: the servers' logs of this run are in ${folder}\n`);
  return signalled === undefined ? code : 130;
}

function runJest(commandLine, folder, started) {
  const child = spawn(process.execPath, [...JEST, '--config', 'tools/services/jest.config.mjs', ...commandLine], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, TESSERA_TEST_FOLDER: folder },
  });
  started(child);
  return new Promise((resolve) => {
    child.on('error', () => resolve(127));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function refuseOrSkip(services, missing) {
  const names = services.map(({ name }) => name).join(', ');
  if (process.env.TESSERA_ALLOW_SKIP === '1') {
    process.stdout.write(`skipped: every test against ${names}, because this is missing:\n  ${missing.join('\n  ')}\n`);
    return 0;
  }
  process.stderr.write(
    `tessera: the tests against ${names} start these servers themselves, and cannot. Missing:\n  ${missing.join('\n  ')}\n` +
      'TESSERA_ALLOW_SKIP=1 skips them.\n',
  );
  return 1;
}

/** Folders of runs whose process is gone, failed ones of earlier runs too. */
function removeDeadRuns() {
  if (!existsSync(CACHE)) return;
  for (const name of readdirSync(CACHE)) {
    const pid = Number(/^run-(\d+)$/.exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) rmSync(join(CACHE, name), { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
