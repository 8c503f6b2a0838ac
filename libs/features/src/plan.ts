// The plan: which states a definition set needs, shared by all segments and features that ask for the same thing.
// Compiled from definitions by libs/segments; executed by this library, which knows nothing of rules.
// L1 A slot's id is a function of what it computes alone: two sets that ask for the same thing share one state.

import type { Comparison } from './comparison.js';

/** Filter on one path of an event (`properties.price`, `context.campaign.name`, `traits.plan`, `name`). All must be true. */
export interface WhereClause {
  readonly path: string;
  readonly comparisons: readonly Comparison[];
}

/** Events that a state is made of. Name of a tracked event; other calls are `$page`, `$screen`, `$identify`, `$group`, `$alias`. */
export interface EventSelector {
  readonly event: string;
  readonly where: readonly WhereClause[];
}

export type Aggregate = 'count' | 'sum' | 'min' | 'max' | 'mean' | 'first' | 'last' | 'distinct';

/** One aggregate over one window of one kind of event. */
export interface AggregateSlot {
  readonly kind: 'aggregate';
  readonly id: string;
  readonly selector: EventSelector;
  readonly aggregate: Aggregate;
  /** Path of the aggregated value; absent for count. */
  readonly of?: string;
  /** Lookback: events with own time in (t - windowMs, t]. */
  readonly windowMs?: number;
  /** Events with own time >= sinceMs. Neither bound: lifetime. */
  readonly sinceMs?: number;
}

/** The bounded, time-ordered trail of the events that the steps of a sequence name. */
export interface TrailSlot {
  readonly kind: 'trail';
  readonly id: string;
  /** Step i selects events by selectors[i]; an event may match several. */
  readonly selectors: readonly EventSelector[];
  /** Events with own time in (t - windowMs, t] are kept; absent: all, up to the cap. */
  readonly windowMs?: number;
}

export type Slot = AggregateSlot | TrailSlot;

export interface FeaturePlan {
  /** Hash of the definition set. */
  readonly hash: string;
  /** Number of the definition set in its workspace. */
  readonly set: number;
  /** Sorted by id. */
  readonly slots: readonly Slot[];
}
