// A member of a consumer group that is used for assignment alone, with a cooperative rebalance (KIP-429): a round takes partitions from a
// member only if they go to somebody else, and all others are worked on meanwhile.
// Z1 What a round takes away is released first (drained and written, for a bounded time), and then the member joins again: only that
//    round gives it to another.
// Z2 While partitions are released the member stays alive for the group.
// Z3 A member that the group does not know any more, or that could not confirm itself for a session, has lost what it had.
// Z4 It never gives up: brokers that cannot be reached are tried again, with a growing pause.
import type { Connection } from '@platformatic/kafka';
import type { Membership, PartitionOwner } from '@tessera/runtime';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaConnectionOptions } from '../options.js';
import { reasonIn } from '../refusal.js';
import { Cluster } from './cluster.js';
import {
  commitPositions,
  coordinatorOf,
  heartbeat,
  joinRound,
  leaveGroup,
  protocolErrorIn,
  type GroupOptions,
  type Round,
} from './group-requests.js';

export interface MemberTimes {
  readonly heartbeatMs: number;
  /** For releasing partitions; then they are given away although their loops have not ended. */
  readonly releaseMs: number;
  /** Between two publications of the positions. */
  readonly commitMs: number;
}

/** Told of what a person may want to know. */
export type TellOfGroup = (event: 'assigned' | 'lost' | 'unreachable', facts: Readonly<Record<string, unknown>>) => void;

const PAUSE_MS = 100;
const PAUSE_MS_MAX = 2_000;
/** Errors after which a member is a stranger. */
const STRANGER = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);

export class GroupMember implements Membership {
  private readonly cluster: Cluster;
  private readonly owned = new Set<number>();
  private readonly ending = new AbortController();
  private readonly finished: Promise<void>;
  private memberId = '';
  private round: Round | undefined;
  private coordinator: number | undefined;
  private confirmedMs = performance.now();
  private committedMs = -Infinity;

  constructor(
    connection: KafkaConnectionOptions,
    private readonly group: GroupOptions,
    private readonly times: MemberTimes,
    private readonly owner: PartitionOwner,
    private readonly tell: TellOfGroup,
  ) {
    this.cluster = new Cluster(connection);
    this.finished = this.stay();
  }

  get assigned(): boolean {
    return this.round !== undefined;
  }

  async leave(): Promise<void> {
    this.ending.abort();
    await this.finished;
  }

  private async stay(): Promise<void> {
    let pauseMs = PAUSE_MS;
    while (!this.ending.signal.aborted) {
      try {
        this.coordinator ??= await coordinatorOf(this.cluster, this.group.group);
        await this.takePart(await this.cluster.connection(this.coordinator, 'group'));
        pauseMs = PAUSE_MS;
      } catch (error) {
        this.failed(error);
        await this.pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
      }
    }
    await this.end();
  }

  /** One round and the time until the next; returns when the group wants another one. */
  private async takePart(connection: Connection): Promise<void> {
    const joining = joinRound(connection, this.group, this.memberId, [...this.owned]);
    const round = await Promise.race([joining, this.ended()]);
    if (round === undefined) {
      joining.catch(() => undefined);
      return;
    }
    this.memberId = round.memberId;
    this.round = round;
    this.confirmedMs = performance.now();
    const taken = [...this.owned].filter((partition) => !round.assigned.includes(partition));
    const gained = round.assigned.filter((partition) => !this.owned.has(partition));
    for (const partition of gained) this.owned.add(partition);
    if (gained.length > 0) this.owner.gained(gained);
    this.tell('assigned', { group: this.group.group, partitions: [...round.assigned], gained, taken });
    if (taken.length > 0) {
      await this.release(taken, () => this.beat(connection, round));
      return;
    }
    while (!this.ending.signal.aborted) {
      await this.pause(this.times.heartbeatMs);
      if (!(await this.beat(connection, round))) return;
    }
  }

  /** False when the group wants another round. */
  private async beat(connection: Connection, round: Round): Promise<boolean> {
    try {
      await heartbeat(connection, this.group.group, round);
      this.confirmedMs = performance.now();
      await this.publishPositions(connection, round);
      return true;
    } catch (error) {
      if (protocolErrorIn(error) !== 'REBALANCE_IN_PROGRESS') throw error;
      this.confirmedMs = performance.now();
      return false;
    }
  }

  private async publishPositions(connection: Connection, round: Round): Promise<void> {
    if (performance.now() - this.committedMs < this.times.commitMs) return;
    this.committedMs = performance.now();
    const positions = this.owner.positions();
    if (positions.size > 0) await commitPositions(connection, this.group, round, positions);
  }

  /** Waits for the owner, for a bounded time, and keeps the membership alive with `beat`. */
  private async release(partitions: readonly number[], beat: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + this.times.releaseMs;
    let over = false;
    const released = this.owner.release(partitions).then(() => {
      over = true;
    });
    while (!over && performance.now() < deadline) {
      await Promise.race([released, this.rest(deadline)]);
      if (!over) await beat();
    }
    for (const partition of partitions) this.owned.delete(partition);
  }

  private rest(deadline: number): Promise<void> {
    const ms = Math.min(this.times.heartbeatMs, Math.max(1, deadline - performance.now()));
    return sleep(ms, undefined, { ref: false });
  }

  private failed(error: unknown): void {
    const id = protocolErrorIn(error);
    const why = id ?? reasonIn(error);
    if (id !== undefined && STRANGER.has(id)) {
      this.memberId = '';
      this.lose(why);
      return;
    }
    if (id === 'REBALANCE_IN_PROGRESS') return;
    this.coordinator = undefined;
    this.tell('unreachable', { group: this.group.group, why });
    if (performance.now() - this.confirmedMs > this.group.sessionMs) this.lose(why);
  }

  private lose(why: string): void {
    this.round = undefined;
    const partitions = [...this.owned];
    this.owned.clear();
    if (partitions.length === 0) return;
    this.tell('lost', { group: this.group.group, partitions, why });
    this.owner.lost(partitions);
  }

  private async end(): Promise<void> {
    const { round, coordinator } = this;
    await this.release([...this.owned], async () => {
      if (round === undefined || coordinator === undefined) return true;
      const connection = await this.cluster.connection(coordinator, 'ask');
      return this.beat(connection, round);
    }).catch(() => undefined);
    this.round = undefined;
    if (coordinator !== undefined && this.memberId !== '') {
      // Whoever stays does not wait for the session to end. Not over the connection on which a round may be waited for.
      const left = this.cluster
        .connection(coordinator, 'ask')
        .then((connection) => leaveGroup(connection, this.group.group, this.memberId))
        .catch(() => undefined);
      await Promise.race([left, sleep(PAUSE_MS_MAX, undefined, { ref: false })]);
    }
    await this.cluster.close().catch(() => undefined);
  }

  private ended(): Promise<undefined> {
    const { signal } = this.ending;
    return new Promise((resolve) => {
      if (signal.aborted) resolve(undefined);
      else signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.ending.signal }).catch(() => undefined);
  }
}
