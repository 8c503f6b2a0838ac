import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileIdentityRules, type CompiledIdentityRules } from '../src/index.js';
import { DAY, HOUR, MINUTE, profileOf, START, World, type Call } from './world.js';

const U1 = profileOf('user_id:u1');
const U2 = profileOf('user_id:u2');

function rulesOf(spec: unknown): CompiledIdentityRules {
  const compiled = compileIdentityRules(spec);
  if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems));
  return compiled.rules;
}

describe('events that link nothing', () => {
  test('cost the links log nothing: cookieless visits, bots, servers that name a user and no more', () => {
    const world = new World();
    world.send({ anonymousId: 'a1' });
    world.send({ anonymousId: 'a2' });
    world.send({ userId: 'u1' });
    world.send({ traits: { email: 'ann@shop.io' } });
    expect(world.links).toEqual([]);
    expect(world.profile('user_id:u1', 'user:u1')).toBe(U1);
    expect(world.profile('email:ann@shop.io', 'spell:0')).toBe(profileOf('email:ann@shop.io'));
    expect(world.profile('anonymous_id:a1', 'spell:0')).toBe(profileOf('spell:0@anonymous_id:a1'));
  });

  test('placeholders name nobody: two visitors called null stay two', () => {
    const world = new World();
    for (const anonymousId of ['a1', 'a2']) world.send({ anonymousId, userId: 'null', traits: { email: 'test@test.com' } });
    expect(world.links).toEqual([]);
    expect(world.send({ userId: '[object Object]', anonymousId: '000' })).toBeUndefined();
  });

  test('records of others than senders pass by', () => {
    const world = new World();
    const assigned = {
      kind: 'profileAssigned',
      workspace: 'shop',
      sender: 'user_id:u1',
      fragment: 'user:u1',
      profile: 'p',
      reason: 'linked',
      generation: 1,
      offset: 0,
      index: 0,
    } as const;
    expect(world.append(assigned)).toEqual({ kind: 'applied' });
    expect(world.append({ kind: 'tick', closing: false, source: -1, effectiveMs: 0 })).toEqual({ kind: 'applied' });
    expect(world.senders.size).toBe(0);
  });
});

describe('one person', () => {
  test('known to servers only, under a user id and an address', () => {
    const world = new World();
    world.send({ userId: 'u1' });
    world.send({ userId: 'u1', traits: { email: 'Ann@shop.io' } });
    world.send({ traits: { email: 'ann@shop.io' } });
    expect(world.profile('user_id:u1', 'user:u1')).toBe(U1);
    expect(world.profile('email:ann@shop.io', 'spell:0')).toBe(U1);
    expect(world.identities.get('email:ann@shop.io')?.profile).toBe(U1);
  });

  test('known by address only, on two devices', () => {
    const world = new World();
    world.send({ anonymousId: 'a1', traits: { email: 'ann@shop.io' } });
    world.send({ anonymousId: 'a2', traits: { email: 'ann@shop.io' } });
    const ann = profileOf('email:ann@shop.io');
    expect(['a1', 'a2'].map((id) => world.profile(`anonymous_id:${id}`, 'spell:0'))).toEqual([ann, ann]);
    expect(['a1', 'a2'].map((id) => world.identities.get(`anonymous_id:${id}`)?.profile)).toEqual([ann, ann]);
  });

  test('on two devices, and what they did before they logged in', () => {
    const world = new World();
    for (const anonymousId of ['a1', 'a2']) {
      world.send({ anonymousId });
      world.send({ anonymousId, userId: 'u1' });
      world.send({ anonymousId });
    }
    for (const device of ['anonymous_id:a1', 'anonymous_id:a2']) {
      expect([world.profile(device, 'spell:0'), world.profile(device, 'user:u1'), world.identities.get(device)?.profile]).toEqual(
        [U1, U1, U1],
      );
    }
    expect(world.links).toHaveLength(2);
  });

  test('stays one when the same things are said again and again: nothing more is announced', () => {
    const world = new World(true);
    for (let i = 0; i < 20; i++)
      world.send({ anonymousId: 'a1', userId: 'u1', traits: i % 3 === 0 ? { email: 'ann@shop.io' } : {} });
    expect(world.links).toHaveLength(2);
    world.send({ anonymousId: 'a1', userId: 'u1', at: START - HOUR });
    expect(world.links).toHaveLength(3);
  });
});

