// The numbers that a condition compares a slot's number with. The stage leaves a segment alone while a value moves between two of
// them: most events move a count or a sum past no bound of most segments.
// B1 While a slot's value is a number on the same side of each of its bounds (below, equal, above), the verdict does not change by it.
// B2 A slot that is read in any other way (a trail, a date, a text) has no entry: any change may matter.
import type { OperatorName } from '@tessera/features';
import type { Node, ValueLeaf } from './evaluate.js';

/** Their answer on a number follows from its order to the numbers among their operands; `exists` has the same for every number. */
const COMPARES_NUMBERS: ReadonlySet<OperatorName> = new Set<OperatorName>([
  'eq',
  'ne',
  'in',
  'nin',
  'gt',
  'gte',
  'lt',
  'lte',
  'between',
  'exists',
]);

/** Bounds by slot, ascending, each once. */
export function boundsOf(root: Node): ReadonlyMap<string, readonly number[]> {
  const bounds = new Map<string, Set<number>>();
  const unbounded = new Set<string>();
  const visit = (node: Node): void => {
    if (node.kind === 'group') node.children.forEach(visit);
    else if (node.kind === 'not') visit(node.child);
    else if (node.kind === 'sequence') unbounded.add(node.slotId);
    else if (node.kind === 'value' && node.leaf.slot !== undefined) {
      const { id } = node.leaf.slot;
      const found = numbersIn(node.leaf);
      if (found === undefined) unbounded.add(id);
      else bounds.set(id, new Set([...(bounds.get(id) ?? []), ...found]));
    }
  };
  visit(root);
  return new Map([...bounds].filter(([id]) => !unbounded.has(id)).map(([id, found]) => [id, [...found].sort((a, b) => a - b)]));
}

/** undefined where a comparison asks for more than order and equality. */
function numbersIn({ comparisons }: ValueLeaf): readonly number[] | undefined {
  const numbers: number[] = [];
  for (const { operator, operand } of comparisons) {
    if (!COMPARES_NUMBERS.has(operator)) return undefined;
    for (const each of [operand].flat()) if (typeof each === 'number') numbers.push(each);
  }
  return numbers;
}
