import type { Key, Person } from '@tessera/contracts';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DEFAULT_IDENTITY_RULES as RULES,
  nodesOfPerson,
  planUnlink,
  queryGraph,
  whoIs,
  whyIs,
  type GraphReader,
} from '../src/index.js';
import { HOUR, profileOf, World, WORKSPACE, type Call } from './world.js';

const person = (given: Partial<Person>): Person => ({ identities: {}, ...given });

function ask<T>(world: World, query: (reader: GraphReader) => T, loads: Key[][] = []): Promise<T> {
  return queryGraph(
    WORKSPACE,
    (keys) => {
      loads.push([...keys]);
      return Promise.resolve(keys.map((key) => world.graph.get(key)?.document));
    },
    query,
  );
}

function tablet(): World {
  const world = new World();
  const calls: Call[] = [
    { userId: 'u1', traits: { email: 'ann@shop.io' } },
    { userId: 'u2', traits: { email: 'ann@shop.io' } },
    { userId: 'u1' },
  ];
  for (const call of calls) {
    world.nowMs += HOUR;
    world.send({ anonymousId: 'tablet', ...call });
  }
  return world;
}

describe('a person', () => {
  test('is found by the first usable of user id, anonymous id and identities, normalised', async () => {
    const world = tablet();
    const find = (given: Partial<Person>, spells: 'newest' | 'all' = 'newest'): Promise<readonly string[]> =>
      ask(world, (reader) => nodesOfPerson(person(given), RULES, reader, spells));
    expect(await find({ userId: ' u1 ', anonymousId: 'tablet' })).toEqual(['user_id:u1']);
    expect(await find({ anonymousId: 'tablet' })).toEqual(['spell:2@anonymous_id:tablet']);
    expect(await find({ anonymousId: 'tablet' }, 'all')).toEqual([2, 1, 0].map((n) => `spell:${String(n)}@anonymous_id:tablet`));
    expect(await find({ anonymousId: 'never seen' })).toEqual(['spell:0@anonymous_id:never seen']);
    expect(await find({ identities: { phone: 'none', email: 'Ann@Shop.io' } })).toEqual(['email:ann@shop.io']);
    expect(await find({ profileId: 'p_1' })).toEqual([]);
  });

  test('is whom the graph has assigned', async () => {
    const world = tablet();
    for (const [identity, { profile }] of world.identities) {
      const node = identity === 'anonymous_id:tablet' ? 'spell:2@anonymous_id:tablet' : identity;
      const { strongest } = await ask(world, (reader) => whoIs(node, RULES, reader));
      expect([identity, profileOf(strongest)]).toEqual([identity, profile]);
    }
    expect(await ask(world, (reader) => whoIs('user_id:stranger', RULES, reader))).toEqual({
      strongest: 'user_id:stranger',
      nodes: ['user_id:stranger'],
    });
  });

  test('is explained by links, accepted, refused and revoked, with the rule in words', async () => {
    const world = tablet();
    world.unlink('spell:2@anonymous_id:tablet', 'user_id:u1');
    const { links, nodes } = await ask(world, (reader) => whyIs('user_id:u1', RULES, reader));
    expect(nodes).toEqual(['email:ann@shop.io', 'spell:0@anonymous_id:tablet', 'user_id:u1']);
    expect(links.map(({ link: { a, b, evidence }, verdict }) => [a, b, evidence, verdict])).toEqual([
      ['email:ann@shop.io', 'user_id:u1', 'shared', { kind: 'accepted' }],
      [
        'email:ann@shop.io',
        'user_id:u2',
        'shared',
        { kind: 'refused', refusal: { rule: 'unique', detail: 'user_id:u1 and user_id:u2 are two people' } },
      ],
      ['spell:0@anonymous_id:tablet', 'user_id:u1', 'login', { kind: 'accepted' }],
      ['spell:2@anonymous_id:tablet', 'user_id:u1', 'login', { kind: 'revoked' }],
    ]);
  });
});

