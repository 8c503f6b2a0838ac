// Questions to the graph: who is this, why, and which links would have to go for two people to be apart again.
// V1 An answer says what the stage would assign from the same documents: it is computed by the same functions.
// V2 A device stands for its newest spell when asked who it is, and for all of its spells when it is to be parted from someone.
import type { Person } from '@tessera/contracts';
import { compareText, copyOfNode, setRevoked, type NodeDocument } from './graph-documents.js';
import type { GraphReader } from './graph-reader.js';
import { normalizeIdentifier } from './identifiers.js';
import { neighbourhoodOf, type JudgedLink, type ReadNode } from './neighbourhood.js';
import { spellNode } from './nodes.js';
import type { CompiledIdentityRules } from './rules.js';

export interface WhoAnswer {
  /** The node that names the profile: `profileId(secret, strongest)`. */
  readonly strongest: string;
  readonly nodes: readonly string[];
}

export interface WhyAnswer extends WhoAnswer {
  /** Links of these nodes, accepted, refused and revoked, in the order of their texts. */
  readonly links: readonly JudgedLink[];
}

export interface Ends {
  readonly a: string;
  readonly b: string;
}

export type UnlinkPlan =
  /** `remaining`: the accepted links that would still lead from one to the other; empty when they will be apart. */
  | { readonly kind: 'revoke'; readonly links: readonly Ends[]; readonly remaining: readonly Ends[] }
  /** They are one person by way of others only: unlink one of the pairs on the path. */
  | { readonly kind: 'indirect'; readonly path: readonly Ends[] }
  | { readonly kind: 'apart' }
  | { readonly kind: 'same' };

/** A kiosk's spells beyond these are not looked at. */
const SPELLS_MAX = 1_000;

/** Nodes that answer for a person: the first of user id, anonymous id, identities that is usable. Empty for a profile id or nobody. */
export function nodesOfPerson(
  person: Person,
  rules: CompiledIdentityRules,
  reader: GraphReader,
  spells: 'newest' | 'all',
): readonly string[] {
  const userId = identifier('user_id', person.userId, rules);
  if (userId !== undefined) return [`user_id:${userId}`];
  const anonymousId = identifier('anonymous_id', person.anonymousId, rules);
  if (anonymousId !== undefined) return spellsOf(`anonymous_id:${anonymousId}`, reader, spells);
  for (const { name } of rules.namespaces) {
    const value = Object.hasOwn(person.identities, name) ? identifier(name, person.identities[name], rules) : undefined;
    if (value !== undefined) return [`${name}:${value}`];
  }
  return [];
}

function identifier(name: string, raw: unknown, rules: CompiledIdentityRules): string | undefined {
  const normalized = normalizeIdentifier(raw, rules.namespace(name).normalize);
  return normalized.kind === 'value' ? normalized.value : undefined;
}

function spellsOf(device: string, reader: GraphReader, spells: 'newest' | 'all'): readonly string[] {
  const newest = Math.max(0, reader.newestSpell(device));
  if (spells === 'newest') return [spellNode(device, newest)];
  const nodes: string[] = [];
  for (let number = newest; number >= 0 && nodes.length < SPELLS_MAX; number--) nodes.push(spellNode(device, number));
  return nodes;
}

export function whoIs(node: string, rules: CompiledIdentityRules, reader: GraphReader): WhoAnswer {
  const { componentOf } = neighbourhoodOf((text) => reader.node(text), [node], rules);
  return componentOf.get(node) ?? { strongest: node, nodes: [node] };
}

export function whyIs(node: string, rules: CompiledIdentityRules, reader: GraphReader): WhyAnswer {
  const { componentOf, links } = neighbourhoodOf((text) => reader.node(text), [node], rules);
  const { strongest, nodes } = componentOf.get(node) ?? { strongest: node, nodes: [node] };
  const own = new Set(nodes);
  const touching = links.filter(({ link }) => own.has(link.a) || own.has(link.b));
  touching.sort(({ link: x }, { link: y }) => compareText(x.a, y.a) || compareText(x.b, y.b));
  return { strongest, nodes, links: touching };
}

/** Direct links between the two sides, refused ones too: a refused link may be accepted later. */
export function planUnlink(
  one: readonly string[],
  other: readonly string[],
  rules: CompiledIdentityRules,
  reader: GraphReader,
): UnlinkPlan {
  const others = new Set(other);
  if (one.some((node) => others.has(node))) return { kind: 'same' };
  const direct = directLinks(one, others, reader);
  const path = pathBetween(one, others, rules, withRevoked(direct, reader));
  if (direct.length > 0) return { kind: 'revoke', links: direct, remaining: path };
  return path.length === 0 ? { kind: 'apart' } : { kind: 'indirect', path };
}

function directLinks(one: readonly string[], others: ReadonlySet<string>, reader: GraphReader): readonly Ends[] {
  const direct: Ends[] = [];
  for (const node of one) {
    for (const [to, link] of reader.node(node)?.links ?? []) if (!link.revoked && others.has(to)) direct.push(ends(node, to));
  }
  return direct.sort((x, y) => compareText(x.a, y.a) || compareText(x.b, y.b));
}

function ends(one: string, other: string): Ends {
  return one < other ? { a: one, b: other } : { a: other, b: one };
}

/** The documents as they would be without these links. */
function withRevoked(links: readonly Ends[], reader: GraphReader): ReadNode {
  const copies = new Map<string, NodeDocument>();
  const revoke = (node: string, other: string): void => {
    const copy = copies.get(node) ?? copyOfNode(reader.node(node), '', node);
    setRevoked(copy, other, true);
    copies.set(node, copy);
  };
  for (const { a, b } of links) {
    revoke(a, b);
    revoke(b, a);
  }
  return (node) => copies.get(node) ?? reader.node(node);
}

/** Shortest path of accepted links, by breadth first; empty where there is none. */
function pathBetween(
  one: readonly string[],
  others: ReadonlySet<string>,
  rules: CompiledIdentityRules,
  read: ReadNode,
): readonly Ends[] {
  const neighbours = new Map<string, string[]>();
  for (const { link, verdict } of neighbourhoodOf(read, one, rules).links) {
    if (verdict.kind !== 'accepted') continue;
    for (const [from, to] of [[link.a, link.b] as const, [link.b, link.a] as const]) {
      const known = neighbours.get(from);
      if (known === undefined) neighbours.set(from, [to]);
      else known.push(to);
    }
  }
  const cameFrom = new Map<string, string | undefined>(one.map((node) => [node, undefined]));
  for (const node of cameFrom.keys()) {
    if (others.has(node)) return pathTo(node, cameFrom);
    for (const next of (neighbours.get(node) ?? []).sort()) if (!cameFrom.has(next)) cameFrom.set(next, node);
  }
  return [];
}

function pathTo(end: string, cameFrom: ReadonlyMap<string, string | undefined>): readonly Ends[] {
  const path: Ends[] = [];
  let node = end;
  for (let former = cameFrom.get(node); former !== undefined; former = cameFrom.get(node)) {
    path.unshift(ends(former, node));
    node = former;
  }
  return path;
}
