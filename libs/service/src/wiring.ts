// The adapters of both profiles, chosen by configuration: the one file that names them.
// W1 Clients of servers are loaded when they are set: an embedded start does not wait for them.
// W2 An append that is not acknowledged is given up after a while. Ingestion has a client that waits, so it gives up sooner.
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TopicId } from '@tessera/contracts';
import type { Snapshot, SnapshotExtent, SpaceDone } from '@tessera/log-archive';
import type { KafkaConnectionOptions, TellOfGroup } from '@tessera/log-kafka';
import { LmdbEventLog } from '@tessera/log-lmdb';
import type { ObjectStore } from '@tessera/object-store';
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
import type { ArchiveCleaner, Archiver, HeadRetention } from './archive-metrics.js';
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
  /** Fills the archive, where one is set: a part of the process that is to do it. Two of them are harmless. */
  readonly archiver?: Archiver;
  /** Deletes what is older in the archive than it is to keep, where days are set; of the same process. */
  readonly archiveCleaner?: ArchiveCleaner;
  /** Cuts the head of a log that no broker cuts, once it is in the archive. */
  readonly retention?: HeadRetention;
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

const PATIENCE = { deliveryMs: 30_000, requestMs: 10_000 };
const PATIENCE_OF_INGESTION = { deliveryMs: 5_000, requestMs: 4_000 };

export interface OpenOptions {
  /** Names the process in the brokers' logs and its groups. Default `tessera`: all services in one. */
  readonly processName?: ProcessName | undefined;
  readonly logClock?: LogClock | undefined;
  /** Told which partitions come and go. */
  readonly journal?: Journal | undefined;
}

/** Opens the log, with its archive where one is set, and the state store; throws what their adapters throw. */
export async function openPorts(config: Config, options: OpenOptions = {}): Promise<SystemPorts> {
  const ports = await openBarePorts(config, options);
  try {
    return config.archive === undefined ? ports : { ...ports, ...(await withArchive(ports, config.archive, config, options)) };
  } catch (error) {
    await closePorts(ports);
    throw error;
  }
}

async function openBarePorts(config: Config, options: OpenOptions): Promise<SystemPorts> {
  const { logClock = 'append' } = options;
  if (config.log === 'embedded' && config.store === 'embedded')
    return openEmbeddedPorts(config.data, partitionsOf(config), systemClock, logClock);
  const opened = config.log === 'kafka' ? await openKafka(config, options) : await openFolderLog(config, logClock);
  try {
    const store = await openStore(config);
    return { ...opened, store, clock: systemClock, ids: systemIds, shared: config.store === 'mongo' };
  } catch (error) {
    await opened.log.close();
    throw error;
  }
}

