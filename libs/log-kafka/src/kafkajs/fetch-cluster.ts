// The cluster and broker classes inside kafkajs 2.2.4, as far as they are used here. No public door leads to them, and there will be no
// other version.
import { createRequire } from 'node:module';
import { ownSasl, type KafkaConnectionOptions } from '../options.js';

export interface FetchedMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
  readonly isControlRecord: boolean;
  readonly batchContext?: { readonly firstOffset: string; readonly lastOffsetDelta: number };
}

interface FetchedTopic {
  readonly topicName: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly highWatermark: string;
    readonly messages: readonly FetchedMessage[];
  }[];
}

interface FetchBroker {
  fetch(request: unknown): Promise<{ readonly responses: readonly FetchedTopic[] }>;
}

export interface FetchCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(of: { readonly nodeId: string }): Promise<FetchBroker>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;
const METADATA_AGE_MS = 300_000;
const SILENT = 0;

export function newFetchCluster(options: KafkaConnectionOptions, brokers: readonly string[]): FetchCluster {
  const require = createRequire(import.meta.url);
  const Cluster = require('kafkajs/src/cluster') as new (options: unknown) => FetchCluster;
  const { createLogger } = require('kafkajs/src/loggers') as { createLogger(of: unknown): unknown };
  const socketFactory = require('kafkajs/src/network/socketFactory') as () => unknown;
  return new Cluster({
    logger: createLogger({ level: SILENT, logCreator: () => () => undefined }),
    socketFactory: socketFactory(),
    brokers: [...brokers],
    clientId: options.clientId,
    ssl: options.tls,
    sasl: ownSasl(options),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    metadataMaxAge: METADATA_AGE_MS,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: 0,
    retry: { retries: 2 },
  });
}
