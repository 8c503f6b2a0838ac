// The demo's second path against the core: two computations that share nothing agree about random shops.
// Without shared e-mail addresses; `engaged`, whose stability has a history, only where nobody was merged (see docs/semantics.md).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { viewFor } from '@tessera/catalog';
import { keyOf, partsOf, type TrackedRecord } from '@tessera/contracts';
import { createFeaturesStage } from '@tessera/features';
import { hash53, partitionOf, profileId } from '@tessera/hash';
import { createGraphStage, createIdentityStage, linksKeyOf } from '@tessera/identity';
import { compileSet, createPublisherStage, createSegmentsStage, EVALUATOR_VERSION, parseDefinitions } from '@tessera/segments';
import { SerialWorld, type SerialStage } from '@tessera/testkit';
import fc from 'fast-check';
import { peopleAt, personAt, segmentsAt, type Facts, type Parted, type Sent } from '../src/demo/naive.js';

const SHOP = join(import.meta.dirname, '../../../examples/shop');
const SECRET = 'a secret';
const START_MS = Date.UTC(2026, 0, 5, 9);
const PARTITIONS = 2;

const compiled = compileSet(
  'w',
  1,
  readdirSync(SHOP)
    .sort()
    .flatMap((name) => parseDefinitions(readFileSync(join(SHOP, name), 'utf8'), name).documents),
);
if (!compiled.ok) throw new Error('the shop does not compile');
const { set } = compiled;

interface Step {
  readonly waitMs: number;
  readonly what: 'view' | 'add' | 'buy' | 'gold' | 'plain' | 'part';
  readonly device: number | undefined;
  readonly user: number | undefined;
  readonly lateMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  waitMs: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 900, max: 4_000 }), fc.constantFrom(1_000, 2_000, 3_000)),
  what: fc.constantFrom('view', 'view', 'view', 'add', 'buy', 'gold', 'plain', 'part'),
  device: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined, freq: 6 }),
  user: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined, freq: 1 }),
  lateMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 6_000 }) }),
});

const seen = { parted: 0 };

test('the naive recomputation and the core agree about every person at every moment', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25, size: 'max' }), async (steps) => {
      const core = new Core();
      const sent: Sent[] = [];
      const parted: Parted[] = [];
      await core.publish();
      for (const [i, one] of steps.entries()) {
        await core.world.advanceTo(core.world.nowMs + one.waitMs);
        if (one.what === 'part') {
          const anonymousId = `d${String(one.device)}`;
          const userId = onlyUserOf({ sent, parted }, anonymousId, core.world.nowMs);
          if (userId === undefined) continue;
          const cut = { anonymousId, userId, atMs: core.world.nowMs };
          core.part(cut);
          parted.push(cut);
          seen.parted += 1;
        } else {
          const call = callOf(one, i, core.world.nowMs);
          if (!call) continue;
          core.track(call);
          sent.push(call);
        }
        await core.world.settle();
        agree(core, { sent, parted });
      }
      await core.world.advanceTo(core.world.nowMs + 1_500);
      agree(core, { sent, parted });
    }),
    { numRuns: 200, seed: 20260105 },
  );
  expect(seen.parted).toBeGreaterThan(50);
}, 20_000);

/** The only user ever seen on a device, while it is hers: only such a device is parted here. */
function onlyUserOf(facts: Facts, anonymousId: string, tMs: number): string | undefined {
  const users = new Set(
    facts.sent.flatMap((one) => (one.anonymousId === anonymousId && one.userId !== undefined ? [one.userId] : [])),
  );
  const [userId] = users;
  return users.size === 1 && personAt(facts, { anonymousId }, tMs) === `user:${userId as string}` ? userId : undefined;
}

function callOf({ what, device, user, lateMs }: Step, i: number, nowMs: number): Sent | undefined {
  const identify = what === 'gold' || what === 'plain';
  const userId = user === undefined && (device === undefined || identify) ? 0 : user;
  const event = { view: 'Product Viewed', add: 'Product Added', buy: 'Order Completed' }[what as string];
  return {
    messageId: `m${String(i)}`,
    type: identify ? 'identify' : 'track',
    ...(event === undefined ? {} : { event }),
    ...(userId === undefined ? {} : { userId: `u${String(userId)}` }),
    ...(device === undefined ? {} : { anonymousId: `d${String(device)}` }),
    ...(identify ? { traits: { tier: what, newsletter: i % 2 === 0 } } : { properties: { revenue: 33.4 } }),
    atMs: nowMs - lateMs,
    arrivedMs: nowMs,
  };
}

