// distinct: the set of different values, read as their number; 0 over no events.
// C1 At most DISTINCT_VALUES_MAX values are kept, the least by their texts: so a cut does not depend on the order of merges either.
//    From there on the number is a lower bound, and `a` says so.
import type { DistinctPartial } from '../partial.js';
import { ended, type Kind } from './kind.js';

export const DISTINCT_VALUES_MAX = 1_024;

export const distinct: Kind<DistinctPartial> = {
  merge: (a, b) => {
    const v = union(a.v, b.v);
    const cut = v.length > DISTINCT_VALUES_MAX;
    if (cut) v.length = DISTINCT_VALUES_MAX;
    return ended({ v }, a, b, cut);
  },
  read: (partial) => (partial === undefined ? 0 : partial.v.length),
};

/** Of two sorted lists, up to one value more than the cap. */
function union(a: readonly string[], b: readonly string[]): string[] {
  const values: string[] = [];
  let i = 0;
  let j = 0;
  while (values.length <= DISTINCT_VALUES_MAX) {
    const left = a[i];
    const right = b[j];
    if (left === undefined && right === undefined) break;
    if (right === undefined || (left !== undefined && left <= right)) {
      values.push(left as string);
      i++;
      if (left === right) j++;
    } else {
      values.push(right);
      j++;
    }
  }
  return values;
}
