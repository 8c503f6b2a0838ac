// The adapters of both profiles, chosen by configuration: the one file that names them.
// W1 Clients of servers are loaded when they are set: an embedded start does not wait for them.
// W2 An append that is not acknowledged is given up after a while. Ingestion has a client that waits, so it gives up sooner.
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { KafkaConnectionOptions, TellOfGroup } from '@tessera/log-kafka';
import { LmdbEventLog } from '@tessera/log-lmdb';
import { LmdbStateStore } from '@tessera/state-lmdb';
import {
  systemClock,
  systemIds,
  type Clock,
  type EventLog,
  type Ids,
  type LogClock,
  type Ownership,
  type StateStore,
} from '@tessera/runtime';
import { partitionsOf, type Config, type ProcessName } from '@tessera/settings';
import type { Journal } from '@tessera/telemetry';
import type { Compactor } from './log-compaction.js';

/** What a system stands on. */
export interface SystemPorts {
  readonly log: EventLog;
  readonly store: StateStore;
  /** Where the log has nobody else who compacts it. */
  readonly compactor?: Compactor;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Which partitions are this process's; none: all are. */
  readonly ownership?: Ownership;
  /** Other processes may write the same store: what is read of it is not kept. */
  readonly shared: boolean;
}

/** A data folder has one owner. */
export class DataFolderOwnedError extends Error {
  constructor(
    readonly folder: string,
    readonly pid: number,
    cause: unknown,
  ) {
    super(
      `the data folder ${folder} is in use by process ${String(pid)}. ` +
        `Stop that process (kill ${String(pid)}), or start on another folder: TESSERA_DATA=./other`,
      { cause },
    );
    this.name = 'DataFolderOwnedError';
  }
}

const DELIVERY_MS = 30_000;
const DELIVERY_OF_INGESTION_MS = 5_000;

export interface OpenOptions {
  /** Names the process in the brokers' logs and its groups. Default `tessera`: all services in one. */
  readonly processName?: ProcessName | undefined;
  readonly logClock?: LogClock | undefined;
  /** Told which partitions come and go. */
  readonly journal?: Journal | undefined;
}

/** Opens the log and the state store that are set; throws what their adapters throw. */
export async function openPorts(config: Config, options: OpenOptions = {}): Promise<SystemPorts> {
  const { logClock = 'append' } = options;
  if (config.log === 'embedded' && config.store === 'embedded')
    return openEmbeddedPorts(config.data, partitionsOf(config), systemClock, logClock);
  const opened = config.log === 'kafka' ? await openKafka(config, options) : await openFolderLog(config, logClock);
  try {
    const store = config.store === 'mongo' ? await openMongoStore(config) : await openFolderStore(config);
    return { ...opened, store, clock: systemClock, ids: systemIds, shared: config.store === 'mongo' };
  } catch (error) {
    await opened.log.close();
    throw error;
  }
}

/** Where the state is this process's own, so are all partitions. */
async function openKafka(
  config: Config,
  { processName = 'tessera', logClock = 'append', journal }: OpenOptions,
): Promise<Pick<SystemPorts, 'log' | 'ownership'>> {
  const { KafkaEventLog, KafkaOwnership } = await import('@tessera/log-kafka');
  const connection = kafkaConnectionOf(config, processName);
  const { topicPrefix: prefix } = config;
  const log = await KafkaEventLog.open({
    connection,
    clock: logClock,
    partitions: partitionsOf(config),
    prefix,
    replication: config.kafkaReplicas,
    client: config.kafkaClient,
    limits: { deliveryMs: processName === 'ingestion' ? DELIVERY_OF_INGESTION_MS : DELIVERY_MS },
  });
  if (config.store !== 'mongo') return { log };
  const times = { sessionMs: config.kafkaSessionMs };
  const tell: TellOfGroup = (event, facts) => {
    if (event === 'assigned') journal?.info('partitions are assigned', facts);
    else if (event === 'lost') journal?.warn('partitions are lost: the group has not heard of this process', facts);
    else journal?.warn('the brokers cannot be asked which partitions are whose; it is tried again', facts);
  };
  return { log, ownership: new KafkaOwnership({ connection, prefix, service: processName, times, tell }) };
}

function kafkaConnectionOf(config: Config, processName: ProcessName): KafkaConnectionOptions {
  const { kafkaBrokers = [], kafkaSecurityProtocol, kafkaSaslMechanism, kafkaSslCaFile } = config;
  const { kafkaSaslUsername: username = '', kafkaSaslPassword: password = '' } = config;
  const mechanism = kafkaSaslMechanism.toLowerCase() as Lowercase<typeof kafkaSaslMechanism>;
  return {
    brokers: kafkaBrokers,
    clientId: `${config.topicPrefix}.${processName}`,
    ...(kafkaSecurityProtocol.endsWith('SSL')
      ? { tls: kafkaSslCaFile === undefined ? {} : { ca: readFileSync(kafkaSslCaFile) } }
      : {}),
    ...(kafkaSecurityProtocol.startsWith('SASL_') ? { sasl: { mechanism, username, password } } : {}),
  };
}

async function openMongoStore({ mongoUri }: Config): Promise<StateStore> {
  const { MongoStateStore } = await import('@tessera/state-mongo');
  return MongoStateStore.open({ uri: mongoUri as string });
}

async function openFolderLog(config: Config, clock: LogClock): Promise<Pick<SystemPorts, 'log' | 'compactor'>> {
  const folder = ownFolder(config.data);
  const nowMs = (): number => systemClock.nowMs();
  const log = await refusingTwoOwners(folder, () =>
    LmdbEventLog.open({ folder: join(folder, 'log'), clock, partitions: partitionsOf(config), nowMs }),
  );
  return { log, compactor: log };
}

function openFolderStore({ data }: Config): Promise<StateStore> {
  const folder = ownFolder(data);
  return refusingTwoOwners(folder, () => LmdbStateStore.open({ folder: join(folder, 'state') }));
}

/** Opens the log and the state store of a data folder; throws DataFolderOwnedError while another process has it. */
export async function openEmbeddedPorts(
  data: string,
  partitions: number,
  clock: Clock = systemClock,
  logClock: LogClock = 'append',
): Promise<SystemPorts> {
  const folder = ownFolder(data);
  return refusingTwoOwners(folder, async () => {
    const log = await LmdbEventLog.open({ folder: join(folder, 'log'), clock: logClock, partitions, nowMs: () => clock.nowMs() });
    try {
      const store = await LmdbStateStore.open({ folder: join(folder, 'state') });
      return { log, store, compactor: log, clock, ids: systemIds, shared: false };
    } catch (error) {
      await log.close();
      throw error;
    }
  });
}

export async function closePorts({ log, store }: SystemPorts): Promise<void> {
  await store.close();
  await log.close();
}

function ownFolder(data: string): string {
  const folder = resolve(data);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

async function refusingTwoOwners<T>(folder: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw isOwned(error) ? new DataFolderOwnedError(folder, error.pid, error) : error;
  }
}

function isOwned(error: unknown): error is Error & { readonly pid: number } {
  return error instanceof Error && error.name === 'FolderOwnedError' && 'pid' in error;
}
