// From a condition to closures over a profile: Kleene's strong three-valued logic, and the next moment of change beside it.
// E1 An evaluator returns the verdict and leaves in `outcome.nextMs` a moment before which time alone does not change it.
// E2 A false part decides `all` for as long as it stays false, so of several the one that holds longest counts; while no part
//    is false any of them may change the verdict. `any` is the mirror image.
// E3 The common path allocates nothing and stops at the first part that decides for ever.
import {
  compileComparisons,
  compilePath,
  describeOperator,
  type AggregateSlot,
  type Comparison,
  type TrailPartial,
} from '@tessera/features';
import type { Evaluation, NamedFeature, ProfileView, Verdict } from '../compiled.js';
import type { Condition, EventCondition, MeasureTest, SequenceCondition } from './model.js';
import { compileSequence, type SequenceAnswer } from './sequence-match.js';
import { aggregateSlot, trailSlot } from './slots.js';

/** The second result of an evaluator. */
export interface Outcome {
  nextMs: number;
}

export type Evaluator = (view: ProfileView, nowMs: number, outcome: Outcome) => Verdict;

/** What a value condition compares, and where it comes from. */
export interface ValueLeaf {
  readonly kind: 'event' | 'trait' | 'feature';
  readonly condition: Condition;
  /** The part of an event condition; absent for the others. */
  readonly test?: MeasureTest;
  /** Absent for a trait. */
  readonly slot?: AggregateSlot;
  /** Absent for a slot. */
  readonly trait?: string;
  readonly comparisons: readonly Comparison[];
  read(view: ProfileView): unknown;
}

export type Node = {
  readonly place: string;
  readonly evaluate: Evaluator;
} & (
  | { readonly kind: 'group'; readonly condition: Condition; readonly combine: 'all' | 'any'; readonly children: readonly Node[] }
  | { readonly kind: 'not'; readonly condition: Condition; readonly child: Node }
  | { readonly kind: 'value'; readonly leaf: ValueLeaf }
  | { readonly kind: 'sequence'; readonly condition: SequenceCondition; readonly slotId: string }
  | { readonly kind: 'segment'; readonly segment: string }
);

/** A Feature of the set, as conditions read it. */
export interface FeatureSource {
  readonly source: NamedFeature['source'];
  /** Absent for a trait. */
  readonly slot?: AggregateSlot;
}

const TRUE: Evaluation = { verdict: true, nextChangeMs: Infinity };
const FALSE: Evaluation = { verdict: false, nextChangeMs: Infinity };
const UNKNOWN: Evaluation = { verdict: undefined, nextChangeMs: Infinity };

/** The evaluation of a root. Constants are shared where time alone changes nothing. */
export function compileEvaluation(root: Node): (view: ProfileView, nowMs: number) => Evaluation {
  const { evaluate } = root;
  const outcome: Outcome = { nextMs: Infinity };
  return (view, nowMs) => {
    const verdict = evaluate(view, nowMs, outcome);
    if (outcome.nextMs !== Infinity) return { verdict, nextChangeMs: outcome.nextMs };
    return verdict === true ? TRUE : verdict === false ? FALSE : UNKNOWN;
  };
}

/** `features` holds every feature that the condition names. */
export function compileNode(condition: Condition, features: ReadonlyMap<string, FeatureSource>): Node {
  switch (condition.kind) {
    case 'all':
    case 'any': {
      const children = condition.children.map((child) => compileNode(child, features));
      return group(condition, condition.kind, children);
    }
    case 'not': {
      const child = compileNode(condition.child, features);
      return { kind: 'not', place: condition.place, condition, child, evaluate: negation(child.evaluate) };
    }
    case 'event':
      return compileEvent(condition);
    case 'sequence':
      return compileTrail(condition);
    case 'trait':
      return value(condition.place, {
        kind: 'trait',
        condition,
        trait: condition.path,
        comparisons: condition.comparisons,
        read: traitReader(condition.path),
      });
    case 'feature': {
      const { source, slot } = features.get(condition.feature) as FeatureSource;
      const read = slot === undefined ? traitReader((source as { path: string }).path) : slotReader(slot);
      const from = slot === undefined ? { trait: (source as { path: string }).path } : { slot };
      return value(condition.place, { kind: 'feature', condition, ...from, comparisons: condition.comparisons, read });
    }
    case 'segment': {
      const { segment, place } = condition;
      return { kind: 'segment', place, segment, evaluate: membershipOf(segment) };
    }
  }
}