describe('a shared tablet', () => {
  function tablet(): World {
    const world = new World();
    const calls: Call[] = [
      {},
      { userId: 'u1' },
      {},
      { userId: 'u2', traits: { email: 'family@shop.io' } },
      {},
      { userId: 'u1', traits: { email: 'family@shop.io' } },
      {},
    ];
    for (const call of calls) {
      world.nowMs += HOUR;
      world.send({ anonymousId: 'tablet', ...call });
    }
    return world;
  }

  test('never merges two people, whatever they share', () => {
    const world = tablet();
    const device = 'anonymous_id:tablet';
    expect(['spell:0', 'spell:1', 'spell:2', 'user:u1', 'user:u2'].map((fragment) => world.profile(device, fragment))).toEqual([
      U1,
      U2,
      U1,
      U1,
      U2,
    ]);
    expect(world.identities.get('email:family@shop.io')?.profile).toBe(U2);
    expect(world.identities.get(device)?.profile).toBe(U1);
  });

  test('sends a late offline batch to whom the tablet had then', () => {
    const world = tablet();
    world.nowMs += 2 * DAY;
    world.send({ anonymousId: 'tablet', at: START + 4 * HOUR + MINUTE });
    world.send({ anonymousId: 'tablet', userId: 'u2', at: START + 4 * HOUR + 2 * MINUTE });
    expect(world.outcomes.at(-1)).toEqual({ kind: 'applied' });
    expect(world.identities.get('anonymous_id:tablet')?.profile).toBe(U1);
    world.nowMs += 7 * DAY;
    world.send({ anonymousId: 'tablet', at: START + 4 * HOUR + MINUTE });
    expect(world.outcomes.at(-1)).toEqual({ kind: 'late', reason: 'late-spell-unknown' });
  });

  test('gives a user seen only within the spell of another an address all the same', () => {
    const world = new World();
    world.publish(
      1,
      rulesOf({
        namespaces: {
          email: { from: ['traits.email'], normalize: 'email', priority: 1 },
          user_id: { from: ['userId'], unique: true, priority: 2 },
        },
      }),
    );
    world.nowMs += DAY;
    world.send({ anonymousId: 'tablet', userId: 'u1' });
    world.send({ anonymousId: 'tablet', userId: 'u3', at: START });
    world.send({ userId: 'u3', traits: { email: 'cy@shop.io' } });
    expect(world.profile('anonymous_id:tablet', 'user:u3')).toBe(profileOf('email:cy@shop.io'));
    expect(world.profile('anonymous_id:tablet', 'spell:0')).toBe(U1);
  });
});

