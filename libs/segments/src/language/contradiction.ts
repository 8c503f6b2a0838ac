// Comparisons of one value that can never hold together. Sound, not complete: what is found here holds for no value at all.
// N1 An array equals what one of its elements equals, so for any value `eq: a` with `in: [b]` may hold; for a number it cannot,
//    nor beside an operator of order, which leaves an array unknown.
import { parseInstant } from '@tessera/time';
import type { Comparison, OperatorName } from '@tessera/features';

export interface Contradiction {
  readonly problem: string;
  readonly suggestion: string;
}

interface Bound {
  readonly value: number;
  readonly strict: boolean;
  readonly words: string;
  /** From an operator of order, not from a choice. */
  readonly order: boolean;
}

export function contradictionIn(
  comparisons: readonly Comparison[],
  subject: 'count' | 'number' | 'value',
): Contradiction | undefined {
  const operands = new Map(comparisons.map(({ operator, operand }) => [operator, operand]));
  if (operands.get('exists') === false && operands.size > 1) {
    return {
      problem: 'a missing value meets no other comparison',
      suggestion: 'use any: with { exists: false } and the rest as two conditions',
    };
  }
  return boundsContradict(comparisons, subject) ?? choicesContradict(operands, comparisons, subject) ?? datesContradict(operands);
}

function boundsContradict(comparisons: readonly Comparison[], subject: string): Contradiction | undefined {
  const low = highest(comparisons);
  const high = lowest(comparisons);
  if (high !== undefined && subject === 'count' && (high.value < 0 || (high.value === 0 && high.strict))) {
    return { problem: 'a count is never below 0', suggestion: 'use lte: 0 for none' };
  }
  if (low === undefined || high === undefined) return undefined;
  const ordered = comparisons.some(({ operator }) => ORDERS.has(operator));
  if (subject === 'value' && !ordered) return undefined;
  const { low: least, high: most } = subject === 'count' ? whole(low, high) : { low, high };
  if (least.value < most.value || (least.value === most.value && !least.strict && !most.strict)) return undefined;
  const problem = `nothing is ${low.words} and ${high.words}`;
  if (!low.order || !high.order) return { problem, suggestion: 'remove one of the two' };
  if (low.value === high.value || least.value !== low.value)
    return { problem, suggestion: 'use gte and lte to include the ends' };
  return {
    problem,
    suggestion: `swap them: { gte: ${String(high.value)}, lte: ${String(low.value)} }, or use any: for what lies outside`,
  };
}

/** For whole numbers `gt: 2` is `gte: 3`. */
function whole(low: Bound, high: Bound): { readonly low: Bound; readonly high: Bound } {
  return {
    low: low.strict ? { ...low, value: low.value + 1, strict: false } : low,
    high: high.strict ? { ...high, value: high.value - 1, strict: false } : high,
  };
}

function highest(comparisons: readonly Comparison[]): Bound | undefined {
  return pick(
    comparisons.flatMap((comparison) => boundOf(comparison, 'low')),
    (a, b) => a.value - b.value || Number(a.strict) - Number(b.strict),
  );
}

function lowest(comparisons: readonly Comparison[]): Bound | undefined {
  return pick(
    comparisons.flatMap((comparison) => boundOf(comparison, 'high')),
    (a, b) => b.value - a.value || Number(a.strict) - Number(b.strict),
  );
}

function pick(bounds: readonly Bound[], order: (a: Bound, b: Bound) => number): Bound | undefined {
  return bounds.reduce<Bound | undefined>(
    (best, bound) => (best === undefined || order(bound, best) > 0 ? bound : best),
    undefined,
  );
}

const ORDERS: ReadonlySet<OperatorName> = new Set(['gt', 'gte', 'lt', 'lte', 'between']);
const LOW: Partial<Record<OperatorName, string>> = { gt: 'more than', gte: 'at least' };
const HIGH: Partial<Record<OperatorName, string>> = { lt: 'less than', lte: 'at most' };

function boundOf({ operator, operand }: Comparison, side: 'low' | 'high'): readonly Bound[] {
  const words = (side === 'low' ? LOW : HIGH)[operator];
  if (words !== undefined) {
    return [
      {
        value: operand as number,
        strict: operator === 'gt' || operator === 'lt',
        words: `${words} ${String(operand)}`,
        order: true,
      },
    ];
  }
  if (operator === 'between') {
    const value = (operand as readonly number[])[side === 'low' ? 0 : 1] as number;
    return [{ value, strict: false, words: `${side === 'low' ? 'at least' : 'at most'} ${String(value)}`, order: true }];
  }
  const choices = operator === 'eq' ? [operand] : operator === 'in' ? (operand as readonly unknown[]) : [];
  if (choices.length === 0 || !choices.every((choice) => typeof choice === 'number')) return [];
  const value = choices.reduce<number>((a, b) => (side === 'low' ? Math.min(a, b) : Math.max(a, b)), choices[0] as number);
  return [
    {
      value,
      strict: false,
      words: operator === 'eq' ? `equal to ${String(value)}` : `one of ${choices.join(', ')}`,
      order: false,
    },
  ];
}

function choicesContradict(
  operands: ReadonlyMap<OperatorName, unknown>,
  comparisons: readonly Comparison[],
  subject: string,
): Contradiction | undefined {
  const refused = new Set<unknown>([
    ...(operands.has('ne') ? [operands.get('ne')] : []),
    ...((operands.get('nin') as readonly unknown[] | undefined) ?? []),
  ]);
  const wanted = operands.has('eq') ? [operands.get('eq')] : (operands.get('in') as readonly unknown[] | undefined);
  if (wanted === undefined) return undefined;
  if (wanted.every((value) => refused.has(value))) {
    return { problem: 'every value it asks for is also refused', suggestion: 'remove one of the two' };
  }
  if (subject === 'value') return undefined;
  const left = wanted.filter(
    (value) => !refused.has(value) && comparisons.every((comparison) => numberMeets(value as number, comparison)),
  );
  return left.length > 0
    ? undefined
    : { problem: 'no number meets all of them', suggestion: 'remove the comparison that is too much' };
}

function numberMeets(value: number, { operator, operand }: Comparison): boolean {
  switch (operator) {
    case 'eq':
      return value === operand;
    case 'in':
      return (operand as readonly unknown[]).includes(value);
    case 'gt':
      return value > (operand as number);
    case 'gte':
      return value >= (operand as number);
    case 'lt':
      return value < (operand as number);
    case 'lte':
      return value <= (operand as number);
    case 'between':
      return value >= ((operand as readonly number[])[0] as number) && value <= ((operand as readonly number[])[1] as number);
    default:
      return true;
  }
}

function datesContradict(operands: ReadonlyMap<OperatorName, unknown>): Contradiction | undefined {
  if (!operands.has('before') || !operands.has('after')) return undefined;
  const before = parseInstant(operands.get('before') as string) as number;
  const after = parseInstant(operands.get('after') as string) as number;
  if (after + 1 < before) return undefined;
  return {
    problem: `nothing is before ${String(operands.get('before'))} and after ${String(operands.get('after'))}`,
    suggestion: after > before ? 'swap them' : 'leave a time between them',
  };
}