describe('to part two people', () => {
  const part = (world: World, one: Partial<Person>, other: Partial<Person>): Promise<unknown> =>
    ask(world, (reader) =>
      planUnlink(
        nodesOfPerson(person(one), RULES, reader, 'all'),
        nodesOfPerson(person(other), RULES, reader, 'all'),
        RULES,
        reader,
      ),
    );

  test('a device from a user means all of its spells', async () => {
    expect(await part(tablet(), { anonymousId: 'tablet' }, { userId: 'u1' })).toEqual({
      kind: 'revoke',
      links: [0, 2].map((n) => ({ a: `spell:${String(n)}@anonymous_id:tablet`, b: 'user_id:u1' })),
      remaining: [],
    });
  });

  test('takes refused links back too, for they could be accepted later', async () => {
    expect(await part(tablet(), { userId: 'u2' }, { identities: { email: 'ann@shop.io' } })).toEqual({
      kind: 'revoke',
      links: [{ a: 'email:ann@shop.io', b: 'user_id:u2' }],
      remaining: [],
    });
  });

  test('without a direct link the path between them is named, and with one what would remain', async () => {
    const world = new World();
    world.send({ anonymousId: 'a1', traits: { email: 'ann@shop.io' } });
    world.send({ userId: 'u1', traits: { email: 'ann@shop.io' } });
    const path = [
      { a: 'email:ann@shop.io', b: 'spell:0@anonymous_id:a1' },
      { a: 'email:ann@shop.io', b: 'user_id:u1' },
    ];
    expect(await part(world, { anonymousId: 'a1' }, { userId: 'u1' })).toEqual({ kind: 'indirect', path });
    world.send({ anonymousId: 'a1', userId: 'u1' });
    const links = [{ a: 'spell:0@anonymous_id:a1', b: 'user_id:u1' }];
    expect(await part(world, { anonymousId: 'a1' }, { userId: 'u1' })).toEqual({ kind: 'revoke', links, remaining: path });
  });

  test('who are apart, or the same, is said', async () => {
    const world = tablet();
    expect(await part(world, { userId: 'u1' }, { userId: 'u2' })).toEqual({ kind: 'apart' });
    expect(await part(world, { userId: 'u1' }, { userId: 'u1' })).toEqual({ kind: 'same' });
  });

  test('the revoked plan leaves them apart exactly when nothing remains', async () => {
    const call = fc.record({
      anonymousId: fc.constantFrom('a1', 'a2', undefined),
      userId: fc.constantFrom('u1', 'u2', undefined),
      traits: fc.constantFrom({}, { email: 'ann@shop.io' }, { email: 'bob@shop.io' }),
    });
    const who = fc.constantFrom<Partial<Person>>(
      { userId: 'u1' },
      { userId: 'u2' },
      { anonymousId: 'a1' },
      { anonymousId: 'a2' },
      { identities: { email: 'ann@shop.io' } },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 15 }), who, who, async (calls, one, other) => {
        const world = new World();
        for (const each of calls) world.send(each);
        const sides = await ask(world, (reader) => [one, other].map((each) => nodesOfPerson(person(each), RULES, reader, 'all')));
        const [left, right] = sides as [readonly string[], readonly string[]];
        const plan = await ask(world, (reader) => planUnlink(left, right, RULES, reader));
        if (plan.kind === 'same') return;
        if (plan.kind === 'revoke') for (const { a, b } of plan.links) world.unlink(a, b);
        const joined = await ask(world, (reader) =>
          left.some((node) => whoIs(node, RULES, reader).nodes.some((found) => right.includes(found))),
        );
        expect(joined).toBe(plan.kind === 'indirect' || (plan.kind === 'revoke' && plan.remaining.length > 0));
      }),
      { numRuns: 200 },
    );
  });
});

test('a query loads each document once, neighbours in one go', async () => {
  const world = new World();
  for (let i = 0; i < 50; i++) world.send({ anonymousId: `d${String(i)}`, userId: 'u1' });
  const loads: Key[][] = [];
  const { nodes } = await ask(world, (reader) => whoIs('user_id:u1', RULES, reader), loads);
  expect(nodes).toHaveLength(51);
  expect(loads.map((keys) => keys.length)).toEqual([1, 50]);
});
