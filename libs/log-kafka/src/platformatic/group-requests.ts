// The requests of a group member, in the form that its rules need: errors as names, assignments as partition numbers.
import {
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  findCoordinatorV4,
  findErrorBy,
  heartbeatV4,
  joinGroupV7,
  leaveGroupV4,
  offsetCommitV8,
  protocolErrorsCodesById,
  syncGroupV5,
} from '@platformatic/kafka';
import type { Connection, GenericError } from '@platformatic/kafka';
import { assign } from '../assignment.js';
import type { Cluster } from './cluster.js';

export interface GroupOptions {
  readonly group: string;
  readonly topic: string;
  readonly partitions: number;
  /** A member that is not heard of for this long is taken for dead. */
  readonly sessionMs: number;
  /** How long the group waits for a member to join again. */
  readonly rebalanceMs: number;
}

export interface Round {
  readonly memberId: string;
  readonly generation: number;
  readonly assigned: readonly number[];
}

const GROUP_KEY = 0;
/** Ours alone: every member must know the same rule of assignment. */
const PROTOCOL = 'tessera-cooperative';
const PROTOCOL_TYPE = 'consumer';
const SUBSCRIPTION_VERSION = 1;
const ASSIGNMENT_VERSION = 1;

/** The broker that leads the group. */
export async function coordinatorOf(cluster: Cluster, group: string): Promise<number> {
  const { coordinators } = await findCoordinatorV4.api.async(await cluster.anyConnection(), GROUP_KEY, [group]);
  const found = coordinators[0];
  if (found === undefined || found.errorCode !== 0) throw new Error(`group ${group} has no coordinator yet`);
  await cluster.ask([]);
  return found.nodeId;
}

/** One round: joins, leads if chosen, and gets its partitions. `memberId` is empty the first time. */
export async function joinRound(
  connection: Connection,
  { group, topic, partitions, sessionMs, rebalanceMs }: GroupOptions,
  memberId: string,
  owned: readonly number[],
): Promise<Round> {
  const ownedPartitions = owned.length === 0 ? [] : [{ topic, partitions: [...owned] }];
  const metadata = encodeConsumerProtocolSubscription({ version: SUBSCRIPTION_VERSION, topics: [topic], ownedPartitions });
  const protocols = [{ name: PROTOCOL, metadata }];
  const join = (id: string) =>
    joinGroupV7.api.async(connection, group, sessionMs, rebalanceMs, id, null, PROTOCOL_TYPE, protocols);
  const joined = await join(memberId).catch((error: unknown) => {
    const named = memberIdIn(error);
    if (named === undefined) throw error;
    return join(named);
  });
  const assignments = joined.leader === joined.memberId ? assignmentsOf(joined.members, topic, partitions) : [];
  const { generationId } = joined;
  const synced = await syncGroupV5.api.async(
    connection,
    group,
    generationId,
    joined.memberId,
    null,
    PROTOCOL_TYPE,
    PROTOCOL,
    assignments,
  );
  return { memberId: joined.memberId, generation: generationId, assigned: partitionsIn(synced.assignment, topic) };
}

export async function heartbeat(connection: Connection, group: string, { generation, memberId }: Round): Promise<void> {
  await heartbeatV4.api.async(connection, group, generation, memberId, null);
}

export async function leaveGroup(connection: Connection, group: string, memberId: string): Promise<void> {
  await leaveGroupV4.api.async(connection, group, [{ memberId, groupInstanceId: null, reason: 'stopped' }]);
}

export async function commitPositions(
  connection: Connection,
  { group, topic }: GroupOptions,
  { generation, memberId }: Round,
  positions: ReadonlyMap<number, number>,
): Promise<void> {
  const partitions = [...positions].map(([partitionIndex, offset]) => ({
    partitionIndex,
    committedOffset: BigInt(offset),
    committedLeaderEpoch: -1,
    committedMetadata: null,
  }));
  await offsetCommitV8.api.async(connection, group, generation, memberId, null, [{ name: topic, partitions }]);
}

/** The broker's names of what went wrong; none where it was not the broker. */
export function protocolErrorIn(error: unknown): string | undefined {
  for (const id of Object.values(protocolErrorsCodesById)) {
    if (findErrorBy(error as Error, 'apiId', id) !== null) return id;
  }
  return undefined;
}

function memberIdIn(error: unknown): string | undefined {
  const found = findErrorBy<GenericError & { readonly memberId?: string }>(error as Error, 'apiId', 'MEMBER_ID_REQUIRED');
  return found?.memberId;
}

function assignmentsOf(
  members: readonly { readonly memberId: string; readonly metadata: Buffer }[],
  topic: string,
  partitions: number,
): { memberId: string; assignment: Buffer }[] {
  const states = members.map(({ memberId, metadata }) => {
    const { ownedPartitions } = decodeConsumerProtocolSubscription(metadata);
    const owned = ownedPartitions.filter((one) => one.topic === topic).flatMap((one) => one.partitions);
    return { id: memberId, owned };
  });
  return [...assign(states, partitions)].map(([memberId, given]) => ({
    memberId,
    assignment: encodeConsumerProtocolAssignment({
      version: ASSIGNMENT_VERSION,
      assignedPartitions: given.length === 0 ? [] : [{ topic, partitions: [...given] }],
    }),
  }));
}

function partitionsIn(assignment: Buffer, topic: string): readonly number[] {
  if (assignment.length === 0) return [];
  const { assignedPartitions } = decodeConsumerProtocolAssignment(assignment);
  return assignedPartitions.filter((one) => one.topic === topic).flatMap((one) => one.partitions);
}
