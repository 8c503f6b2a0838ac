// The follower: keeps the cursors of subscribed partitions fed, with one waiting fetch per broker for all partitions that it leads.
// F1 A partition is asked for while its cursor has room; what is buffered is bounded per cursor and in all.
// F2 A broker that fails or a leader that moved costs a pause and another look, never a record: the cursor's offset moves only with
//    what arrived.
// F3 A fetch that brings little is followed by the next one `PACE_MS` after it began, not at once: at a thousand records a second that is
//    one request for several records instead of a request for each, here and in the broker, for two milliseconds more on average.
import { setTimeout as sleep } from 'node:timers/promises';
import type { FetchAnswer, KafkaClient } from './client.js';
import type { Cursor, PartitionReader } from './partition-reader.js';

export interface FollowLimits {
  /** Undecoded bytes over all cursors. */
  readonly bytes: number;
  /** How long a broker holds a fetch that finds nothing. A partition that joins meanwhile waits that long at most. */
  readonly waitMs: number;
}

const CURSOR_BYTES_MIN = 128 << 10;
const CURSOR_BYTES_MAX = 4 << 20;
const ANSWER_BYTES_MAX = 16 << 20;
const PACE_MS = 4;
/** What is behind is fetched without a pause. */
const PACED_BYTES = 64 << 10;
const PAUSE_MS = 50;
const PAUSE_MS_MAX = 1_000;

interface Target {
  readonly reader: PartitionReader;
  readonly cursor: Cursor;
  readonly offset: number;
}

export class Follower {
  private readonly busy = new Set<number>();
  private scheduled = false;
  private closed = false;
  private legs: Promise<void>[] = [];

  constructor(
    private readonly client: KafkaClient,
    private readonly limits: FollowLimits,
    private readonly readers: () => Iterable<PartitionReader>,
  ) {}

  kick(): void {
    if (this.scheduled || this.closed) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.start();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.legs);
  }

  private async start(): Promise<void> {
    const wanting = this.wanting();
    if (wanting.length === 0 || this.closed) return;
    const byLeader = new Map<number, Target[]>();
    for (const target of wanting) {
      const leader = await this.leaderOf(target.reader);
      const targets = byLeader.get(leader);
      if (targets === undefined) byLeader.set(leader, [target]);
      else targets.push(target);
    }
    for (const [leader, targets] of byLeader) {
      if (this.busy.has(leader) || this.closed) continue;
      const free = targets.filter(({ cursor }) => !cursor.following);
      if (free.length > 0) this.track(this.leg(leader, free));
    }
  }

  private track(leg: Promise<void>): void {
    this.legs.push(leg);
    void leg.finally(() => {
      this.legs = this.legs.filter((one) => one !== leg);
    });
  }

  /** One cursor per partition: a fetch names a partition once. */
  private wanting(): readonly Target[] {
    const followed = [...this.readers()].filter((reader) => reader.followed);
    const bound = this.boundOf(followed.length);
    const wanting: Target[] = [];
    for (const reader of followed) {
      const cursor = reader.cursors
        .filter(({ bytes, following, astray }) => !following && !astray && bytes < bound)
        .sort((a, b) => a.bytes - b.bytes)[0];
      if (cursor !== undefined && !reader.cursors.some(({ following }) => following)) {
        wanting.push({ reader, cursor, offset: cursor.fetchFrom });
      }
    }
    return wanting;
  }

  private boundOf(followed: number): number {
    return Math.max(CURSOR_BYTES_MIN, Math.min(CURSOR_BYTES_MAX, Math.floor(this.limits.bytes / Math.max(1, followed))));
  }

  private async leg(leader: number, targets: readonly Target[]): Promise<void> {
    this.busy.add(leader);
    for (const { cursor } of targets) cursor.following = true;
    const moved: Target[] = [];
    let failed = false;
    let bytes = 0;
    const beganMs = performance.now();
    try {
      const positions = targets.map(({ reader, offset }) => ({ topic: reader.topic, partition: reader.partition, offset }));
      const answers = await this.client.fetch(leader, 'follow', positions, {
        waitMs: this.limits.waitMs,
        bytes: ANSWER_BYTES_MAX,
        bytesPerPartition: Math.min(1 << 20, this.boundOf(targets.length)),
      });
      const byPlace = new Map(answers.map((answer) => [`${answer.topic}/${String(answer.partition)}`, answer]));
      for (const target of targets) {
        const answer = byPlace.get(`${target.reader.topic}/${String(target.reader.partition)}`);
        if (answer === undefined) continue;
        target.cursor.following = false;
        bytes += answer.chunk?.bytes ?? 0;
        if (this.deliver(target, answer) === 'moved') moved.push(target);
      }
    } catch {
      failed = true;
    }
    for (const { cursor } of targets) cursor.following = false;
    if ((failed || moved.length > 0) && !this.closed) await this.lookAgain(failed ? targets : moved);
    const restMs = beganMs + PACE_MS - performance.now();
    if (bytes < PACED_BYTES && restMs > 0) await sleep(restMs);
    this.busy.delete(leader);
    this.kick();
  }

  private deliver({ reader, cursor, offset }: Target, answer: FetchAnswer): 'moved' | undefined {
    if (answer.problem === undefined) {
      reader.arrived(cursor, answer);
      return undefined;
    }
    if (answer.problem !== 'out-of-range') return 'moved';
    if (cursor.fetchFrom === offset) cursor.astray = true;
    for (const { wake } of reader.wakers) wake();
    return undefined;
  }

  private async lookAgain(targets: readonly Target[]): Promise<void> {
    for (let pauseMs = PAUSE_MS; !this.closed; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      await sleep(pauseMs, undefined, { ref: false });
      try {
        for (const { reader } of targets) await this.client.leaderOf(reader.topic, reader.partition, true);
        return;
      } catch {
        // No leader, or no broker: another look after a longer pause.
      }
    }
  }

  /** -1 where nobody leads: the fetch fails and looks again. */
  private async leaderOf(reader: PartitionReader): Promise<number> {
    try {
      return await this.client.leaderOf(reader.topic, reader.partition);
    } catch {
      return -1;
    }
  }
}