function compileEvent(condition: EventCondition): Node {
  const leaves = condition.tests.map((test) => {
    const slot = aggregateSlot(condition.selector, test, condition.window);
    return value(test.place, { kind: 'event', condition, test, slot, comparisons: test.comparisons, read: slotReader(slot) });
  });
  return leaves.length === 1 ? (leaves[0] as Node) : group(condition, 'all', leaves);
}

function compileTrail(condition: SequenceCondition): Node {
  const slotId = trailSlot(condition).id;
  const match = compileSequence(condition.steps, condition.windowMs);
  const answer: SequenceAnswer = { verdict: false, nextChangeMs: Infinity };
  const evaluate: Evaluator = (view, nowMs, outcome) => {
    match(view.partial(slotId) as TrailPartial | undefined, nowMs, answer);
    outcome.nextMs = answer.nextChangeMs;
    return answer.verdict;
  };
  return { kind: 'sequence', place: condition.place, condition, slotId, evaluate };
}

function value(place: string, leaf: ValueLeaf): Node {
  const { read, comparisons } = leaf;
  const { test, nextChange } = compileComparisons(comparisons);
  const timed = comparisons.some(
    ({ operator, operand }) => describeOperator(operator)?.compile(operand).nextChange !== undefined,
  );
  const evaluate: Evaluator = timed
    ? (view, nowMs, outcome) => {
        const found = read(view);
        outcome.nextMs = nextChange(found, nowMs);
        return test(found, nowMs);
      }
    : (view, nowMs, outcome) => {
        outcome.nextMs = Infinity;
        return test(read(view), nowMs);
      };
  return { kind: 'value', place, leaf, evaluate };
}

function slotReader(slot: AggregateSlot): (view: ProfileView) => unknown {
  return (view) => view.value(slot);
}

/** The top-level trait is one value with one last write; the rest of the path leads into it. */
function traitReader(path: string): (view: ProfileView) => unknown {
  const dot = path.indexOf('.');
  if (dot < 0) return (view) => view.trait(path);
  const top = path.slice(0, dot);
  const rest = compilePath(path.slice(dot + 1));
  return (view) => rest(view.trait(top));
}

function membershipOf(segment: string): Evaluator {
  return (view, _nowMs, outcome) => {
    outcome.nextMs = Infinity;
    return view.member(segment);
  };
}

function group(condition: Condition, combine: 'all' | 'any', children: readonly Node[]): Node {
  const evaluators = children.map(({ evaluate }) => evaluate);
  const evaluate = combination(evaluators, combine === 'any');
  return { kind: 'group', place: condition.place, condition, combine, children, evaluate };
}

function negation(inner: Evaluator): Evaluator {
  return (view, nowMs, outcome) => {
    const verdict = inner(view, nowMs, outcome);
    return verdict === undefined ? undefined : !verdict;
  };
}

/** `deciding` is the verdict of a part that decides the whole: false for all, true for any. */
function combination(parts: readonly Evaluator[], deciding: boolean): Evaluator {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return (view, nowMs, outcome) => {
    let verdict: Verdict = !deciding;
    let soonestMs = Infinity;
    let decidedMs = -Infinity;
    for (let i = 0; i < parts.length; i++) {
      const one = (parts[i] as Evaluator)(view, nowMs, outcome);
      if (one === deciding) {
        if (outcome.nextMs === Infinity) return deciding;
        verdict = deciding;
        if (outcome.nextMs > decidedMs) decidedMs = outcome.nextMs;
      } else if (verdict !== deciding) {
        if (one === undefined) verdict = undefined;
        if (outcome.nextMs < soonestMs) soonestMs = outcome.nextMs;
      }
    }
    outcome.nextMs = verdict === deciding ? decidedMs : soonestMs;
    return verdict;
  };
}
