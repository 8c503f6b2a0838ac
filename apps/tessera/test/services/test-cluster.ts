// Tessera as a cluster runs it: processes of every service on Kafka and MongoDB, with one file of credentials.
// D1 A prefix and a database of its own, so that several share the servers.
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DefinitionCatalog } from '@tessera/catalog';
import { closePorts, newWorkspace, openPorts, type CredentialsFile, type SystemPorts } from '@tessera/service';
import { readConfig } from '@tessera/settings';
import { shippedStages } from '@tessera/testkit';
import { freePorts } from '../../../../tools/services/free-ports.mjs';
import { databaseOf } from '../../src/bench/servers.js';
import { SERVICES, ServiceProcess, type ServiceName } from './service-process.js';

export interface Servers {
  /** `host:port`, several separated by commas. */
  readonly kafka: string;
  /** MongoDB with the database. */
  readonly mongo: string;
}

export interface ClusterOptions {
  readonly servers: Servers;
  /** Processes of each service. */
  readonly instances: number;
  readonly services?: readonly ServiceName[];
  readonly partitions?: number;
  readonly settings?: Readonly<Record<string, string>>;
}

export const PARTITIONS = 4;

/** Servers that `npm run test:services` has started for everybody. */
export function sharedServers(): Servers {
  const { TESSERA_TEST_KAFKA: kafka, TESSERA_MONGO_URI: mongo } = process.env;
  if (!kafka || !mongo) throw new Error('there is no Kafka or no MongoDB: run these tests by `npm run test:services`');
  return { kafka, mongo: databaseOf(mongo, `c${randomBytes(4).toString('hex')}`) };
}

/** A folder of this run. */
export function runFolder(name: string): string {
  const root = process.env['TESSERA_TEST_FOLDER'];
  if (root === undefined) throw new Error('TESSERA_TEST_FOLDER is not set: run these tests by `npm run test:services`');
  const folder = join(root, `${name}-${randomBytes(4).toString('hex')}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

export class TestCluster {
  private constructor(
    readonly processes: readonly ServiceProcess[],
    readonly credentials: CredentialsFile,
    readonly environment: Readonly<Record<string, string>>,
    readonly folder: string,
  ) {}

  /** Nothing runs yet. */
  static async of({
    servers,
    instances,
    services = SERVICES,
    partitions = PARTITIONS,
    settings,
  }: ClusterOptions): Promise<TestCluster> {
    const folder = runFolder('cluster');
    const credentials: CredentialsFile = { version: 1, workspaces: [newWorkspace('default')] };
    const file = join(folder, 'credentials.json');
    writeFileSync(file, JSON.stringify(credentials), { mode: 0o600 });
    const environment = {
      ...withoutSettings(process.env),
      TESSERA_LOG: 'kafka',
      TESSERA_KAFKA_BROKERS: servers.kafka,
      TESSERA_TOPIC_PREFIX: `t${randomBytes(4).toString('hex')}`,
      TESSERA_PARTITIONS: String(partitions),
      TESSERA_STORE: 'mongo',
      TESSERA_MONGO_URI: servers.mongo,
      TESSERA_CREDENTIALS_FILE: file,
      TESSERA_KAFKA_SESSION: '6s',
      TESSERA_STOP_WITHIN: '60s',
      TESSERA_LOG_LEVEL: 'info',
      TESSERA_TEST_FAULT_FOLDER: folder,
      ...settings,
    };
    const processes: ServiceProcess[] = [];
    for (const service of services) {
      for (let instance = 0; instance < instances; instance++) {
        const [http = 0, grpc = 0, ops = 0] = await freePorts(3);
        processes.push(
          new ServiceProcess(
            service,
            instance,
            { http, grpc, ops },
            {
              ...environment,
              TESSERA_HTTP_PORT: String(http),
              TESSERA_GRPC_PORT: String(grpc),
              TESSERA_OPS_PORT: String(ops),
            },
          ),
        );
      }
    }
    return new TestCluster(processes, credentials, environment, folder);
  }

  of(service: ServiceName): readonly ServiceProcess[] {
    return this.processes.filter((process) => process.service === service);
  }

  get writeKey(): string {
    return this.credentials.workspaces[0]?.writeKeys[0]?.key ?? '';
  }

  get token(): string {
    return this.credentials.workspaces[0]?.tokens[0]?.token ?? '';
  }

  httpOf(service: ServiceName): readonly string[] {
    return this.of(service).map(({ ports }) => `http://127.0.0.1:${String(ports.http)}`);
  }

  grpcOf(service: ServiceName): readonly string[] {
    return this.of(service).map(({ ports }) => `127.0.0.1:${String(ports.grpc)}`);
  }

  /** Resolves when every process is ready. */
  async start(): Promise<void> {
    for (const process of this.processes) process.spawn();
    await Promise.all(this.processes.map((process) => process.ready()));
  }

  /** Resolves with the exit codes by name. */
  async stop(): Promise<Readonly<Record<string, number | NodeJS.Signals | null>>> {
    const codes = await Promise.all(this.processes.map(async (process) => [process.name, await process.stop()] as const));
    return Object.fromEntries(codes);
  }

  /** Whatever happened. */
  async end(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Log and store as the processes have them, for checks beside the doors. */
  async withPorts<T>(use: (ports: SystemPorts) => Promise<T>): Promise<T> {
    const ports = await openPorts(readConfig(this.environment));
    try {
      return await use(ports);
    } finally {
      await closePorts(ports);
    }
  }

  /** Resolves when every stage has taken in for good all that is in its log, and goes on having done so for `calmMs`. */
  async untilIdle(ports: SystemPorts, calmMs: number, withinMs: number): Promise<void> {
    const untilMs = performance.now() + withinMs;
    for (let calmSinceMs = Infinity; performance.now() - calmSinceMs < calmMs || calmSinceMs === Infinity;) {
      const lags = await lagsOf(ports);
      const behind = lags.filter(({ behind: by }) => by > 0);
      calmSinceMs = behind.length > 0 ? Infinity : Math.min(calmSinceMs, performance.now());
      if (performance.now() > untilMs)
        throw new Error(`stages are behind after ${String(withinMs)} ms: ${JSON.stringify(behind)}`);
      await pause(100);
    }
  }
}

export interface StageLag {
  readonly stage: string;
  readonly partition: number;
  /** Offset that is read next after a restart. */
  readonly position: number;
  /** Records in the log that are not taken in for good. */
  readonly behind: number;
}

/** Of every partition of every stage. */
export async function lagsOf({ log, store }: SystemPorts, stages = STAGES): Promise<readonly StageLag[]> {
  return Promise.all(
    stages.flatMap(({ name, input }) =>
      Array.from({ length: log.partitions(input) }, async (_, partition) => {
        const position = (await store.loadPartition({ stage: name, partition }))?.nextOffset ?? 0;
        return { stage: name, partition, position, behind: (await log.endOffset(input, partition)) - position };
      }),
    ),
  );
}

/** Names and inputs of the shipped stages. */
export const STAGES = shippedStages({
  clock: 'append',
  secretOf: () => '',
  definitions: { load: () => Promise.reject(new Error('stages are named here, not run')) },
});

export async function catalogOf({ log, clock }: SystemPorts): Promise<DefinitionCatalog> {
  const catalog = new DefinitionCatalog(log, clock);
  await catalog.start();
  return catalog;
}

function withoutSettings(environment: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('TESSERA_'));
  return Object.fromEntries(kept) as Record<string, string>;
}
