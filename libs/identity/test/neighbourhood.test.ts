import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_IDENTITY_RULES, neighbourhoodOf, nodeKey, type JudgedLink } from '../src/index.js';
import { chain, Drawing, email, user, type Drawn } from './drawing.js';
import { profileOf, World, WORKSPACE } from './world.js';

const verdicts = (links: readonly JudgedLink[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { verdict } of links) {
    const name = verdict.kind === 'refused' ? verdict.refusal.rule : verdict.kind;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

describe('the neighbourhood', () => {
  test('is the same from whichever of its nodes the walk starts', () => {
    const nodes = [...[0, 1, 2, 3].flatMap((i) => [user(i), email(i)]), 'spell:0@anonymous_id:d1', 'email:null'];
    const drawn = fc
      .record({ a: fc.constantFrom(...nodes), b: fc.constantFrom(...nodes), timeMs: fc.nat(9) })
      .filter(({ a, b }) => a < b);
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 20 }), (links) => {
        const drawing = new Drawing();
        for (const link of links) drawing.link(link);
        const whole = neighbourhoodOf(drawing.read, nodes, DEFAULT_IDENTITY_RULES);
        for (const node of nodes) {
          const part = neighbourhoodOf(drawing.read, [node], DEFAULT_IDENTITY_RULES);
          for (const reached of part.nodes) {
            expect(part.componentOf.get(reached)).toEqual(whole.componentOf.get(reached));
            expect([...neighbourhoodOf(drawing.read, [reached], DEFAULT_IDENTITY_RULES).nodes].sort()).toEqual(
              [...part.nodes].sort(),
            );
          }
        }
      }),
    );
  });

  test('of up to two thousand nodes competes as a whole', () => {
    const { read } = chain(600);
    const { nodes, links } = neighbourhoodOf(read, [user(300)], DEFAULT_IDENTITY_RULES);
    expect(nodes.size).toBe(1_800);
    expect(verdicts(links)).toEqual({ accepted: 1_200, unique: 599 });
  });

  test('of more is a crowd in which only log-ins hold, and a walk reads no more than it must', () => {
    const drawing = chain(3_000);
    const { nodes, componentOf, links } = neighbourhoodOf(drawing.read, [user(1_500)], DEFAULT_IDENTITY_RULES);
    expect([...nodes].sort()).toEqual(['spell:0@anonymous_id:d1500', user(1_500)]);
    expect(componentOf.get('spell:0@anonymous_id:d1500')?.strongest).toBe(user(1_500));
    expect(verdicts(links)).toEqual({ accepted: 1, crowd: 2 });
    expect(drawing.reads).toBeLessThan(20_000);
    expect(neighbourhoodOf(drawing.read, [email(7)], DEFAULT_IDENTITY_RULES).componentOf.get(email(7))?.nodes).toEqual([
      email(7),
    ]);
  });

  test('ends at a value that many people share, which is read and not crossed', () => {
    const drawing = new Drawing();
    for (let i = 0; i < 900; i++) drawing.link({ a: 'email:office@shop.io', b: user(i) });
    const { nodes, links } = neighbourhoodOf(drawing.read, [user(3)], DEFAULT_IDENTITY_RULES);
    expect([...nodes]).toEqual([user(3)]);
    expect(links.map(({ verdict }) => verdict)).toEqual([
      {
        kind: 'refused',
        refusal: { rule: 'generic', detail: 'email:office@shop.io is shared by 900 unique identities: it names nobody' },
      },
    ]);
    expect(drawing.reads).toBeLessThan(20);
  });

  test('counts a link only where both nodes have room for it: the thousand strongest, in whatever order they come', () => {
    const links = Array.from({ length: 1_300 }, (_, i): Drawn => ({
      a: `spell:0@anonymous_id:d${String(i)}`,
      b: user(0),
      strength: 1,
      timeMs: (i * 617) % 1_300,
    }));
    const drawings = [links, [...links].reverse()].map((order) => {
      const drawing = new Drawing();
      for (const link of order) drawing.link(link);
      return drawing;
    });
    const [one, other] = drawings.map(({ read }) => neighbourhoodOf(read, [user(0)], DEFAULT_IDENTITY_RULES)) as [
      ReturnType<typeof neighbourhoodOf>,
      ReturnType<typeof neighbourhoodOf>,
    ];
    expect([...one.nodes].sort()).toEqual([...other.nodes].sort());
    expect(verdicts(one.links)).toEqual({ accepted: 1_000 });
    const left = links.find(({ timeMs }) => timeMs === 1_000) as Drawn;
    expect(verdicts(neighbourhoodOf((drawings[0] as Drawing).read, [left.a], DEFAULT_IDENTITY_RULES).links)).toEqual({
      'node-links': 1,
    });
  });
});

describe('a crowd', () => {
  function worldOf({ documents }: Drawing): World {
    const world = new World();
    for (const [node, document] of documents) world.graph.set(nodeKey(WORKSPACE, node), { document, lastOffset: -1 });
    return world;
  }
  const observe = (world: World, a: string, b: string): unknown =>
    world.appendLink({
      kind: 'linkObserved',
      workspace: WORKSPACE,
      a,
      b,
      evidence: 'shared',
      strength: 2,
      timeMs: 1,
      messageId: 'm',
      fragments: [],
    });
  const told = (world: World, node: string): string | undefined => world.identities.get(node)?.profile;

  test('that comes to be is told to everyone in it, and that it is over too', () => {
    const world = worldOf(chain(500, chain(500, new Drawing()), 1_000));
    observe(world, email(499), user(1_000));
    for (const i of [0, 250, 499, 1_000, 1_250, 1_499]) {
      expect([told(world, user(i)), told(world, email(i))]).toEqual([profileOf(user(i)), profileOf(email(i))]);
    }
    world.unlink(email(499), user(1_000));
    for (const i of [0, 250, 499, 1_000, 1_250, 1_499]) {
      expect([told(world, user(i)), told(world, email(i))]).toEqual([profileOf(user(i)), profileOf(user(i))]);
    }
  });

  test('is over for everyone when the value that held it together turns out to be generic', () => {
    const drawing = new Drawing();
    const office = 'email:office@shop.io';
    for (let branch = 0; branch < 10; branch++) {
      chain(100, drawing, branch * 1_000);
      drawing.link({ a: office, b: user(branch * 1_000), timeMs: 9_999 });
    }
    const world = worldOf(drawing);
    expect(neighbourhoodOf(drawing.read, [office], DEFAULT_IDENTITY_RULES).nodes.size).toBe(1);
    observe(world, office, user(77_777));
    expect(told(world, office)).toBe(profileOf(office));
    for (const i of [0, 50, 99, 5_000, 9_050, 9_099]) expect([i, told(world, email(i))]).toEqual([i, profileOf(user(i))]);
  });
});