function agree(core: Core, facts: Facts): void {
  const tMs = core.world.nowMs;
  const told = core.members();
  const found: Record<string, readonly string[]> = {};
  const want: Record<string, readonly string[]> = {};
  for (const person of peopleAt(facts, tMs).keys()) {
    const steady = (segments: readonly string[]): readonly string[] =>
      segments.filter((segment) => segment !== 'engaged' || onlyAnonymous(facts, person));
    want[person] = steady(segmentsAt(facts, person, tMs));
    found[person] = steady([...(told.get(profileId(SECRET, nodeOf(person))) ?? [])].sort());
  }
  expect(found).toEqual(want);
}

function onlyAnonymous(facts: Facts, person: string): boolean {
  const device = /^device:(.*)#0$/.exec(person)?.[1];
  return device !== undefined && facts.sent.every(({ anonymousId, userId }) => anonymousId !== device || userId === undefined);
}

function nodeOf(person: string): string {
  const device = /^device:(.*)#(\d+)$/.exec(person);
  return device ? `spell:${device[2] as string}@anonymous_id:${device[1] as string}` : `user_id:${person.slice('user:'.length)}`;
}

class Core {
  readonly world: SerialWorld;

  constructor() {
    const secretOf = (): string => SECRET;
    this.world = new SerialWorld({
      stages: [
        createPublisherStage(),
        createIdentityStage(),
        createGraphStage({ secretOf }),
        createFeaturesStage({ secretOf }),
        createSegmentsStage({ clock: 'append', secretOf, definitions: { load: () => Promise.resolve(set) } }),
      ] as readonly SerialStage[],
      partitions: PARTITIONS,
      clock: 'append',
      startMs: START_MS,
      loadDefinitions: (stage) => viewFor(stage)(set),
    });
  }

  async publish(): Promise<void> {
    const value = {
      workspace: 'w',
      set: 1,
      hash: set.hash,
      evaluator: EVALUATOR_VERSION,
      definitions: [],
      actor: '',
      note: '',
      appliedMs: 0,
    };
    this.world.append('definitions', 0, {
      key: keyOf('w', 'definition', 'set', '1'),
      value: { kind: 'definitionSetApplied', ...value },
    });
    await this.world.settle();
  }

  track(call: Sent): void {
    const sender = call.anonymousId === undefined ? `user_id:${call.userId as string}` : `anonymous_id:${call.anonymousId}`;
    const record: TrackedRecord = {
      kind: 'tracked',
      workspace: 'w',
      sender,
      messageId: call.messageId,
      messageHash: hash53(call.messageId),
      type: call.type,
      event: call.event,
      userId: call.userId,
      anonymousId: call.anonymousId,
      identities: [],
      timeMs: call.atMs,
      receivedMs: call.arrivedMs,
      properties: call.properties,
      traits: call.traits,
      context: undefined,
      consent: undefined,
      source: 'test',
    };
    const key = keyOf('w', 'sender', sender);
    this.world.append('events', partitionOf(key, PARTITIONS), { key, value: record });
  }

  part({ anonymousId, userId }: Parted): void {
    const key = linksKeyOf('w');
    const [a, b] = [`spell:0@anonymous_id:${anonymousId}`, `user_id:${userId}`];
    this.world.append('links', partitionOf(key, PARTITIONS), {
      key,
      value: { kind: 'linkRevoked', workspace: 'w', a, b, actor: '', note: '' },
    });
  }

  /** What a data team knows: the last word on every profile and segment. */
  members(): Map<string, Set<string>> {
    const last = new Map<string, boolean>();
    for (const { key, value } of this.world.allRecords('segment-memberships')) last.set(key, value !== null);
    const members = new Map<string, Set<string>>();
    for (const [key, member] of last) {
      if (!member) continue;
      const { id, more } = partsOf(key as Parameters<typeof partsOf>[0]);
      members.set(id, (members.get(id) ?? new Set<string>()).add(more[0] as string));
    }
    return members;
  }
}
