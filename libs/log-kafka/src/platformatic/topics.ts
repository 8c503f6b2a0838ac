// Topics of the cluster: what is there and how it is set; making those that are not.
import { createTopicsV7, describeConfigsV4, metadataV9, protocolErrorsCodesById, ConfigResourceTypes } from '@platformatic/kafka';
import type { Connection } from '@platformatic/kafka';
import { RetryableError } from '@tessera/runtime';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FoundTopic } from '../client.js';
import type { TopicPlan } from '../topic-plan.js';
import { isRetriable, type Cluster } from './cluster.js';

const TIMEOUT_MS = 30_000;
const VISIBLE_MS = 30_000;
const PAUSE_MS = 50;

export async function describeTopics(cluster: Cluster, names: readonly string[]): Promise<ReadonlyMap<string, FoundTopic>> {
  const connection = await cluster.anyConnection();
  const partitions = await partitionCounts(connection, names);
  const found = [...partitions.keys()];
  if (found.length === 0) return new Map();
  const resources = found.map((resourceName) => ({
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName,
    configurationKeys: null,
  }));
  const { results } = await describeConfigsV4.api.async(connection, resources, false, false);
  return new Map(
    results.map(({ resourceName, configs }) => [
      resourceName,
      {
        partitions: partitions.get(resourceName) ?? 0,
        settings: new Map(configs.map(({ name, value }) => [name, value ?? ''])),
      },
    ]),
  );
}

/** Made by another process at the same moment counts as made. Waits until every partition has a leader that the brokers know. */
export async function createTopics(cluster: Cluster, plans: readonly TopicPlan[]): Promise<void> {
  const topics = plans.map(({ name, partitions, replication, settings }) => ({
    name,
    numPartitions: partitions,
    replicationFactor: replication,
    assignments: [],
    configs: Object.entries(settings).map(([setting, value]) => ({ name: setting, value })),
  }));
  const connection = await cluster.anyConnection();
  try {
    await createTopicsV7.api.async(connection, topics, TIMEOUT_MS, false);
  } catch (error) {
    const refused = refusals(error);
    if (refused.length > 0 || !hasOnlyTopicErrors(error)) throw creationError(error, refused);
  }
  const deadline = performance.now() + VISIBLE_MS;
  while (!(await visible(cluster, plans))) {
    if (performance.now() > deadline) throw new RetryableError('the topics were made, and have no leaders yet');
    await sleep(PAUSE_MS);
  }
}

async function partitionCounts(connection: Connection, names: readonly string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  // One by one fails as a whole where one is not there: all topics are listed instead.
  const { topics } = await metadataV9.api.async(connection, null, false, false, false);
  const wanted = new Set(names);
  for (const { name, errorCode, partitions } of topics)
    if (wanted.has(name) && errorCode === 0) counts.set(name, partitions.length);
  return counts;
}

async function visible(cluster: Cluster, plans: readonly TopicPlan[]): Promise<boolean> {
  try {
    for (const { name, partitions } of plans) {
      await cluster.learn(name);
      for (let partition = 0; partition < partitions; partition++) await cluster.offsetOf(name, partition, 'end');
    }
    return true;
  } catch (error) {
    if (!isRetriable(error) && !hasOnlyTopicErrors(error)) throw error;
    return false;
  }
}

interface ProtocolFailure {
  readonly apiCode?: number;
  readonly serverErrorMessage?: string | null;
  readonly errors?: readonly unknown[];
}

/** Errors of single topics that are none: it is there already, or not seen by this broker yet. */
const FINE = new Set(['TOPIC_ALREADY_EXISTS', 'UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_OR_FOLLOWER']);

function refusals(error: unknown): readonly string[] {
  return leaves(error)
    .map(({ apiCode, serverErrorMessage }) => [idOf(apiCode), serverErrorMessage ?? ''] as const)
    .filter(([id]) => id !== undefined && !FINE.has(id))
    .map(([id, message]) => `${String(id)} ${message}`);
}

function hasOnlyTopicErrors(error: unknown): boolean {
  const all = leaves(error);
  return all.length > 0 && all.every(({ apiCode }) => FINE.has(idOf(apiCode) ?? ''));
}

function leaves(error: unknown): readonly ProtocolFailure[] {
  const { errors } = error as ProtocolFailure;
  return errors === undefined ? [error as ProtocolFailure] : errors.flatMap(leaves);
}

function idOf(code: number | undefined): string | undefined {
  return code === undefined ? undefined : protocolErrorsCodesById[code as keyof typeof protocolErrorsCodesById];
}

function creationError(error: unknown, refused: readonly string[]): Error {
  if (refused.length === 0) return error as Error;
  return new Error(`the cluster refuses to make the topics: ${[...new Set(refused)].join('; ')}`, { cause: error });
}
