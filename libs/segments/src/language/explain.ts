// Why a condition is true, false or unknown for one profile: the tree of its parts with what was found.
// H1 The verdicts are those of the evaluators themselves, part by part.
// H2 The decisive leaves are a smallest set that, flipped together, gives the other membership: a leaf that is true becomes
//    false, one that is false true, one that is unknown whichever is needed. Each leaf counts as a fact of its own.
// H3 The next change of a leaf is the earlier of its evaluation's and its partial's; that of the whole combines them as the
//    evaluation does (E2).
import type { Partial_, TrailPartial } from '@tessera/features';
import type { Explanation } from '@tessera/contracts';
import { formatInstant } from '@tessera/time';
import type { ProfileView, Verdict } from '../compiled.js';
import type { Node, Outcome } from './evaluate.js';
import { prefixMatched } from './sequence-match.js';
import { conditionWords } from './words.js';

/** A node with what was found; sentences are made from it. */
export interface Finding {
  readonly node: Node;
  readonly verdict: Verdict;
  readonly nextMs: number;
  readonly found: unknown;
  readonly approximate: boolean;
  readonly children: readonly Finding[];
}

export function findingOf(node: Node, view: ProfileView, nowMs: number): Finding {
  if (node.kind === 'group' || node.kind === 'not') {
    const children = (node.kind === 'group' ? node.children : [node.child]).map((child) => findingOf(child, view, nowMs));
    return combined(node, children);
  }
  const outcome: Outcome = { nextMs: Infinity };
  const verdict = node.evaluate(view, nowMs, outcome);
  const partial = partialOf(node, view);
  const expiryMs = partial?.u !== undefined && partial.u > nowMs ? partial.u : Infinity;
  // What a trail does when events expire is already in the evaluation of the sequence, to the millisecond.
  const nextMs = node.kind === 'sequence' ? outcome.nextMs : Math.min(outcome.nextMs, expiryMs);
  return {
    node,
    verdict,
    nextMs,
    found: foundBy(node, view, nowMs, verdict),
    approximate: partial !== undefined && 'a' in partial,
    children: [],
  };
}

/** `policy`: what unknown means for the membership. */
export function explanationOf(finding: Finding, policy: 'exclude' | 'include'): Explanation {
  const decisive = new Set<Finding>();
  const wanted = !(finding.verdict ?? policy === 'include');
  collectFlips(finding, { wanted, unknownWill: wanted === (policy === 'include') }, decisive);
  return toExplanation(finding, decisive);
}

/** The leaves that a verdict rests on: of a true `all` every part, of a false one the false parts, and so on. */
export function supportOf(finding: Finding): readonly Finding[] {
  const { node, verdict, children } = finding;
  if (children.length === 0) return [finding];
  const every = node.kind !== 'group' || verdict === (node.combine === 'all');
  return children.filter((child) => every || child.verdict === verdict).flatMap(supportOf);
}

function combined(node: Node & { readonly kind: 'group' | 'not' }, children: readonly Finding[]): Finding {
  const rest = { node, found: undefined, approximate: children.some(({ approximate }) => approximate), children };
  if (node.kind === 'not') {
    const [{ verdict, nextMs }] = children as readonly [Finding];
    return { ...rest, verdict: verdict === undefined ? undefined : !verdict, nextMs };
  }
  const deciding = node.combine === 'any';
  const decided = children.filter(({ verdict }) => verdict === deciding);
  if (decided.length > 0) return { ...rest, verdict: deciding, nextMs: Math.max(...decided.map(({ nextMs }) => nextMs)) };
  const unknown = children.some(({ verdict }) => verdict === undefined);
  return { ...rest, verdict: unknown ? undefined : !deciding, nextMs: Math.min(...children.map(({ nextMs }) => nextMs)) };
}

function partialOf(node: Node, view: ProfileView): Partial_ | undefined {
  if (node.kind === 'sequence') return view.partial(node.slotId);
  return node.kind === 'value' && node.leaf.slot !== undefined ? view.partial(node.leaf.slot.id) : undefined;
}

function foundBy(node: Node, view: ProfileView, nowMs: number, verdict: Verdict): unknown {
  switch (node.kind) {
    case 'value':
      return node.leaf.read(view) ?? null;
    case 'segment':
      return verdict;
    case 'sequence': {
      const { steps, windowMs } = node.condition;
      const moments = prefixMatched(steps, windowMs, view.partial(node.slotId) as TrailPartial | undefined, nowMs);
      return { steps: moments.length, of: steps.length, at: moments.map(formatInstant) };
    }
    default:
      return undefined;
  }
}

/** The verdict that a node should come to; whether unknown is as good, which the policy at the root decides. */
interface Target {
  readonly wanted: boolean;
  readonly unknownWill: boolean;
}

/** Adds the leaves of a smallest set that, flipped, makes the finding meet the target; of several sets the first. */
function collectFlips(finding: Finding, target: Target, flips: Set<Finding>): void {
  const { node, children } = finding;
  if (meets(finding, target)) return;
  if (children.length === 0) flips.add(finding);
  else if (node.kind !== 'group') collectFlips(children[0] as Finding, opposite(target), flips);
  else if (needsEvery(node.combine, target)) for (const child of children) collectFlips(child, target, flips);
  else {
    const cheapest = children.reduce((best, child) => (flipCost(child, target) < flipCost(best, target) ? child : best));
    collectFlips(cheapest, target, flips);
  }
}

function flipCost(finding: Finding, target: Target): number {
  const { node, children } = finding;
  if (meets(finding, target)) return 0;
  if (children.length === 0) return 1;
  if (node.kind !== 'group') return flipCost(children[0] as Finding, opposite(target));
  const costs = children.map((child) => flipCost(child, target));
  return needsEvery(node.combine, target) ? costs.reduce((total, cost) => total + cost, 0) : Math.min(...costs);
}

function meets({ verdict }: Finding, { wanted, unknownWill }: Target): boolean {
  return verdict === wanted || (verdict === undefined && unknownWill);
}

function opposite({ wanted, unknownWill }: Target): Target {
  return { wanted: !wanted, unknownWill };
}

/** All parts of `all` must be true (or at least not false) for it to be so; for `any` one is enough, and the other way round. */
function needsEvery(combine: 'all' | 'any', { wanted }: Target): boolean {
  return wanted === (combine === 'all');
}

function toExplanation(finding: Finding, decisive: ReadonlySet<Finding>): Explanation {
  const { node, verdict, nextMs, found, approximate, children } = finding;
  return {
    place: node.place,
    kind: kindOf(node),
    verdict: verdict === undefined ? 'unknown' : String(verdict),
    condition: conditionWords(node),
    found,
    wanted: wantedBy(node),
    decisive: decisive.has(finding),
    nextChange: nextMs === Infinity ? undefined : formatInstant(nextMs),
    approximate,
    children: children.map((child) => toExplanation(child, decisive)),
  };
}

function kindOf(node: Node): string {
  if (node.kind === 'value') return node.leaf.kind;
  return node.kind === 'group' ? node.condition.kind : node.kind;
}

function wantedBy(node: Node): unknown {
  if (node.kind === 'segment') return true;
  if (node.kind === 'sequence') return { steps: node.condition.steps.length };
  return node.kind === 'value'
    ? Object.fromEntries(node.leaf.comparisons.map(({ operator, operand }) => [operator, operand]))
    : undefined;
}
