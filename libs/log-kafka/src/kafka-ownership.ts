// Ownership in the distributed profile: one consumer group per stage, `<prefix>.<service>.<stage>`, used for assignment alone.
import { topicName } from '@tessera/contracts';
import type { Membership, OwnedInput, Ownership, PartitionOwner } from '@tessera/runtime';
import type { KafkaConnectionOptions } from './options.js';
import { GroupMember, type MemberTimes, type TellOfGroup } from './platformatic/group-member.js';

export interface KafkaOwnershipOptions {
  readonly connection: KafkaConnectionOptions;
  /** As of the log. */
  readonly prefix: string;
  /** First part of the group's name after the prefix; the second is the stage. */
  readonly service: string;
  readonly times?: Partial<OwnershipTimes> | undefined;
  readonly tell?: TellOfGroup | undefined;
}

export interface OwnershipTimes extends MemberTimes {
  /** A member that is not heard of for this long is taken for dead, and takes itself for dead. */
  readonly sessionMs: number;
}

export const DEFAULT_OWNERSHIP_TIMES: OwnershipTimes = {
  heartbeatMs: 1_000,
  sessionMs: 15_000,
  releaseMs: 30_000,
  commitMs: 5_000,
};

export class KafkaOwnership implements Ownership {
  private readonly times: OwnershipTimes;

  constructor(private readonly options: KafkaOwnershipOptions) {
    this.times = { ...DEFAULT_OWNERSHIP_TIMES, ...options.times };
  }

  join({ stage, topic, partitions }: OwnedInput, owner: PartitionOwner): Membership {
    const { connection, prefix, service, tell } = this.options;
    const { sessionMs, releaseMs } = this.times;
    const group = {
      group: `${prefix}.${service}.${stage}`,
      topic: topicName(topic, prefix),
      partitions,
      sessionMs,
      // A member that is still releasing is waited for.
      rebalanceMs: releaseMs + sessionMs,
    };
    return new GroupMember(connection, group, this.times, owner, tell ?? (() => undefined));
  }
}
