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
  /** One device that everybody uses, or a crowd with a device each; most worlds are neither. */
  private readonly kiosk: boolean;
  /** They share a mailbox, and name it often: whose it is depends on who was seen with it first. */
  private readonly family: boolean;

  constructor(private readonly random: Random) {
    this.kiosk = random.chance(0.25);
    this.family = random.chance(0.3);
    const crowd = !this.kiosk && random.chance(0.3);
    const devices = this.kiosk ? 1 : crowd ? random.int(5, 9) : random.int(1, 4);
    const users = this.kiosk ? random.int(2, 4) : random.int(1, crowd ? 5 : 3);
    this.devices = Array.from({ length: devices }, (_, i) => `d${String(i)}`);
    this.users = Array.from({ length: users }, (_, i) => `u${String(i)}`);
  }

  /** The next accepted event; sometimes one that was sent before, sometimes late. */
  next(nowMs: number): TrackedRecord {
    const { random } = this;
    if (this.sent.length > 0 && random.chance(this.kiosk ? 0.25 : 0.1))
      return random.pick(random.chance(0.5) ? this.sent.slice(-6) : this.sent);
    const lateMs = random.chance(this.kiosk || this.family ? 0.4 : 0.2) ? random.int(1, 250) : 0;
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
    const user = server || random.chance(this.kiosk ? 0.7 : 0.45) ? random.pick(this.users) : undefined;
    const device = server ? undefined : random.pick(this.devices);
    const sender = device === undefined ? `user_id:${user as string}` : `anonymous_id:${device}`;
    const identify = user !== undefined && random.chance(this.family ? 0.6 : 0.3);
    const mail =
      identify && random.chance(0.6) ? `${random.chance(this.family ? 0.1 : 0.7) ? user : 'u0'}@example.org` : undefined;
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
