import type { LinkObservedRecord, LinksRecord } from '@tessera/contracts';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileIdentityRules, type CompiledIdentityRules, type IdentityRulesSpec } from '../src/index.js';
import { naiveStrongest } from './naive.js';
import { profileOf, stepGraphRecord, World, WORKSPACE } from './world.js';

const USERS = ['u1', 'u2', 'u3', 'u4'].map((id) => `user_id:${id}`);
const EMAILS = ['ann@shop.io', 'bob@shop.io', 'cy@shop.io'].map((id) => `email:${id}`);
const SPELLS = ['d1', 'd2'].flatMap((id) => [`spell:0@anonymous_id:${id}`, `spell:1@anonymous_id:${id}`]);
const NODES = [...USERS, ...EMAILS, ...SPELLS, 'email:null', 'phone:+4930123456'];

/** Small enough that every rule bites in a handful of links. */
const STRICT: IdentityRulesSpec = {
  namespaces: { email: { limit: 2 } },
  generic: { uniqueIdentities: 2 },
  component: { identities: 4, links: 6 },
};

function rulesOf(spec: IdentityRulesSpec): CompiledIdentityRules {
  const compiled = compileIdentityRules(spec);
  if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems));
  return compiled.rules;
}

const pair = fc
  .tuple(fc.constantFrom(...NODES), fc.constantFrom(...NODES))
  .filter(([a, b]) => a !== b)
  .map(([a, b]) => (a < b ? { a, b } : { a: b, b: a }));

const observed = fc
  .record({ ends: pair, strength: fc.integer({ min: 1, max: 3 }), timeMs: fc.nat(20), id: fc.nat(5) })
  .map(({ ends, strength, timeMs, id }): LinkObservedRecord => ({
    kind: 'linkObserved',
    workspace: WORKSPACE,
    ...ends,
    evidence: strength === 1 ? 'login' : 'shared',
    strength,
    timeMs,
    messageId: `m${String(id)}`,
    fragments: USERS.filter((node) => node === ends.a || node === ends.b).map((node) => ({
      sender: 'anonymous_id:d1',
      fragment: node.replace('user_id', 'user'),
      node,
    })),
  }));

const verdict = fc
  .tuple(pair, fc.constantFrom('linkRevoked' as const, 'linkRestored' as const))
  .map(([ends, kind]): LinksRecord => ({ kind, workspace: WORKSPACE, ...ends, actor: 'ops', note: '' }));

function worldOf(records: readonly LinksRecord[], reload = false): World {
  const world = new World(reload);
  world.publish(1, rulesOf(STRICT));
  for (const record of records) world.appendLink(record);
  return world;
}

