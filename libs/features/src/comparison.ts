// Comparisons: what a `where` filter and a value condition may ask of one value. The registry is closed: one table, one file each family.
// C1 Three answers: true, false, undefined (unknown). A missing value (absent, or null, as in Segment traits) exists not, and
//    leaves everything else unknown; so does a value of a type that the operator cannot compare.
// C2 A test is a pure function of (value, operand, now). In a `where` filter now is the own time of the event, so that what
//    counts never changes later; in a value condition it is the time of the evaluation.
// C3 An array equals (`eq`, `in`) what one of its elements equals; `contains` asks for an element. `ne`, `nin` and
//    `notContains` are the exact opposites. All other operators leave an array unknown. The rules of types are in operators/operator.ts.
import { after, before, withinLast, withinNext } from './operators/date.js';
import { eq, ne, nin, within } from './operators/equality.js';
import { exists } from './operators/existence.js';
import { between, gt, gte, lt, lte } from './operators/order.js';
import { isMissing, NEVER, type Answer, type Operator, type Test } from './operators/operator.js';
import { contains, endsWith, matches, notContains, startsWith } from './operators/text.js';

const REGISTRY = {
  eq,
  ne,
  in: within,
  nin,
  gt,
  gte,
  lt,
  lte,
  between,
  exists,
  contains,
  notContains,
  startsWith,
  endsWith,
  matches,
  before,
  after,
  withinLast,
  withinNext,
} as const satisfies Readonly<Record<string, Operator>>;

export type OperatorName = keyof typeof REGISTRY;

export interface Comparison {
  readonly operator: OperatorName;
  /** Checked with `describeOperator(name).check` when definitions are compiled. */
  readonly operand: unknown;
}

export const OPERATOR_NAMES = Object.keys(REGISTRY) as readonly OperatorName[];

/** The operator of this name; undefined where there is none. */
export function describeOperator(name: string): Operator | undefined {
  return Object.hasOwn(REGISTRY, name) ? REGISTRY[name as OperatorName] : undefined;
}

/** Several comparisons of one value, all of which must hold. */
export interface CompiledComparisons {
  /** Kleene's `and`: false if one is false, else unknown if one is unknown. */
  test(value: unknown, nowMs: number): Answer;
  /** Next moment after nowMs at which `test` can change by time alone; Infinity for never. */
  nextChange(value: unknown, nowMs: number): number;
}

/** Operands must have passed `check`. */
export function compileComparisons(comparisons: readonly Comparison[]): CompiledComparisons {
  const tests = comparisons.map(compileOne);
  const [only] = tests;
  if (only && tests.length === 1) return only;
  return {
    test: (value, nowMs) => {
      let answer: Answer = true;
      for (const each of tests) {
        const one = each.test(value, nowMs);
        if (one === false) return false;
        if (one === undefined) answer = undefined;
      }
      return answer;
    },
    nextChange: (value, nowMs) => {
      let next = Infinity;
      for (const each of tests) next = Math.min(next, each.nextChange(value, nowMs));
      return next;
    },
  };
}

/** One comparison in words: `is at least 5`. */
export function wordsOf(comparison: Comparison): string {
  return REGISTRY[comparison.operator].words(comparison.operand);
}

function compileOne({ operator, operand }: Comparison): CompiledComparisons {
  if (operator === 'exists') return { test: REGISTRY.exists.compile(operand).test, nextChange: NEVER };
  const { test, nextChange = NEVER }: Test = REGISTRY[operator].compile(operand);
  return {
    test: (value, nowMs) => (isMissing(value) ? undefined : test(value, nowMs)),
    nextChange: (value, nowMs) => (isMissing(value) ? Infinity : nextChange(value, nowMs)),
  };
}
