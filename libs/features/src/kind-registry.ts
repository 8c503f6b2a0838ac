// The feature kinds: one table, one file each. What a profile knows of a slot is the merge of its fragments' partials, and is read here.
// R1 The merge of none is absent, and an absent partial is what no events give; the merge of one is that one.
// R2 A partial has the form of its slot's kind: whoever writes partials sees to it, nothing checks it again.
import { count } from './kinds/count.js';
import { distinct } from './kinds/distinct.js';
import { first } from './kinds/first.js';
import type { Kind, Scalar } from './kinds/kind.js';
import { last } from './kinds/last.js';
import { max } from './kinds/max.js';
import { mean } from './kinds/mean.js';
import { min } from './kinds/min.js';
import { sum } from './kinds/sum.js';
import { trail } from './kinds/trail.js';
import type { Partial_, TrailPartial } from './partial.js';
import type { Aggregate, AggregateSlot, Slot } from './plan.js';

const AGGREGATES = { count, sum, mean, min, max, first, last, distinct } as const satisfies Readonly<Record<Aggregate, unknown>>;

export interface FeatureValue {
  /** The value of an aggregate, the events of a trail; undefined where there is none. */
  readonly value: Scalar | TrailPartial['e'];
  /** A cap was reached (`distinct` is then a lower bound, a trail lacks its oldest events), or old events leave in tiles. */
  readonly approximate: boolean;
  /** Next moment, milliseconds since the epoch, at which time alone may change the value; Infinity for never. */
  readonly nextChangeMs: number;
}

/** Any order of the partials, and any grouping, gives the same result. */
export function mergePartials(slot: Slot, partials: readonly Partial_[]): Partial_ | undefined {
  let merged = partials[0];
  if (merged === undefined || partials.length === 1) return merged;
  const { merge } = kindOf(slot);
  for (let i = 1; i < partials.length; i++) merged = merge(merged, partials[i] as Partial_);
  return merged;
}

export function valueOf(slot: Slot, partial: Partial_ | undefined): FeatureValue {
  return {
    value: kindOf(slot).read(partial),
    approximate: partial?.a === true,
    nextChangeMs: partial?.u ?? Infinity,
  };
}

/** The value alone, for conditions: chosen when they are compiled, allocates nothing when it is read. */
export function readerOf(slot: AggregateSlot): (partial: Partial_ | undefined) => Scalar {
  return (AGGREGATES[slot.aggregate] as Kind<Partial_>).read;
}

function kindOf(slot: Slot): Kind<Partial_, FeatureValue['value']> {
  return (slot.kind === 'trail' ? trail : AGGREGATES[slot.aggregate]) as Kind<Partial_, FeatureValue['value']>;
}
