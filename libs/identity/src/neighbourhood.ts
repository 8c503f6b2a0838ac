// The neighbourhood of a node: everything that its answer depends on, found by walking from document to document.
// B1 The walk passes links that are not revoked, are held by both their nodes, and touch no blocked or generic value. What it
//    reaches is one candidate component, the same from whichever of its nodes it starts.
// B2 Blocked and generic nodes stand alone: they conduct nothing, so a value that a thousand people share is read, never crossed.
// B3 A candidate component of more than 2,000 nodes is a crowd: only log-ins hold in it. The bound is a property of the component
//    and not of the walk, and a walk never reads much more than that.
import { NODE_LINKS_MAX, type NodeDocument, type StoredLink } from './graph-documents.js';
import { canonicalGraph, type CanonicalGraph, type Component, type GraphLink, type Refusal } from './graph.js';
import { STRENGTH } from './links.js';
import { nodeOf } from './nodes.js';
import type { CompiledIdentityRules } from './rules.js';

export const CANDIDATES_MAX = 2_000;

/** Undefined, or a document without links, where nothing is known of a node. */
export type ReadNode = (node: string) => NodeDocument | undefined;

export type Verdict =
  { readonly kind: 'accepted' } | { readonly kind: 'refused'; readonly refusal: Refusal } | { readonly kind: 'revoked' };

export interface JudgedLink {
  readonly link: GraphLink;
  readonly verdict: Verdict;
}

export interface Neighbourhood {
  /** Of all candidate components of the seeds. */
  readonly nodes: ReadonlySet<string>;
  readonly componentOf: ReadonlyMap<string, Component>;
  /** Every link of these nodes. */
  readonly links: readonly JudgedLink[];
}

export function neighbourhoodOf(read: ReadNode, seeds: Iterable<string>, rules: CompiledIdentityRules): Neighbourhood {
  const walk = new Walk(read, rules);
  for (const seed of seeds) walk.visit(seed);
  const graph = canonicalGraph(walk.nodes, walk.candidates, rules);
  return { nodes: walk.nodes, componentOf: graph.componentOf, links: [...judgedBy(graph), ...walk.judged] };
}

/** Only the nodes. */
export function reachOf(read: ReadNode, seeds: Iterable<string>, rules: CompiledIdentityRules): ReadonlySet<string> {
  const walk = new Walk(read, rules);
  for (const seed of seeds) walk.visit(seed);
  return walk.nodes;
}

/** Blocked or generic: every link of such a node is refused. */
export function isolationOf(text: string, document: NodeDocument | undefined, rules: CompiledIdentityRules): Refusal | undefined {
  const node = nodeOf(text);
  const [namespace, value] = node.kind === 'spell' ? split(node.device) : [node.namespace, node.value];
  const why = rules.refuses(namespace, value);
  if (why !== undefined) return { rule: 'blocked', detail: `${value} is ${why === 'blocked' ? 'blocked' : 'a placeholder'}` };
  if (node.kind === 'spell' || rules.namespace(namespace).unique || document === undefined) return undefined;
  let unique = 0;
  for (const [other, link] of document.links) if (!link.revoked && isUnique(other, rules)) unique++;
  if (unique <= rules.genericAbove) return undefined;
  return { rule: 'generic', detail: `${text} is shared by ${String(unique)} unique identities: it names nobody` };
}

function isUnique(text: string, rules: CompiledIdentityRules): boolean {
  const node = nodeOf(text);
  return node.kind === 'identity' && rules.namespace(node.namespace).unique;
}

function split(identity: string): readonly [string, string] {
  const colon = identity.indexOf(':');
  return [identity.slice(0, colon), identity.slice(colon + 1)];
}

function judgedBy({ accepted, refused }: CanonicalGraph): JudgedLink[] {
  const judged: JudgedLink[] = [];
  for (const link of accepted) judged.push({ link, verdict: { kind: 'accepted' } });
  for (const [link, refusal] of refused) judged.push({ link, verdict: { kind: 'refused', refusal } });
  return judged;
}

class Walk {
  readonly nodes = new Set<string>();
  readonly candidates: GraphLink[] = [];
  /** Links that do not compete. */
  readonly judged: JudgedLink[] = [];
  private readonly isolation = new Map<string, Refusal | undefined>();
  private readonly seen = new Set<string>();
  /** Nodes known to be in a crowd: a walk that meets one is at its end. */
  private readonly crowded = new Set<string>();

  constructor(
    private readonly read: ReadNode,
    private readonly rules: CompiledIdentityRules,
  ) {}

  visit(seed: string): void {
    if (this.nodes.has(seed)) return;
    const whole = this.reach(seed);
    const group = whole ?? this.logInsAround(seed);
    for (const node of group) this.nodes.add(node);
    for (const node of group) this.judgeLinksOf(node, whole === undefined);
  }

  /** The candidate component of a node; undefined when it is a crowd. */
  private reach(seed: string): Set<string> | undefined {
    if (this.crowded.has(seed)) return undefined;
    const reached = new Set([seed]);
    for (const node of reached) {
      for (const other of this.conductedBy(node, Infinity)) {
        reached.add(other);
        if (reached.size <= CANDIDATES_MAX && !this.crowded.has(other)) continue;
        for (const each of reached) this.crowded.add(each);
        return undefined;
      }
    }
    return reached;
  }

  private logInsAround(seed: string): Set<string> {
    const reached = new Set([seed]);
    for (const node of reached) for (const other of this.conductedBy(node, STRENGTH.login)) reached.add(other);
    return reached;
  }

  private *conductedBy(node: string, weakest: number): Generator<string> {
    if (this.isolated(node) !== undefined) return;
    for (const [other, link] of this.read(node)?.links ?? []) {
      if (link.strength <= weakest && this.refusal(node, other, link) === undefined) yield other;
    }
  }

  private judgeLinksOf(node: string, crowd: boolean): void {
    for (const [other, stored] of this.read(node)?.links ?? []) {
      const [a, b] = node < other ? [node, other] : [other, node];
      const name = `${a}\n${b}`;
      if (this.seen.has(name)) continue;
      this.seen.add(name);
      const { evidence, strength, timeMs, messageId } = stored;
      const link: GraphLink = { a, b, evidence, strength, timeMs, messageId };
      const verdict = this.refusal(node, other, stored);
      if (verdict !== undefined) this.judged.push({ link, verdict });
      else if (!crowd || strength <= STRENGTH.login) this.candidates.push(link);
      else this.judged.push({ link, verdict: { kind: 'refused', refusal: CROWD } });
    }
  }

  /** Why a link does not even compete. */
  private refusal(node: string, other: string, link: StoredLink): Verdict | undefined {
    if (link.revoked) return { kind: 'revoked' };
    const isolated = this.isolated(node) ?? this.isolated(other);
    if (isolated !== undefined) return { kind: 'refused', refusal: isolated };
    const back = this.read(other)?.links.get(node);
    if (back === undefined) return { kind: 'refused', refusal: { rule: 'node-links', detail: `${other} has ${FULL}` } };
    return back.revoked ? { kind: 'revoked' } : undefined;
  }

  private isolated(node: string): Refusal | undefined {
    if (this.isolation.has(node)) return this.isolation.get(node);
    const refusal = isolationOf(node, this.read(node), this.rules);
    this.isolation.set(node, refusal);
    return refusal;
  }
}

const FULL = `${String(NODE_LINKS_MAX)} stronger or earlier links`;
const CROWD: Refusal = {
  rule: 'crowd',
  detail: `more than ${String(CANDIDATES_MAX)} nodes hang together here: only log-ins hold`,
};
