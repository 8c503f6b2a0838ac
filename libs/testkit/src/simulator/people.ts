// The people of a simulated world: a few devices, a few users, shared devices, late and repeated events, links taken back.
import { hash53, partitionOf } from '@tessera/hash';
import { keyOf, type TrackedRecord } from '@tessera/contracts';
import type { NewRecord } from '@tessera/runtime';
import type { Random } from './random.js';

export const WORKSPACE = 'w';
export const SECRET = 'the secret of a simulated workspace';

const EVENTS = ['View', 'View', 'Add', 'Buy', 'Buy'] as const;

export class People {
  private readonly devices: readonly string[];
  private readonly users: readonly string[];
  private readonly sent: TrackedRecord[] = [];
  private messages = 0;

  constructor(private readonly random: Random) {
    this.devices = Array.from({ length: random.int(1, 4) }, (_, i) => `d${String(i)}`);
    this.users = Array.from({ length: random.int(1, 3) }, (_, i) => `u${String(i)}`);
  }

  /** The next accepted event; sometimes one that was sent before, sometimes late. */
  next(nowMs: number): TrackedRecord {
    const { random } = this;
    if (this.sent.length > 0 && random.chance(0.1)) return random.pick(this.sent);
    const lateMs = random.chance(0.2) ? random.int(1, 250) : 0;
    const record = this.build(Math.floor(nowMs) - lateMs);
    this.sent.push(record);
    return record;
  }

  /** Two nodes to take apart, or to let together again. */
  pair(): readonly [string, string] {
    const { random } = this;
    const spell = `spell:${String(random.int(0, 1))}@anonymous_id:${random.pick(this.devices)}`;
    const user = `user_id:${random.pick(this.users)}`;
    return random.chance(0.7) ? [spell, user] : [`email:${random.pick(this.users)}@example.org`, user];
  }

  private build(timeMs: number): TrackedRecord {
    const { random } = this;
    const server = random.chance(0.15);
    const user = server || random.chance(0.45) ? random.pick(this.users) : undefined;
    const device = server ? undefined : random.pick(this.devices);
    const sender = device === undefined ? `user_id:${user as string}` : `anonymous_id:${device}`;
    const identify = user !== undefined && random.chance(0.3);
    const mail = identify && random.chance(0.4) ? `${random.chance(0.8) ? user : random.pick(this.users)}@example.org` : undefined;
    const messageId = `m${String(this.messages++)}`;
    return {
      kind: 'tracked',
      workspace: WORKSPACE,
      sender,
      messageId,
      messageHash: hash53(messageId),
      type: identify ? 'identify' : 'track',
      event: identify ? undefined : random.pick(EVENTS),
      userId: user,
      anonymousId: device,
      identities: mail === undefined ? [] : [{ namespace: 'email', value: mail }],
      timeMs,
      receivedMs: timeMs,
      properties: identify ? undefined : { value: random.int(1, 12) },
      traits: identify ? { plan: random.pick(['pro', 'free']) } : undefined,
      context: undefined,
      consent: undefined,
      source: 'sim',
    };
  }
}

export function eventOf(record: TrackedRecord): NewRecord {
  return { key: keyOf(WORKSPACE, 'sender', record.sender), value: record };
}

export function partitionOfSender(sender: string, partitions: number): number {
  return partitionOf(keyOf(WORKSPACE, 'sender', sender), partitions);
}
