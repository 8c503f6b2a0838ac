// A MongoDB-compatible server on loopback, for tests: mongo-java-server, started by StandIn.java.
// M1 What it acknowledged is there after `kill` and `start`: on its port and its file.
// M2 Its speed is not MongoDB's, and what it cannot do it cannot prove: libs/state-mongo/README.md says what.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jarsOf, madeOnce, run } from '../maven.mjs';
import { freePorts } from '../free-ports.mjs';
import { JAVA, ServerProcess } from '../server-process.mjs';

const POM = fileURLToPath(new URL('./pom.xml', import.meta.url));
const SOURCE = fileURLToPath(new URL('./StandIn.java', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../.cache/services/', import.meta.url));
const READY = 'the stand-in is ready';

/** Starts one server with its data in the folder, or, `inMemory`, nowhere. */
export async function startMongo({ folder, inMemory = false }) {
  const jars = await jarsOf(POM, CACHE, 'mongo');
  const classes = await classesOf(jars);
  const [port] = await freePorts(1);
  mkdirSync(folder, { recursive: true });
  const server = new StandIn({ classPath: `${classes}:${join(jars, '*')}`, port, folder, inMemory });
  await server.start();
  return server;
}

export class StandIn {
  #process;

  constructor({ classPath, port, folder, inMemory }) {
    this.port = port;
    this.folder = folder;
    this.file = join(folder, 'mongo.mv');
    this.#process = new ServerProcess(
      'the MongoDB stand-in',
      [
        ...JAVA,
        ...['-Xms64m', '-Xmx768m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'],
        ...['-cp', classPath, 'StandIn', String(port), ...(inMemory ? [] : [this.file])],
      ],
      join(folder, 'mongo.log'),
    );
  }

  /** Without a database: append `/NAME?…` of your own by `uriOf`. */
  get uri() {
    return this.uriOf('');
  }

  /** retryWrites: the stand-in accepts it and deduplicates nothing, so it is off. */
  uriOf(database, port = this.port) {
    return `mongodb://127.0.0.1:${port}/${database}?directConnection=true&retryWrites=false`;
  }

  get running() {
    return this.#process.running;
  }

  get logFile() {
    return this.#process.logFile;
  }

  /** Undefined where the kernel does not say. */
  get cpuSeconds() {
    return this.#process.cpuSeconds;
  }

  start() {
    return this.#process.start(READY, this.port);
  }

  stop() {
    return this.#process.stop();
  }

  /** SIGKILL. */
  kill() {
    return this.#process.kill();
  }

  /** SIGSTOP and SIGCONT. */
  freeze() {
    this.#process.freeze();
  }

  thaw() {
    this.#process.thaw();
  }

  /** Ends the server at once and takes its data away; the log stays unless `all`. */
  async destroy({ all = false } = {}) {
    await this.kill();
    rmSync(all ? this.folder : this.file, { recursive: true, force: true });
  }
}

/** The folder of the compiled launcher: complete or not there. */
async function classesOf(jars) {
  const hash = createHash('sha256').update(basename(jars)).update(readFileSync(SOURCE)).digest('hex').slice(0, 12);
  return madeOnce(join(CACHE, `mongo-classes-${hash}`), async (unfinished) => {
    const { code, output } = await run('javac', ['-d', unfinished, '-cp', join(jars, '*'), SOURCE]);
    if (code !== 0)
      throw new Error(`the launcher of the MongoDB stand-in did not compile; is a JDK (javac) 17 or later installed?\n${output}`);
  });
}