/** Profile by fragment and identity, as the outside world has heard it. */
function heard(world: World): Record<string, string> {
  const all = [...world.fragments, ...world.identities].map(([name, { profile }]) => [name, profile] as const);
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('the graph', () => {
  test('is what the naive graph over the whole set says, after every record (S1, S5)', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: observed }, verdict), { maxLength: 40 }), (records) => {
        const world = new World(true);
        world.publish(1, rulesOf(STRICT));
        const done: LinksRecord[] = [];
        for (const record of records) {
          world.appendLink(record);
          done.push(record);
          const strongest = naiveStrongest(done, world.rules);
          for (const node of NODES.filter((text) => world.node(text) !== undefined)) {
            const expected = profileOf(strongest.get(node) as string);
            if (node.startsWith('spell:')) {
              const [spell, device] = node.split('@') as [string, string];
              expect([node, world.profile(device, spell)]).toEqual([node, expected]);
            } else {
              const fragment = node.startsWith('user_id:') ? node.replace('user_id', 'user') : 'spell:0';
              expect([node, world.profile(node, fragment)]).toEqual([node, expected]);
              expect([node, world.identities.get(node)?.profile]).toEqual([node, expected]);
              const onDevice = world.fragments.get(`anonymous_id:d1|${fragment}`);
              if (fragment.startsWith('user:')) expect([node, onDevice?.profile]).toEqual([node, expected]);
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test('does not depend on the order in which links arrive (S3)', () => {
    const scene = fc
      .array(observed, { maxLength: 25 })
      .chain((records) => fc.tuple(fc.constant(records), fc.shuffledSubarray(records, { minLength: records.length })));
    fc.assert(
      fc.property(scene, ([records, shuffled]) => {
        const one = worldOf(records);
        const other = worldOf(shuffled);
        expect(heard(other)).toEqual(heard(one));
        const bytes = (world: World): unknown =>
          [...world.graph]
            .map(([key, { document }]) => [key, Buffer.from(world.graphStage.encode(document)).toString('hex')])
            .sort();
        expect(bytes(other)).toEqual(bytes(one));
      }),
      { numRuns: 200 },
    );
  });

  test('with a link revoked is the graph in which it never was (S3), and a restored one counts again', () => {
    const scene = fc
      .array(observed, { minLength: 1, maxLength: 25 })
      .chain((records) => fc.tuple(fc.constant(records), fc.nat(records.length - 1), fc.nat(records.length)));
    fc.assert(
      fc.property(scene, ([records, which, when]) => {
        const { a, b } = records[which] as LinkObservedRecord;
        const never = records.filter((record) => record.a !== a || record.b !== b);
        const at = Math.max(when, records.findIndex((record) => record.a === a && record.b === b) + 1);
        const revoked = worldOf([
          ...records.slice(0, at),
          { kind: 'linkRevoked', workspace: WORKSPACE, a, b, actor: 'ops', note: '' },
          ...records.slice(at),
        ]);
        const unlinked = heard(worldOf(never));
        const found = heard(revoked);
        // Which spell of a device is the newest is no matter of links: the device was there, revoked or not.
        const isDevice = (name: string): boolean => name === 'anonymous_id:d1' || name === 'anonymous_id:d2';
        for (const [name, profile] of Object.entries(unlinked)) {
          if (!isDevice(name)) expect([name, found[name]]).toEqual([name, profile]);
        }
        for (const [name, profile] of Object.entries(found)) {
          if (name in unlinked || isDevice(name)) continue;
          expect([name, profile]).toEqual([name, new World().profile(...ownersOf(name))]);
        }
        revoked.appendLink({ kind: 'linkRestored', workspace: WORKSPACE, a, b, actor: 'ops', note: '' });
        expect(heard(revoked)).toEqual(heard(worldOf(records)));
      }),
      { numRuns: 100 },
    );
  });

  test('comes out the same when some documents are ahead of the record that is stepped again', () => {
    const scene = fc
      .array(fc.oneof({ weight: 4, arbitrary: observed }, verdict), { minLength: 2, maxLength: 25 })
      .chain((records) =>
        fc.tuple(fc.constant(records), fc.nat(records.length - 1), fc.array(fc.boolean(), { minLength: 40, maxLength: 40 })),
      );
    fc.assert(
      fc.property(scene, ([records, from, kept]) => {
        const world = new World();
        world.publish(1, rulesOf(STRICT));
        for (const record of records.slice(0, from)) world.appendLink(record);
        const early = snapshot(world);
        for (const record of records.slice(from)) world.appendLink(record);
        const late = snapshot(world);
        const told = heard(world);
        const atRest = bytesOf(world);

        // A crash: some documents were written late, the others and the partition's own early. All outputs were acknowledged.
        [...late.keys()].sort().forEach((key, index) => {
          const held = kept[index % kept.length] === true ? late.get(key) : early.get(key);
          if (held === undefined) world.graph.delete(key as never);
          else world.graph.set(key as never, held());
        });
        for (const record of world.links.slice(from + 1))
          stepGraphRecord(world, record, (topic, value) => world.receive(topic, value));
        expect(heard(world)).toEqual(told);
        expect(bytesOf(world)).toEqual(atRest);
      }),
      { numRuns: 200 },
    );
  });

  test('under changed rules answers as if they had always been in force, dormant people included', () => {
    fc.assert(
      fc.property(fc.array(observed, { maxLength: 25 }), fc.boolean(), (records, looser) => {
        const first = rulesOf(looser ? STRICT : {});
        const second = rulesOf(looser ? {} : STRICT);
        const world = new World(true);
        world.publish(1, first);
        for (const record of records) world.appendLink(record);
        world.publish(2, second);
        const fresh = new World();
        fresh.publish(1, second);
        for (const record of records) fresh.appendLink(record);
        expect(heard(world)).toEqual(heard(fresh));
      }),
      { numRuns: 100 },
    );
  });
});

describe('a record of links', () => {
  const link: LinkObservedRecord = {
    kind: 'linkObserved',
    workspace: WORKSPACE,
    a: 'spell:0@anonymous_id:d1',
    b: 'user_id:u1',
    evidence: 'login',
    strength: 1,
    timeMs: 10,
    messageId: 'm1',
    fragments: [
      { sender: 'anonymous_id:d1', fragment: 'spell:0', node: 'spell:0@anonymous_id:d1' },
      { sender: 'anonymous_id:d1', fragment: 'user:u1', node: 'user_id:u1' },
    ],
  };

  test('that links two nodes answers for every fragment and identity, each once', () => {
    const world = new World();
    world.appendLink(link);
    expect(world.emitted.map(({ value }) => value)).toEqual(
      [
        { kind: 'profileAssigned', sender: 'anonymous_id:d1', fragment: 'spell:0', reason: 'linked' },
        { kind: 'identityAssigned', identity: 'anonymous_id:d1' },
        { kind: 'profileAssigned', sender: 'user_id:u1', fragment: 'user:u1', reason: 'linked' },
        { kind: 'profileAssigned', sender: 'anonymous_id:d1', fragment: 'user:u1', reason: 'linked' },
        { kind: 'identityAssigned', identity: 'user_id:u1' },
      ].map((value) => ({
        ...value,
        workspace: WORKSPACE,
        profile: profileOf('user_id:u1'),
        generation: 1,
        offset: 0,
        index: 0,
      })),
    );
  });

  test('that says nothing new emits nothing', () => {
    const world = new World();
    world.appendLink(link);
    expect(world.appendLink({ ...link, timeMs: 11, messageId: 'm0' })).toEqual({ kind: 'drop', reason: 'already-linked' });
    expect(world.emitted).toEqual([]);
  });

  test('that revokes or restores what is not there is dropped with its reason', () => {
    const world = new World();
    expect(world.unlink('user_id:u1', 'user_id:u2')).toEqual({ kind: 'drop', reason: 'not-linked' });
    world.appendLink(link);
    expect(world.relink(link.a, link.b)).toEqual({ kind: 'drop', reason: 'not-linked' });
    expect(world.unlink(link.a, link.b)).toEqual({ kind: 'applied' });
    expect(world.unlink(link.a, link.b)).toEqual({ kind: 'drop', reason: 'not-linked' });
  });

  test('that publishes a set already seen, or one without a change of rules, makes nobody due', () => {
    const world = new World();
    world.appendLink(link);
    world.publish(1, rulesOf({}));
    expect(world.links).toHaveLength(2);
    expect(world.publish(1, rulesOf({}))).toEqual({ kind: 'drop', reason: 'set-already-seen' });
    expect(world.links).toHaveLength(3);
    world.publish(2, rulesOf(STRICT));
    expect(world.links.slice(4).map(({ value }) => value)).toMatchObject([
      { a: link.a, b: link.a, evidence: 'rules' },
      { a: link.b, b: link.b, evidence: 'rules' },
    ]);
    expect(world.fragments.get('anonymous_id:d1|spell:0')?.reason).toBe('rules');
  });
});

function ownersOf(name: string): [string, string] {
  const bar = name.lastIndexOf('|');
  if (bar >= 0) return [name.slice(0, bar), name.slice(bar + 1)];
  return [name, name.startsWith('user_id:') ? name.replace('user_id', 'user') : 'spell:0'];
}

function snapshot(world: World): Map<string, () => { document: never; lastOffset: number }> {
  return new Map(
    [...world.graph].map(([key, { document, lastOffset }]) => {
      const bytes = world.graphStage.encode(document).slice();
      return [key, () => ({ document: world.graphStage.decode(bytes, key) as never, lastOffset })];
    }),
  );
}

function bytesOf(world: World): unknown {
  return [...world.graph]
    .map(([key, { document, lastOffset }]) => [key, lastOffset, Buffer.from(world.graphStage.encode(document)).toString('hex')])
    .sort();
}
