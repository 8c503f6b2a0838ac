// The graph, recomputed naively from the records of `links`: the whole set at once; no documents, no neighbourhood, no union-find.
import type { LinkObservedRecord, LinksRecord } from '@tessera/contracts';
import type { CompiledIdentityRules } from '../src/index.js';

interface NaiveLink {
  readonly a: string;
  readonly b: string;
  least: readonly [strength: number, timeMs: number, messageId: string];
  revoked: boolean;
}

const isSpell = (node: string): boolean => node.startsWith('spell:');
const namespaceOf = (node: string): string => node.slice(0, node.indexOf(':'));
const before = (a: readonly (string | number)[], b: readonly (string | number)[]): number => {
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as string | number;
    const y = b[i] as string | number;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
};

/** Strongest node by node, for every node that any record names. */
export function naiveStrongest(records: readonly LinksRecord[], rules: CompiledIdentityRules): Map<string, string> {
  const links = linksOf(records);
  const nodes = new Set(records.flatMap((record) => ('a' in record ? [record.a, record.b] : [])));
  const live = links.filter((link) => !link.revoked && !isolated(link.a, links, rules) && !isolated(link.b, links, rules));
  live.sort((x, y) => before([...x.least, x.a, x.b], [...y.least, y.a, y.b]));
  const accepted: NaiveLink[] = [];
  for (const link of live) if (mayJoin(link, accepted, rules)) accepted.push(link);
  const strongest = new Map<string, string>();
  for (const node of nodes) {
    const members = componentOf(node, accepted);
    strongest.set(node, [...members].sort((x, y) => before(rank(x, accepted, rules), rank(y, accepted, rules)))[0] as string);
  }
  return strongest;
}

function linksOf(records: readonly LinksRecord[]): NaiveLink[] {
  const links = new Map<string, NaiveLink>();
  for (const record of records) {
    if (!('a' in record) || record.a === record.b) continue;
    const name = `${record.a} ${record.b}`;
    const known = links.get(name);
    if (record.kind === 'linkObserved') observe(links, name, record);
    else if (known !== undefined) known.revoked = record.kind === 'linkRevoked';
  }
  return [...links.values()];
}

function observe(links: Map<string, NaiveLink>, name: string, { a, b, strength, timeMs, messageId }: LinkObservedRecord): void {
  const known = links.get(name);
  const evidence = [strength, timeMs, messageId] as const;
  if (known === undefined) links.set(name, { a, b, least: evidence, revoked: false });
  else if (before(evidence, known.least) < 0) known.least = evidence;
}

function isolated(node: string, links: readonly NaiveLink[], rules: CompiledIdentityRules): boolean {
  const identity = isSpell(node) ? node.slice(node.indexOf('@') + 1) : node;
  const namespace = namespaceOf(identity);
  if (rules.refuses(namespace, identity.slice(namespace.length + 1)) !== undefined) return true;
  if (isSpell(node) || rules.namespace(namespace).unique) return false;
  const unique = links
    .filter((link) => !link.revoked && (link.a === node || link.b === node))
    .map((link) => (link.a === node ? link.b : link.a))
    .filter((other) => !isSpell(other) && rules.namespace(namespaceOf(other)).unique);
  return unique.length > rules.genericAbove;
}

export function componentOf(node: string, accepted: readonly { readonly a: string; readonly b: string }[]): Set<string> {
  const members = new Set([node]);
  for (let size = 0; size !== members.size;) {
    size = members.size;
    for (const { a, b } of accepted) {
      if (members.has(a)) members.add(b);
      if (members.has(b)) members.add(a);
    }
  }
  return members;
}

function mayJoin(link: NaiveLink, accepted: readonly NaiveLink[], rules: CompiledIdentityRules): boolean {
  const members = componentOf(link.a, [...accepted, link]);
  if (accepted.filter(({ a }) => members.has(a)).length + 1 > rules.linksMax) return false;
  if (componentOf(link.a, accepted).has(link.b)) return true;
  return keepsLimits(members, rules);
}

export function keepsLimits(members: ReadonlySet<string>, rules: CompiledIdentityRules): boolean {
  const identities = [...members].filter((node) => !isSpell(node));
  if (identities.length > rules.identitiesMax) return false;
  return identities.every((node) => {
    const rule = rules.namespace(namespaceOf(node));
    const same = identities.filter((other) => namespaceOf(other) === namespaceOf(node));
    return same.length <= (rule.unique ? 1 : rule.limit);
  });
}

function rank(node: string, accepted: readonly NaiveLink[], rules: CompiledIdentityRules): readonly (string | number)[] {
  const priority = isSpell(node) ? Infinity : rules.namespace(namespaceOf(node)).priority;
  const times = accepted.filter(({ a, b }) => a === node || b === node).map(({ least }) => least[1]);
  return [priority, Math.min(...times), node];
}
