// One server as a child process, for tests: started, awaited, stopped, killed.
// S1 It is in a process group of its own: a ^C in the terminal reaches only the test runner, which stops its servers in order.
// S2 It does not outlive who started it, however that one ended: the shell around it reads from a pipe of ours, and the end of the pipe
//    kills the server.
// S3 What it writes is kept in a file, and its end before it is ready is an error that shows the last lines.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** Java for a server that lives for minutes: one thread collects, and only the quick compiler runs; the thorough one would earn its time
 *  back after that, and takes it from the processes under test. */
export const JAVA = ['java', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

const TAIL_LINES = 30;
/** Places in /proc/PID/stat after the name: process group; user and system time, of the process and of its ended children. */
const STAT_GROUP = 2;
const STAT_TICKS = [11, 12, 13, 14];
/** USER_HZ: what the kernel tells times in on every platform that has /proc. */
const TICKS_PER_SECOND = 100;
const GUARD = '"$@" & server=$!; exec 3<&0; (cat <&3 >/dev/null; kill -KILL $server) >/dev/null 2>&1 & wait $server';

export class ServerProcess {
  #child;
  #ended = Promise.resolve();

  /** `command` with its arguments; `logFile` is appended to at each start. */
  constructor(name, command, logFile) {
    this.name = name;
    this.command = command;
    this.logFile = logFile;
  }

  get running() {
    return this.#child !== undefined;
  }

  /** Resolves when a line holds `ready` and the port answers. */
  async start(ready, port, timeoutMs = 90_000) {
    if (this.running) throw new Error(`${this.name} runs already`);
    const log = createWriteStream(this.logFile, { flags: 'a' });
    const child = spawn('sh', ['-c', GUARD, 'sh', ...this.command], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#child = child;
    child.stdin.on('error', () => undefined);
    let seen = '';
    const isReady = new Promise((resolve, reject) => {
      const read = (chunk) => {
        log.write(chunk);
        if (seen === undefined) return;
        seen += chunk;
        if (!seen.includes(ready)) return;
        seen = undefined;
        resolve();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.on('error', reject);
      // The pipes end with the server, not with the shell.
      this.#ended = new Promise((ended) => {
        child.on('close', () => {
          this.#child = undefined;
          log.end(ended);
          reject(new Error(`${this.name} ended before it was ready:\n${this.lastLines()}`));
        });
      });
    });
    const timer = deadline(timeoutMs);
    try {
      await Promise.race([isReady.then(() => answers(port, timer)), timer.passed]);
    } catch (error) {
      await this.kill();
      throw error === timer.error
        ? new Error(`${this.name} was not ready within ${timeoutMs / 1000} s:\n${this.lastLines()}`)
        : error;
    } finally {
      timer.clear();
    }
  }

  /** SIGTERM, and SIGKILL after the time. */
  async stop(timeoutMs = 15_000) {
    if (!this.running) return;
    this.#signal('SIGTERM');
    const timer = setTimeout(() => this.#signal('SIGKILL'), timeoutMs);
    await this.#ended;
    clearTimeout(timer);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill() {
    if (this.running) this.#signal('SIGKILL');
    await this.#ended;
  }

  /** Stands still, as a machine that swaps or a long collection does, until `thaw`. */
  freeze() {
    this.#signal('SIGSTOP');
  }

  thaw() {
    this.#signal('SIGCONT');
  }

  /** CPU seconds, user and system, of the process and what it has started; undefined where the kernel does not say (no /proc). */
  get cpuSeconds() {
    const group = this.#child?.pid;
    return group === undefined ? undefined : cpuSecondsOf(group);
  }

  lastLines() {
    try {
      return readFileSync(this.logFile, 'utf8').split('\n').slice(-TAIL_LINES).join('\n');
    } catch {
      return '(it wrote nothing)';
    }
  }

  #signal(signal) {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

/** Of all processes of a group, and of their children that have ended. */
function cpuSecondsOf(group) {
  if (!existsSync('/proc/self/stat')) return undefined;
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const fields = statOf(pid);
    if (Number(fields?.[STAT_GROUP]) === group) for (const at of STAT_TICKS) ticks += Number(fields[at]);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Fields of /proc/PID/stat after the name, which may hold anything; undefined for a process that has just ended. */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

async function answers(port, timer) {
  while (!timer.over && !(await accepts(port))) await new Promise((resolve) => setTimeout(resolve, 50));
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}

function deadline(timeoutMs) {
  const timer = { over: false, error: new Error('too late'), clear: () => undefined, passed: undefined };
  timer.passed = new Promise((_, reject) => {
    const handle = setTimeout(() => {
      timer.over = true;
      reject(timer.error);
    }, timeoutMs);
    timer.clear = () => {
      timer.over = true;
      clearTimeout(handle);
    };
  });
  return timer;
}