/** The log alone, with its archive where one is set: for whoever looks at it beside the state. */
export async function openLog(config: Config, options: OpenOptions = {}): Promise<EventLog> {
  const { logClock = 'append' } = options;
  const { log } = config.log === 'kafka' ? { log: await openKafkaLog(config, options) } : await openFolderLog(config, logClock);
  if (config.archive === undefined) return log;
  try {
    return (await withArchive({ log, clock: systemClock }, config.archive, config, options)).log;
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** The state store alone. */
export function openStore(config: Config): Promise<StateStore> {
  return config.store === 'mongo' ? openMongoStore(config) : openFolderStore(config);
}

/** Snapshots of state in one place. */
export interface Snapshots {
  /** Ids, rising. */
  list(): Promise<readonly string[]>;
  /** Throws where there is none of this id. */
  read(id: string): Promise<Snapshot>;
  take(id: string, store: StateStore, extent: SnapshotExtent, done: SpaceDone): Promise<Snapshot>;
  /** Into an empty store; one that fails leaves it empty. */
  restore(id: string, store: StateStore, done: SpaceDone): Promise<Snapshot>;
}

export type { Snapshot, SpaceSnapshot } from '@tessera/log-archive';

/** At an address as people write it. Throws RangeError that says what is allowed. */
export async function openSnapshots(address: string, config: Config): Promise<Snapshots> {
  const { listSnapshots, readSnapshot, restoreSnapshot, takeSnapshot } = await import('@tessera/log-archive');
  const place = { objects: await openObjectStore(address, config), prefix: `${config.topicPrefix}/snapshots/` };
  return {
    list: () => listSnapshots(place),
    read: (id) => readSnapshot(place, id),
    take: (id, store, extent, done) => takeSnapshot(place, id, store, extent, done),
    restore: (id, store, done) => restoreSnapshot(place, id, store, done),
  };
}

/** Reads go on from the log to its archive; what fills the archive is a part that one process or several may run. */
async function withArchive(
  { log, clock }: Pick<SystemPorts, 'log' | 'clock'>,
  address: string,
  config: Config,
  { journal }: OpenOptions,
): Promise<Pick<SystemPorts, 'log' | 'archiver' | 'archiveCleaner' | 'retention'>> {
  const { ArchivedEventLog, ArchiveRetention, LogArchive, LogArchiver, LogRetention } = await import('@tessera/log-archive');
  const archive = await LogArchive.open({
    store: await openObjectStore(address, config),
    clock: log.clock,
    partitions: partitionsOf(config),
    prefix: `${config.topicPrefix}/archive/`,
  });
  const warn = (message: string, error: unknown, facts: object): void =>
    journal?.warn(message, { ...facts, error: error instanceof Error ? error.message : String(error) });
  const archiver = new LogArchiver({
    log,
    archive,
    clock,
    failed: (topic, partition, error) => {
      warn('records could not be archived, and are tried again', error, { topic, partition });
    },
  });
  const days: Partial<Record<TopicId, number>> | undefined = config.archiveDays;
  const archiveCleaner =
    days &&
    new ArchiveRetention({
      archive,
      log,
      clock,
      daysOf: (topic) => days[topic],
      failed: (topic, partition, error) => {
        warn('old files of the archive could not be deleted, and are tried again', error, { topic, partition });
      },
    });
  const archived = { log: new ArchivedEventLog(log, archive), archiver, ...(archiveCleaner && { archiveCleaner }) };
  if (!(log instanceof LmdbEventLog)) return archived;
  const failed = (topic: TopicId, error: unknown): void => {
    warn('the head of a topic could not be cut, and is tried again', error, { topic });
  };
  return { ...archived, retention: new LogRetention({ log, cutter: log, archive, clock, failed }) };
}

/** The store at an address as people write it. Throws RangeError that says what is allowed. */
export async function openObjectStore(
  address: string,
  { s3AccessKeyId, s3SecretAccessKey, s3SessionToken }: Config,
): Promise<ObjectStore> {
  const { FolderObjectStore, parseObjectStoreUrl, S3ObjectStore } = await import('@tessera/object-store');
  const place = parseObjectStoreUrl(address);
  if (place.kind === 'folder') return FolderObjectStore.open(place.folder);
  if (s3AccessKeyId === undefined || s3SecretAccessKey === undefined)
    throw new RangeError(
      'an s3:// address needs credentials: set TESSERA_S3_ACCESS_KEY_ID and TESSERA_S3_SECRET_ACCESS_KEY_FILE (a file that holds it)',
    );
  const credentials = { accessKeyId: s3AccessKeyId, secretAccessKey: s3SecretAccessKey, sessionToken: s3SessionToken };
  return new S3ObjectStore({ ...place.settings, credentials });
}

/** Where the state is this process's own, so are all partitions. */
async function openKafka(config: Config, options: OpenOptions): Promise<Pick<SystemPorts, 'log' | 'ownership'>> {
  const { KafkaOwnership } = await import('@tessera/log-kafka');
  const { processName = 'tessera', journal } = options;
  const connection = kafkaConnectionOf(config, processName);
  const { topicPrefix: prefix } = config;
  const log = await openKafkaLog(config, options);
  if (config.store !== 'mongo') return { log };
  const times = { sessionMs: config.kafkaSessionMs };
  const tell: TellOfGroup = (event, facts) => {
    if (event === 'assigned') journal?.info('partitions are assigned', facts);
    else if (event === 'lost') journal?.warn('partitions are lost: the group has not heard of this process', facts);
    else journal?.warn('the brokers cannot be asked which partitions are whose; it is tried again', facts);
  };
  return { log, ownership: new KafkaOwnership({ connection, prefix, service: processName, times, tell }) };
}

async function openKafkaLog(config: Config, { processName = 'tessera', logClock = 'append' }: OpenOptions): Promise<EventLog> {
  const { KafkaEventLog } = await import('@tessera/log-kafka');
  return KafkaEventLog.open({
    connection: kafkaConnectionOf(config, processName),
    clock: logClock,
    partitions: partitionsOf(config),
    prefix: config.topicPrefix,
    replication: config.kafkaReplicas,
    client: config.kafkaClient,
    limits: processName === 'ingestion' ? PATIENCE_OF_INGESTION : PATIENCE,
  });
}

/** How the settings reach the brokers. Throws where the authority is no file with a certificate. */
export function kafkaConnectionOf(config: Config, processName: ProcessName): KafkaConnectionOptions {
  const { kafkaBrokers = [], kafkaSecurityProtocol, kafkaSaslMechanism, kafkaSslCaFile } = config;
  const { kafkaSaslUsername: username = '', kafkaSaslPassword: password = '' } = config;
  const mechanism = kafkaSaslMechanism.toLowerCase() as Lowercase<typeof kafkaSaslMechanism>;
  return {
    brokers: kafkaBrokers,
    clientId: `${config.topicPrefix}.${processName}`,
    ...(kafkaSecurityProtocol.endsWith('SSL')
      ? { tls: kafkaSslCaFile === undefined ? {} : { ca: readAuthority(kafkaSslCaFile) } }
      : {}),
    ...(kafkaSecurityProtocol.startsWith('SASL_') ? { sasl: { mechanism, username, password } } : {}),
  };
}

/** Node takes anything for an authority, and then trusts nobody. */
function readAuthority(path: string): Buffer {
  try {
    const pem = readFileSync(path);
    if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error('it has no certificate in PEM form');
    // Of several the first stands for all.
    new X509Certificate(pem);
    return pem;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`TESSERA_KAFKA_SSL_CA_FILE: found "${path}" (${why}), allowed is a file with certificates in PEM form.`, {
      cause: error,
    });
  }
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
