// What every topic must look like in the broker, from the topic table, and what is wrong with one that does not.
// T1 Partition count, cleanup policy and the kind of stamp change results: a topic that differs is refused, never used nor altered.
// T2 Retention and the size of a record are set when a topic is made; afterwards they belong to who runs the cluster, and are only
//    refused where a record of ours would not fit.
// T3 An event clock stamps with the records' own times, which may be years old or ahead: such topics are never cleaned by time, and
//    the broker takes any stamp.
import { partitionCount, TOPIC_IDS, topicName, TOPICS, type TopicId } from '@tessera/contracts';
import type { LogClock } from '@tessera/runtime';
import type { FoundTopic } from './client.js';

/** A record above it is refused before it is sent. Senders' bodies are far below. */
export const RECORD_BYTES_MAX = 8 << 20;
/** What one batch may have in the broker: a record of the greatest size with its frame. */
const BATCH_BYTES_MAX = RECORD_BYTES_MAX + (64 << 10);
const DAY_MS = 86_400_000;
const STAMP_ANY = '9223372036854775807';

export interface TopicPlan {
  readonly id: TopicId;
  readonly name: string;
  readonly partitions: number;
  /** -1: the broker's default. */
  readonly replication: number;
  readonly settings: Readonly<Record<string, string>>;
}

export interface TopicPlanOptions {
  readonly clock: LogClock;
  readonly prefix: string;
  /** Partitions of the wide topics. */
  readonly partitions: number;
  /** Copies of each partition; undefined takes the broker's default. Two of three must be in sync to write. */
  readonly replication?: number | undefined;
  /** Days that history is kept where the topic table follows the workspace's retention. */
  readonly retentionDays?: number | undefined;
}

const RETENTION_DAYS = 400;

export function topicPlans(options: TopicPlanOptions): readonly TopicPlan[] {
  return TOPIC_IDS.map((id) => ({
    id,
    name: topicName(id, options.prefix),
    partitions: partitionCount(id, options.partitions),
    replication: options.replication ?? -1,
    settings: settingsOf(id, options),
  }));
}

export function clockOf(id: TopicId, clock: LogClock): LogClock {
  return TOPICS[id].clock === 'append' ? 'append' : clock;
}

function settingsOf(id: TopicId, options: TopicPlanOptions): Record<string, string> {
  const row = TOPICS[id];
  const ownTimes = clockOf(id, options.clock) === 'event';
  const days = row.retentionDays ?? options.retentionDays ?? RETENTION_DAYS;
  return {
    'cleanup.policy': row.policy,
    'message.timestamp.type': ownTimes ? 'CreateTime' : 'LogAppendTime',
    'max.message.bytes': String(BATCH_BYTES_MAX),
    'retention.bytes': '-1',
    'retention.ms': row.policy === 'compact' || ownTimes ? '-1' : String(days * DAY_MS),
    ...(ownTimes ? { 'message.timestamp.before.max.ms': STAMP_ANY, 'message.timestamp.after.max.ms': STAMP_ANY } : {}),
    // Tombstones stay for a consumer that is a week behind.
    ...(row.policy === 'compact' ? { 'delete.retention.ms': String(7 * DAY_MS) } : {}),
    ...((options.replication ?? 1) >= 3 ? { 'min.insync.replicas': '2' } : {}),
  };
}

/** What is wrong with a topic that is there, one sentence each: found, wanted, what to do. */
export function topicFaults(plan: TopicPlan, found: FoundTopic): readonly string[] {
  const faults: string[] = [];
  if (found.partitions !== plan.partitions) {
    faults.push(
      `topic ${plan.name} has ${String(found.partitions)} partitions, and this deployment has ${String(plan.partitions)}: ` +
        'set the partition count of the deployment to that of the topics, or choose another topic prefix',
    );
  }
  for (const name of ['cleanup.policy', 'message.timestamp.type']) {
    const value = found.settings.get(name);
    if (value !== plan.settings[name]) {
      faults.push(
        `topic ${plan.name} has ${name}=${value ?? '(unknown)'}, wanted is ${plan.settings[name] ?? ''}: what it holds was written ` +
          'under another rule, so take another topic prefix, or delete the topic if nothing in it is needed',
      );
    }
  }
  const room = Number(found.settings.get('max.message.bytes'));
  if (room < BATCH_BYTES_MAX) {
    faults.push(
      `topic ${plan.name} has max.message.bytes=${String(room)}, wanted are at least ${String(BATCH_BYTES_MAX)}: ` +
        `kafka-configs --alter --entity-type topics --entity-name ${plan.name} --add-config max.message.bytes=${String(BATCH_BYTES_MAX)}`,
    );
  }
  return faults;
}