describe('protection rules', () => {
  test('opposite merges at once: both orders end in the same graph, and neither joins two users', () => {
    const calls: Call[] = [
      { anonymousId: 'a1', userId: 'u1', traits: { email: 'ann@shop.io' }, at: START - 2, messageId: 'x1' },
      { anonymousId: 'a2', userId: 'u2', traits: { email: 'ann@shop.io' }, at: START - 2, messageId: 'x2' },
      { anonymousId: 'a2', userId: 'u2', traits: { email: 'bob@shop.io' }, at: START - 1, messageId: 'x3' },
      { anonymousId: 'a1', userId: 'u1', traits: { email: 'bob@shop.io' }, at: START - 1, messageId: 'x4' },
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(calls, { minLength: calls.length }), (order) => {
        const world = new World();
        for (const call of order) world.send(call);
        expect(world.identities.get('email:ann@shop.io')?.profile).toBe(U1);
        expect(world.identities.get('email:bob@shop.io')?.profile).toBe(U2);
        expect([world.identities.get('user_id:u1')?.profile, world.identities.get('user_id:u2')?.profile]).toEqual([U1, U2]);
      }),
    );
  });

  test('a refused link is accepted when what blocked it is revoked, and refused again when that is restored', () => {
    const world = new World();
    world.send({ userId: 'u1', traits: { email: 'ann@shop.io' } });
    world.nowMs += MINUTE;
    world.send({ userId: 'u2', traits: { email: 'ann@shop.io' } });
    expect(world.identities.get('email:ann@shop.io')?.profile).toBe(U1);
    world.unlink('user_id:u1', 'email:ann@shop.io');
    expect(world.identities.get('email:ann@shop.io')?.profile).toBe(U2);
    expect(world.fragments.get('email:ann@shop.io|spell:0')).toMatchObject({ profile: U2, reason: 'unlinked' });
    world.relink('user_id:u1', 'email:ann@shop.io');
    expect(world.identities.get('email:ann@shop.io')?.profile).toBe(U1);
  });

  test('a revoked link stays revoked however often it is seen again, and with earlier evidence too', () => {
    const world = new World();
    world.send({ anonymousId: 'a1', userId: 'u1' });
    world.unlink('spell:0@anonymous_id:a1', 'user_id:u1');
    world.nowMs += HOUR;
    world.send({ anonymousId: 'a1', userId: 'u1' });
    world.send({ anonymousId: 'a1', userId: 'u1', at: START - HOUR });
    expect(world.profile('anonymous_id:a1', 'spell:0')).toBe(profileOf('spell:0@anonymous_id:a1'));
    expect(world.profile('anonymous_id:a1', 'user:u1')).toBe(U1);
  });

  test('an address that a whole company shares names nobody, from the eleventh user on', () => {
    const world = new World();
    const users = Array.from({ length: 14 }, (_, i) => `user_id:u${String(i)}`);
    const shared = 'email:office@shop.io';
    users.forEach((user, i) => {
      world.nowMs += MINUTE;
      world.send({ userId: user.slice('user_id:'.length), traits: { email: 'office@shop.io' } });
      expect(world.identities.get(shared)?.profile).toBe(i < 10 ? profileOf('user_id:u0') : profileOf(shared));
    });
    expect(users.map((user) => world.identities.get(user)?.profile)).toEqual(users.map(profileOf));
  });

  test('blocked afterwards, a value lets go of those it had joined', () => {
    const world = new World();
    for (const anonymousId of ['a1', 'a2']) world.send({ anonymousId, traits: { email: 'kiosk@shop.io' } });
    expect(world.profile('anonymous_id:a1', 'spell:0')).toBe(world.profile('anonymous_id:a2', 'spell:0'));
    world.publish(1, rulesOf({ blocked: { values: ['kiosk@shop.io'] } }));
    expect(['a1', 'a2'].map((id) => world.fragments.get(`anonymous_id:${id}|spell:0`))).toMatchObject([
      { profile: profileOf('spell:0@anonymous_id:a1'), reason: 'rules' },
      { profile: profileOf('spell:0@anonymous_id:a2'), reason: 'rules' },
    ]);
  });
});

test('whole worlds of calls come out the same when every document is read back at every step', () => {
  const call = fc.record(
    {
      anonymousId: fc.constantFrom('a1', 'a2', undefined),
      userId: fc.constantFrom('u1', 'u2', undefined, undefined),
      traits: fc.constantFrom({}, {}, { email: 'ann@shop.io' }, { email: 'bob@shop.io', phone: '+4930123456' }),
      back: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9 * DAY })),
      wait: fc.integer({ min: 0, max: 2 * DAY }),
    },
    { requiredKeys: ['traits', 'back', 'wait'] },
  );
  fc.assert(
    fc.property(fc.array(call, { maxLength: 30 }), (calls) => {
      const [kept, read] = [false, true].map((reload) => {
        const world = new World(reload);
        calls.forEach(({ back, wait, ...rest }, i) => {
          world.nowMs += wait;
          world.send({ ...rest, at: world.nowMs - back, messageId: `m${String(i)}` });
        });
        return {
          links: world.links,
          fragments: [...world.fragments],
          identities: [...world.identities],
          outcomes: world.outcomes,
        };
      });
      expect(read).toEqual(kept);
    }),
    { numRuns: 200 },
  );
});
