// What a feature kind is: a commutative monoid of partials, whose identity is the absent partial, and a reading of it.
// K1 merge is commutative and associative, and equal partials come out as equal bytes: the merge of fragments is a function of their set.
// K2 `u` of a merge is the least of the parts' `u`: that part changes then, whether or not the merge does.
// K3 `a` of a merge is set when a part has it: what one fragment only nearly knows, the profile only nearly knows.
// K4 merge never changes its arguments: the parts stay what they are when a merge is undone.
import type { Partial_ } from '../partial.js';

/** The value of an aggregate; undefined where there is none. */
export type Scalar = number | string | boolean | undefined;

export interface Kind<P extends Partial_, V = Scalar> {
  merge(a: P, b: P): P;
  /** The value; of an absent partial that over no events. */
  read(partial: P | undefined): V;
}

/** Ends a fresh partial with `a` and `u`, in their one order; absent rather than undefined, so that equal merges are equal bytes. */
export function ended<P extends Partial_>(fresh: P, a: P, b: P, cut = false): P {
  const partial: { a?: true; u?: number } = fresh;
  const u = soonest(a, b);
  if (cut || a.a === true || b.a === true) partial.a = true;
  if (u !== undefined) partial.u = u;
  return fresh;
}

/** The next change of a merge of two. */
function soonest(a: Partial_, b: Partial_): number | undefined {
  if (a.u === undefined) return b.u;
  return b.u === undefined || a.u < b.u ? a.u : b.u;
}
