// The canonical graph: which of the candidate links hold, and who is one person.
// G1 A function of the set of links and the rules; the order in which links arrived does not exist here.
// G2 Links are taken in the order (strength, first evidence, ids), each unless it would break a protection rule of the person it
//    makes. So a refused link competes again whenever anything around it changes.
// G3 At every step each person keeps every limit: one of a unique namespace, few of the others, a bounded whole. Spells are no
//    identities: they count as links only.
// G4 A person is named by the strongest node: namespace priority (spells last), first evidence, id.
import { compareEvidence, compareText, type Evidence } from './graph-documents.js';
import { nodeOf } from './nodes.js';
import type { CompiledIdentityRules } from './rules.js';

export interface GraphLink extends Evidence {
  /** Less than b. */
  readonly a: string;
  readonly b: string;
}

/** The protection rule that refused a link, and how, in words. */
export interface Refusal {
  readonly rule: 'unique' | 'limit' | 'identities' | 'links' | 'generic' | 'blocked' | 'crowd' | 'node-links';
  readonly detail: string;
}

export interface Component {
  /** In the order of their texts. */
  readonly nodes: readonly string[];
  readonly strongest: string;
}

export interface CanonicalGraph {
  readonly componentOf: ReadonlyMap<string, Component>;
  readonly accepted: ReadonlySet<GraphLink>;
  readonly refused: ReadonlyMap<GraphLink, Refusal>;
}

/** A person under construction. */
interface Group {
  nodes: string[];
  links: number;
  identities: number;
  readonly perNamespace: Map<string, string[]>;
}

export function canonicalGraph(
  nodes: Iterable<string>,
  candidates: readonly GraphLink[],
  rules: CompiledIdentityRules,
): CanonicalGraph {
  const groups = new Map<string, Group>();
  for (const node of nodes) groups.set(node, groupOf(node));
  const firstSeenMs = new Map<string, number>();
  const accepted = new Set<GraphLink>();
  const refused = new Map<GraphLink, Refusal>();
  for (const link of [...candidates].sort(compareLinks)) {
    const a = groups.get(link.a) as Group;
    const b = groups.get(link.b) as Group;
    const refusal = refusalOf(a, b, rules);
    if (refusal !== undefined) {
      refused.set(link, refusal);
      continue;
    }
    accepted.add(link);
    for (const node of [link.a, link.b]) firstSeenMs.set(node, Math.min(firstSeenMs.get(node) ?? Infinity, link.timeMs));
    if (a === b) a.links++;
    else join(groups, a, b);
  }
  return { componentOf: componentsOf(groups, firstSeenMs, rules), accepted, refused };
}

function compareLinks(a: GraphLink, b: GraphLink): number {
  return compareEvidence(a, b) || compareText(a.a, b.a) || compareText(a.b, b.b);
}

function groupOf(text: string): Group {
  const node = nodeOf(text);
  if (node.kind === 'spell') return { nodes: [text], links: 0, identities: 0, perNamespace: new Map() };
  return { nodes: [text], links: 0, identities: 1, perNamespace: new Map([[node.namespace, [text]]]) };
}

function refusalOf(a: Group, b: Group, rules: CompiledIdentityRules): Refusal | undefined {
  const links = a === b ? a.links : a.links + b.links;
  if (links + 1 > rules.linksMax) {
    return { rule: 'links', detail: `one person has at most ${String(rules.linksMax)} links` };
  }
  if (a === b) return undefined;
  for (const [namespace, identities] of a.perNamespace) {
    const others = b.perNamespace.get(namespace);
    if (others === undefined) continue;
    const { unique, limit } = rules.namespace(namespace);
    if (unique) return { rule: 'unique', detail: `${identities[0] as string} and ${others[0] as string} are two people` };
    if (identities.length + others.length > limit) {
      return { rule: 'limit', detail: `one person has at most ${String(limit)} of ${namespace}` };
    }
  }
  if (a.identities + b.identities > rules.identitiesMax) {
    return { rule: 'identities', detail: `one person has at most ${String(rules.identitiesMax)} identities` };
  }
  return undefined;
}

/** The smaller group moves into the larger one. */
function join(groups: Map<string, Group>, a: Group, b: Group): void {
  const [into, from] = a.nodes.length >= b.nodes.length ? [a, b] : [b, a];
  for (const node of from.nodes) {
    groups.set(node, into);
    into.nodes.push(node);
  }
  into.links += from.links + 1;
  into.identities += from.identities;
  for (const [namespace, identities] of from.perNamespace) {
    const present = into.perNamespace.get(namespace);
    if (present === undefined) into.perNamespace.set(namespace, identities);
    else present.push(...identities);
  }
}

function componentsOf(
  groups: ReadonlyMap<string, Group>,
  firstSeenMs: ReadonlyMap<string, number>,
  rules: CompiledIdentityRules,
): Map<string, Component> {
  const components = new Map<Group, Component>();
  const componentOf = new Map<string, Component>();
  for (const [node, group] of groups) {
    let component = components.get(group);
    if (component === undefined) {
      const strongest = group.nodes.reduce((a, b) => (compareNodes(a, b, firstSeenMs, rules) <= 0 ? a : b));
      components.set(group, (component = { nodes: [...group.nodes].sort(), strongest }));
    }
    componentOf.set(node, component);
  }
  return componentOf;
}

function compareNodes(a: string, b: string, firstSeenMs: ReadonlyMap<string, number>, rules: CompiledIdentityRules): number {
  const priority = rankOf(a, rules) - rankOf(b, rules);
  return priority || (firstSeenMs.get(a) ?? 0) - (firstSeenMs.get(b) ?? 0) || compareText(a, b);
}

function rankOf(text: string, rules: CompiledIdentityRules): number {
  const node = nodeOf(text);
  return node.kind === 'spell' ? Number.MAX_SAFE_INTEGER : rules.namespace(node.namespace).priority;
}
