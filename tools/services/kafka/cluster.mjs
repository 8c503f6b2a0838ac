// A real Apache Kafka on loopback, for tests: one broker, or three with replication 3 and two in-sync replicas.
// K1 KRaft: every node is broker and controller. Ports are free ones, the folder is the caller's.
// K2 A broker that was killed starts again on its port and its data; topics are made by who needs them, never by a read.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jarsOf, run } from '../maven.mjs';
import { freePorts } from '../free-ports.mjs';
import { JAVA, ServerProcess } from '../server-process.mjs';
import { makeCertificates, SECURED_PORTS, scramUser, securedDoors, securedListeners } from './secured-listeners.mjs';

const POM = fileURLToPath(new URL('./pom.xml', import.meta.url));
const LOG4J = fileURLToPath(new URL('./log4j2.properties', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../.cache/services/', import.meta.url));
const READY = 'Kafka Server started';
const HEAP_ALONE = '384m';
const HEAP_OF_THREE = '256m';

/**
 * Starts 1 or 3 brokers. `settings` are lines of server.properties; `user` makes the clients' listener ask for SASL/PLAIN; `secured`
 * is a user of SCRAM, and adds a listener with TLS and one with TLS and SCRAM.
 */
export async function startKafka({ folder, brokers = 1, settings = {}, user, secured }) {
  const jars = await jarsOf(POM, CACHE, 'kafka');
  const ports = await freePorts(brokers * (secured === undefined ? 2 : 2 + SECURED_PORTS));
  const securedPorts = Array.from({ length: brokers }, (_, i) => ports.slice(2 * brokers + i * SECURED_PORTS));
  const certificates = secured === undefined ? undefined : await makeCertificates(join(folder, 'certificates'));
  // One that begins with a dash is an option for the formatter.
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const voters = Array.from({ length: brokers }, (_, i) => `${i + 1}@127.0.0.1:${ports[brokers + i]}`).join(',');
  const nodes = Array.from({ length: brokers }, (_, i) => {
    const own = { id: i + 1, port: ports[i], controllerPort: ports[brokers + i] };
    return new Broker(
      {
        ...own,
        ...{ jars, clusterId, folder: join(folder, `broker-${i + 1}`), heap: brokers > 1 ? HEAP_OF_THREE : HEAP_ALONE },
        formatting: secured === undefined ? [] : scramUser(secured),
      },
      {
        ...(brokers > 1 ? REPLICATED : ALONE),
        ...(user === undefined ? {} : saslSettings(user)),
        ...settings,
        'controller.quorum.voters': voters,
      },
      certificates === undefined ? NO_MORE : securedListeners(certificates, securedPorts[i]),
    );
  });
  const doors = certificates === undefined ? undefined : securedDoors(certificates, securedPorts);
  const cluster = new KafkaCluster(nodes, folder, doors);
  try {
    await Promise.all(nodes.map((node) => node.start()));
  } catch (error) {
    await cluster.destroy();
    throw error;
  }
  return cluster;
}

export class KafkaCluster {
  constructor(brokers, folder, secured) {
    this.brokers = brokers;
    this.folder = folder;
    this.secured = secured;
  }

  /** `127.0.0.1:PORT` of every broker, separated by commas. */
  get bootstrap() {
    return this.brokers.map(({ port }) => `127.0.0.1:${port}`).join(',');
  }

  async stop() {
    await Promise.all(this.brokers.map((broker) => broker.stop()));
  }

  /** Ends the brokers at once and takes their data away; the logs of the processes stay unless `all`. */
  async destroy({ all = false } = {}) {
    await Promise.all(this.brokers.map((broker) => broker.kill()));
    for (const { dataFolder } of this.brokers) rmSync(dataFolder, { recursive: true, force: true });
    if (all) rmSync(this.folder, { recursive: true, force: true });
  }
}

class Broker {
  constructor({ id, port, controllerPort, jars, clusterId, folder, heap, formatting }, settings, more) {
    mkdirSync(folder, { recursive: true });
    this.id = id;
    this.port = port;
    this.folder = folder;
    this.dataFolder = join(folder, 'data');
    this.formatting = ['-t', clusterId, ...formatting];
    this.classPath = join(jars, '*');
    this.properties = join(folder, 'server.properties');
    writeFileSync(this.properties, propertiesOf({ id, port, controllerPort, dataFolder: this.dataFolder, settings, more }));
    this.process = new ServerProcess(
      `Kafka broker ${id}`,
      [
        ...JAVA,
        ...[`-Xms${heap}`, `-Xmx${heap}`, `-Dlog4j2.configurationFile=${LOG4J}`],
        ...['-cp', this.classPath, 'kafka.Kafka', this.properties],
      ],
      join(folder, 'kafka.log'),
    );
  }

  get logFile() {
    return this.process.logFile;
  }

  get running() {
    return this.process.running;
  }

  async start() {
    if (!existsSync(join(this.dataFolder, 'meta.properties'))) await this.#format();
    await this.process.start(READY, this.port);
  }

  stop() {
    return this.process.stop();
  }

  /** SIGKILL. */
  kill() {
    return this.process.kill();
  }

  freeze() {
    this.process.freeze();
  }

  thaw() {
    this.process.thaw();
  }

  async #format() {
    const { code, output } = await run('java', [
      ...['-Xmx128m', `-Dlog4j2.configurationFile=${LOG4J}`, '-cp', this.classPath],
      ...['kafka.tools.StorageTool', 'format', ...this.formatting, '-c', this.properties],
    ]);
    if (code !== 0) throw new Error(`the storage of Kafka broker ${this.id} could not be formatted:\n${output}`);
  }
}

const NO_MORE = { bindings: [], advertised: [], protocols: [], settings: {} };

const ALONE = {
  'offsets.topic.replication.factor': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'default.replication.factor': 1,
};

/** A dead broker is noticed within 3 s (default 9). */
const REPLICATED = {
  'offsets.topic.replication.factor': 3,
  'transaction.state.log.replication.factor': 3,
  'transaction.state.log.min.isr': 2,
  'default.replication.factor': 3,
  'min.insync.replicas': 2,
  'broker.session.timeout.ms': 3000,
  'broker.heartbeat.interval.ms': 500,
  'controller.quorum.election.timeout.ms': 500,
  'controller.quorum.fetch.timeout.ms': 1000,
};

/** The broker speaks to itself as the same user. */
function saslSettings({ username, password }) {
  const module = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  const login = `${module} required username="${username}" password="${password}" user_${username}="${password}";`;
  return {
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'listener.name.plaintext.plain.sasl.jaas.config': login,
    'listener.security.protocol.map': 'PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
  };
}

/** `more`: listeners beside that of the clients and that of the controllers. */
function propertiesOf({ id, port, controllerPort, dataFolder, settings, more }) {
  const bindings = [`PLAINTEXT://127.0.0.1:${port}`, `CONTROLLER://127.0.0.1:${controllerPort}`, ...more.bindings];
  const advertised = [settings['advertised.listeners'] ?? `PLAINTEXT://127.0.0.1:${port}`, ...more.advertised];
  const protocols = [settings['listener.security.protocol.map'] ?? 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT', ...more.protocols];
  const all = {
    'group.initial.rebalance.delay.ms': 0,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.num.partitions': 4,
    'auto.create.topics.enable': false,
    'log.cleaner.dedupe.buffer.size': 16 << 20,
    'log.cleaner.backoff.ms': 200,
    'log.retention.check.interval.ms': 1000,
    'log.initial.task.delay.ms': 500,
    ...more.settings,
    ...settings,
    'process.roles': 'broker,controller',
    'node.id': id,
    listeners: bindings.join(','),
    'advertised.listeners': advertised.join(','),
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': protocols.join(','),
    'log.dirs': dataFolder,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
