// Partials: what a fragment tells of one slot. Absolute values, mergeable in any order; plain JSON, the same in every log codec.
// `a` says that the value is approximate: a cap cut something, or old events were folded into tiles.
// `u` is the next moment (milliseconds) at which the partial changes without an event; absent when it never does.

/** Exact decimal: mantissa * 10^-scale. The mantissa is a number while it is a safe integer, else decimal text. No trailing zeros. */
export type Decimal = readonly [mantissa: number | string, scale: number];

export interface CountPartial {
  readonly n: number;
  readonly a?: true;
  readonly u?: number;
}
/** sum and mean: sum of the values and how many there were. */
export interface SumPartial {
  readonly s: Decimal;
  readonly n: number;
  readonly a?: true;
  readonly u?: number;
}
/** min and max. */
export interface ExtremePartial {
  readonly v: number;
  readonly a?: true;
  readonly u?: number;
}
/** first and last: value with its event's own time and message id. */
export interface ValuePartial {
  readonly v: string | number | boolean;
  readonly t: number;
  readonly i: string;
  readonly a?: true;
  readonly u?: number;
}
/** distinct: canonical JSON texts of the values, sorted; `a` when the cap cut some (then a lower bound). */
export interface DistinctPartial {
  readonly v: readonly string[];
  readonly a?: true;
  readonly u?: number;
}
/** trail: [own time, message id, bit mask of the selectors that match], by (time, message id); `a` when the cap cut the oldest. */
export interface TrailPartial {
  readonly e: readonly (readonly [timeMs: number, messageId: string, mask: number])[];
  readonly a?: true;
  readonly u?: number;
}

export type Partial_ = CountPartial | SumPartial | ExtremePartial | ValuePartial | DistinctPartial | TrailPartial;
