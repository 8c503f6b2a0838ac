// The servers of a distributed benchmark: those of TESSERA_KAFKA_BROKERS and TESSERA_MONGO_URI where they are set, else started here
// and stopped, as `npm run test:services` does it (tools/services).
// V1 What servers of ours spend of the CPU is told beside the figures; of servers that somebody else runs it is not known.
// V2 The store that is started is a stand-in for MongoDB that keeps everything in memory: its time says nothing about MongoDB.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@tessera/settings';

export interface BenchServers {
  /** `host:port`, several separated by commas. */
  readonly kafka: string;
  /** The address of MongoDB with the name of a database. */
  mongo(database: string): string;
  /** Since their start; undefined for servers that were there. */
  cpuSeconds(): ServerSeconds | undefined;
  stop(): Promise<void>;
}

export interface ServerSeconds {
  readonly broker: number;
  readonly store: number;
}

/** What is used of tools/services: not a part of this package, and there in a clone only. */
interface Tools {
  readonly missing: () => Promise<readonly string[]>;
  readonly startKafka: (options: { readonly folder: string }) => Promise<{
    readonly bootstrap: string;
    readonly brokers: readonly { readonly process: { readonly cpuSeconds: number | undefined } }[];
    destroy(options: { readonly all: boolean }): Promise<void>;
  }>;
  readonly startMongo: (options: { readonly folder: string; readonly inMemory: boolean }) => Promise<{
    readonly uri: string;
    readonly cpuSeconds: number | undefined;
    destroy(options: { readonly all: boolean }): Promise<void>;
  }>;
}

const TOOLS = new URL('../../../../tools/services/', import.meta.url);

/** Throws where Java or Maven is missing and no servers are named. */
export async function openServers(say: (text: string) => void): Promise<BenchServers> {
  const { kafkaBrokers, mongoUri } = readConfig();
  if (kafkaBrokers !== undefined && mongoUri !== undefined)
    return {
      kafka: kafkaBrokers.join(','),
      mongo: (database) => databaseOf(mongoUri, database),
      cpuSeconds: () => undefined,
      stop: () => Promise.resolve(),
    };
  if (kafkaBrokers !== undefined || mongoUri !== undefined)
    throw new Error('set both TESSERA_KAFKA_BROKERS and TESSERA_MONGO_URI, or none of them: then servers are started');
  return startServers(say);
}

async function startServers(say: (text: string) => void): Promise<BenchServers> {
  const { missing, startKafka, startMongo } = await loadTools();
  const lacking = await missing();
  if (lacking.length > 0)
    throw new Error(
      `the servers of this benchmark cannot be started. Missing:\n  ${lacking.join('\n  ')}\n` +
        'or name servers that run: TESSERA_KAFKA_BROKERS and TESSERA_MONGO_URI',
    );
  const folder = mkdtempSync(join(tmpdir(), 'tessera-bench-servers-'));
  say('starting Kafka and the stand-in for MongoDB …');
  const kafka = await startKafka({ folder: join(folder, 'kafka') });
  const store = await startMongo({ folder: join(folder, 'mongo'), inMemory: true }).catch(async (error: unknown) => {
    await kafka.destroy({ all: true });
    throw error;
  });
  return {
    kafka: kafka.bootstrap,
    mongo: (database) => databaseOf(store.uri, database),
    cpuSeconds() {
      const [broker, stand] = [kafka.brokers[0]?.process.cpuSeconds, store.cpuSeconds];
      return broker === undefined || stand === undefined ? undefined : { broker, store: stand };
    },
    async stop() {
      await Promise.all([kafka.destroy({ all: true }), store.destroy({ all: true })]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function loadTools(): Promise<Tools> {
  const [kafka, mongo, maven] = await Promise.all(
    ['kafka/cluster.mjs', 'mongo/stand-in.mjs', 'maven.mjs'].map((file) => import(new URL(file, TOOLS).href)),
  );
  return { startKafka: kafka.startKafka, startMongo: mongo.startMongo, missing: maven.missingTools } as Tools;
}

/** The address with the name of a database. */
export function databaseOf(uri: string, database: string): string {
  const [, base = '', options = ''] = /^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*(\?.*)?$/.exec(uri) ?? [];
  return `${base}/${database}${options}`;
}

/** A topic prefix and a name of a database that nobody else has. */
export function freshName(): string {
  return `bench${randomBytes(4).toString('hex')}`;
}
