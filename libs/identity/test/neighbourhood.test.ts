import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_IDENTITY_RULES, neighbourhoodOf, type JudgedLink, type NodeDocument, type ReadNode } from '../src/index.js';
import { copyOfNode, observeLink } from '../src/graph-documents.js';
import { WORKSPACE } from './world.js';

interface Drawn {
  readonly a: string;
  readonly b: string;
  readonly strength?: number;
  readonly timeMs?: number;
}

class Drawing {
  readonly documents = new Map<string, NodeDocument>();
  reads = 0;
  readonly read: ReadNode = (node) => {
    this.reads++;
    return this.documents.get(node);
  };

  link({ a, b, strength = 2, timeMs = 1 }: Drawn): void {
    for (const [node, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const document = this.documents.get(node) ?? copyOfNode(undefined, WORKSPACE, node);
      this.documents.set(node, document);
      observeLink(document, other, { evidence: 'shared', strength, timeMs, messageId: `${a} ${b}` });
    }
  }
}

const user = (i: number): string => `user_id:u${String(i)}`;
const email = (i: number): string => `email:e${String(i)}@shop.io`;
const verdicts = (links: readonly JudgedLink[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { verdict } of links) {
    const name = verdict.kind === 'refused' ? verdict.refusal.rule : verdict.kind;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

/** u0 - e0 - u1 - e1 - … : every second link is refused, all hang together. */
function chain(users: number): Drawing {
  const drawing = new Drawing();
  for (let i = 0; i < users; i++) {
    drawing.link({ a: email(i), b: user(i), timeMs: i });
    if (i > 0) drawing.link({ a: email(i - 1), b: user(i), timeMs: users + i });
    drawing.link({ a: `spell:0@anonymous_id:d${String(i)}`, b: user(i), strength: 1, timeMs: i });
  }
  return drawing;
}

describe('the neighbourhood', () => {
  test('is the same from whichever of its nodes the walk starts', () => {
    const nodes = [...[0, 1, 2, 3].flatMap((i) => [user(i), email(i)]), 'spell:0@anonymous_id:d1', 'email:null'];
    const drawn = fc.record({ a: fc.constantFrom(...nodes), b: fc.constantFrom(...nodes), timeMs: fc.nat(9) }).filter(({ a, b }) => a < b);
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 20 }), (links) => {
        const drawing = new Drawing();
        for (const link of links) drawing.link(link);
        const whole = neighbourhoodOf(drawing.read, nodes, DEFAULT_IDENTITY_RULES);
        for (const node of nodes) {
          const part = neighbourhoodOf(drawing.read, [node], DEFAULT_IDENTITY_RULES);
          for (const reached of part.nodes) {
            expect(part.componentOf.get(reached)).toEqual(whole.componentOf.get(reached));
            expect([...neighbourhoodOf(drawing.read, [reached], DEFAULT_IDENTITY_RULES).nodes].sort()).toEqual([...part.nodes].sort());
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
    expect(neighbourhoodOf(drawing.read, [email(7)], DEFAULT_IDENTITY_RULES).componentOf.get(email(7))?.nodes).toEqual([email(7)]);
  });

  test('ends at a value that many people share, which is read and not crossed', () => {
    const drawing = new Drawing();
    for (let i = 0; i < 900; i++) drawing.link({ a: 'email:office@shop.io', b: user(i) });
    const { nodes, links } = neighbourhoodOf(drawing.read, [user(3)], DEFAULT_IDENTITY_RULES);
    expect([...nodes]).toEqual([user(3)]);
    expect(links.map(({ verdict }) => verdict)).toEqual([
      { kind: 'refused', refusal: { rule: 'generic', detail: 'email:office@shop.io is shared by 900 unique identities: it names nobody' } },
    ]);
    expect(drawing.reads).toBeLessThan(20);
  });

  test('counts a link only where both nodes have room for it: the thousand strongest, in whatever order they come', () => {
    const links = Array.from({ length: 1_300 }, (_, i): Drawn => ({ a: `spell:0@anonymous_id:d${String(i)}`, b: user(0), strength: 1, timeMs: (i * 617) % 1_300 }));
    const drawings = [links, [...links].reverse()].map((order) => {
      const drawing = new Drawing();
      for (const link of order) drawing.link(link);
      return drawing;
    });
    const [one, other] = drawings.map(({ read }) => neighbourhoodOf(read, [user(0)], DEFAULT_IDENTITY_RULES)) as [ReturnType<typeof neighbourhoodOf>, ReturnType<typeof neighbourhoodOf>];
    expect([...one.nodes].sort()).toEqual([...other.nodes].sort());
    expect(verdicts(one.links)).toEqual({ accepted: 1_000 });
    const left = links.find(({ timeMs }) => timeMs === 1_000) as Drawn;
    expect(verdicts(neighbourhoodOf((drawings[0] as Drawing).read, [left.a], DEFAULT_IDENTITY_RULES).links)).toEqual({ 'node-links': 1 });
  });
});
