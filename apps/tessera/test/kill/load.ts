// Clients that go on sending, whatever becomes of the server.
// L1 A lane has one batch on its way, and sends it again, with the same message ids, until the server has taken it: as SDKs do.
// L2 Every call is written down with the person it is about, and every batch that was answered with 2xx. Nothing is read back.
// L3 Half of the lanes are servers, which know their users. The others are browsers: a device is anonymous until somebody logs in on it,
//    and two devices have one owner.
import { setTimeout as pause } from 'node:timers/promises';
import { Chance } from '../../src/demo/chance.js';

export const LOOKED = 'Product Viewed';
export const BOUGHT = 'Order Completed';

/** What a person really did: what the system must have counted, once each. */
export interface Deeds {
  bought: number;
  /** Within the last minutes. */
  lookedLately: number;
  lookedLongAgo: number;
}

interface Call {
  readonly type: 'track' | 'identify';
  readonly messageId: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly event?: string;
  readonly timestamp: string;
}

const LANES = 8;
const PEOPLE_PER_LANE = 12;
const BATCH_MAX = 24;
const PAUSE_MS = { least: 5, most: 50 };
const RETRY_MS = 20;
const LOGIN_ONE_IN = 60;
const TWO_HOURS_MS = 7_200_000;
const ANSWER_WITHIN_MS = 10_000;

export class Load {
  /** Message ids of batches that were answered with 2xx. */
  readonly acknowledged = new Set<string>();
  readonly sent = new Set<string>();
  inFlight = 0;
  lastAcknowledgedMs = -Infinity;
  /** Requests that came to nothing and were sent again. */
  repeats = 0;
  /** Answers by their status, and how many of 429 and more did not say when to try again. */
  readonly statuses = new Map<number, number>();
  withoutRetryAfter = 0;
  private readonly underWay = new Map<string, number>();
  private readonly loggedIn = new Set<string>();
  private readonly deeds = new Map<string, Deeds>();
  private readonly lanes: Promise<void>[];
  private addresses: readonly string[] = [''];
  private attempts = 0;
  private stopping = false;
  private abandoned = false;

  constructor(
    private readonly authorization: string,
    private readonly seed: number,
    private readonly pauseMs = PAUSE_MS,
  ) {
    this.lanes = Array.from({ length: LANES }, (_, lane) => this.run(lane));
  }

  /** The server is there (again), or several of them: every attempt goes to the next. */
  serverAt(...addresses: readonly string[]): void {
    this.addresses = addresses;
  }

  /** Resolves when everything that was begun is acknowledged. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.lanes);
  }

  /** Ends at once: nothing is to be reckoned any more. */
  abandon(): void {
    this.stopping = true;
    this.abandoned = true;
  }

  /** Everybody who did something, by how one asks for them: devices that somebody logged in on are their owner's. */
  people(): readonly { readonly person: { readonly userId?: string; readonly anonymousId?: string }; readonly deeds: Deeds }[] {
    const all = new Map<string, Deeds>();
    for (const [who, deeds] of this.deeds) {
      const name = this.loggedIn.has(who) ? `user ${ownerOf(who.slice('device '.length))}` : who;
      const sum = all.get(name) ?? { bought: 0, lookedLately: 0, lookedLongAgo: 0 };
      for (const deed of Object.keys(sum) as (keyof Deeds)[]) sum[deed] += deeds[deed];
      all.set(name, sum);
    }
    return [...all].map(([name, deeds]) => {
      const [kind, id = ''] = name.split(' ');
      return { person: kind === 'user' ? { userId: id } : { anonymousId: id }, deeds };
    });
  }

  get logins(): number {
    return this.loggedIn.size;
  }

  private async run(lane: number): Promise<void> {
    const chance = new Chance(this.seed * 1_000 + lane);
    for (let batch = 0; !this.stopping; batch++) {
      const calls = Array.from({ length: chance.int(1, BATCH_MAX) }, (_, i) =>
        this.call(lane, chance, `m${String(lane)}-${String(batch)}-${String(i)}`),
      );
      while (!(await this.deliver(calls))) {
        if (this.abandoned) return;
        this.repeats += 1;
        await pause(RETRY_MS);
      }
      for (const { messageId } of calls) this.acknowledged.add(messageId);
      this.lastAcknowledgedMs = performance.now();
      await pause(chance.int(this.pauseMs.least, this.pauseMs.most));
    }
  }

  private async deliver(calls: readonly Call[]): Promise<boolean> {
    const address = this.addresses[++this.attempts % this.addresses.length] ?? '';
    this.count(address, 1);
    try {
      const answer = await fetch(`${address}/v1/batch`, {
        method: 'POST',
        headers: { authorization: this.authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ batch: calls, sentAt: new Date().toISOString() }),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      await answer.arrayBuffer();
      this.countAnswer(answer);
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) throw new LoadRefused(answer.status);
      return answer.ok;
    } catch (error) {
      if (error instanceof LoadRefused) throw error;
      return false;
    } finally {
      this.count(address, -1);
    }
  }

  /** Requests that this server has not answered. */
  inFlightAt(address: string): number {
    return this.underWay.get(address) ?? 0;
  }

  private count(address: string, by: number): void {
    this.inFlight += by;
    this.underWay.set(address, this.inFlightAt(address) + by);
  }

  private countAnswer({ status, headers }: Response): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (status >= 429 && headers.get('retry-after') === null) this.withoutRetryAfter += 1;
  }

  private call(lane: number, chance: Chance, messageId: string): Call {
    // The smaller of two: some people do much, others little.
    const number = Math.min(chance.int(0, PEOPLE_PER_LANE - 1), chance.int(0, PEOPLE_PER_LANE - 1));
    const id = `${String(lane)}.${String(number)}`;
    this.sent.add(messageId);
    const nowMs = Date.now();
    if (lane % 2 === 0) return { ...this.does(`user u${id}`, chance, nowMs), messageId, userId: `u${id}` };
    const who = `device d${id}`;
    const identified = this.loggedIn.has(who);
    if (!identified && chance.int(1, LOGIN_ONE_IN) === 1) {
      this.loggedIn.add(who);
      const timestamp = new Date(nowMs).toISOString();
      return { type: 'identify', messageId, anonymousId: `d${id}`, userId: ownerOf(`d${id}`), timestamp };
    }
    const told = identified && chance.int(0, 1) === 1 ? { userId: ownerOf(`d${id}`) } : {};
    return { ...this.does(who, chance, nowMs), ...told, messageId, anonymousId: `d${id}` };
  }

  private does(who: string, chance: Chance, nowMs: number): Pick<Call, 'type' | 'event' | 'timestamp'> {
    const deeds = this.deeds.get(who) ?? { bought: 0, lookedLately: 0, lookedLongAgo: 0 };
    this.deeds.set(who, deeds);
    const deed = chance.pick(['bought', 'lookedLately', 'lookedLately', 'lookedLongAgo'] as const);
    deeds[deed] += 1;
    const atMs = deed === 'lookedLongAgo' ? nowMs - TWO_HOURS_MS : nowMs;
    return { type: 'track', event: deed === 'bought' ? BOUGHT : LOOKED, timestamp: new Date(atMs).toISOString() };
  }
}

class LoadRefused extends Error {
  constructor(status: number) {
    super(`a batch was refused with ${String(status)}`);
  }
}

/** Of two devices. */
function ownerOf(device: string): string {
  const [lane = '', number] = device.slice(1).split('.');
  return `owner-${lane}.${String(Math.floor(Number(number) / 2))}`;
}
