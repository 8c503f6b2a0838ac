// Definitions after reading: typed, valid and canonical. Made by the readers beside this file, consumed by compile.ts.
// G1 Canonical: spellings that mean the same give equal models (24h and 1d, a bare scalar and { eq: scalar }, any order of keys).
import type { Aggregate, Comparison, EventSelector } from '@tessera/features';

/** Which events count: all, those of a lookback (t - windowMs, t], those from sinceMs on. */
export type Window =
  | { readonly kind: 'lifetime' }
  | { readonly kind: 'within'; readonly windowMs: number }
  | { readonly kind: 'since'; readonly sinceMs: number };

/** An aggregate; `of` is absent for count. */
export interface Measure {
  readonly aggregate: Aggregate;
  readonly of?: string;
}

export interface MeasureTest extends Measure {
  readonly place: string;
  readonly comparisons: readonly Comparison[];
}

export interface EventCondition {
  readonly kind: 'event';
  readonly place: string;
  readonly selector: EventSelector;
  readonly window: Window;
  /** All must hold; at least one. */
  readonly tests: readonly MeasureTest[];
}

/** The moment of an event step is its event's own time; of an absence, the end of its interval. */
export interface Step {
  readonly kind: 'event' | 'absence';
  readonly selector: EventSelector;
  /** From the moment of the step before, [a, a + withinMs); always there for an absence. */
  readonly withinMs?: number;
}

export interface SequenceCondition {
  readonly kind: 'sequence';
  readonly place: string;
  readonly steps: readonly Step[];
  /** The whole match lies in (t - windowMs, t]. */
  readonly windowMs?: number;
}

export interface TraitCondition {
  readonly kind: 'trait';
  readonly place: string;
  readonly path: string;
  readonly comparisons: readonly Comparison[];
}

export interface FeatureCondition {
  readonly kind: 'feature';
  readonly place: string;
  readonly feature: string;
  readonly comparisons: readonly Comparison[];
}

export interface SegmentCondition {
  readonly kind: 'segment';
  readonly place: string;
  readonly segment: string;
}

export type Condition =
  | { readonly kind: 'all' | 'any'; readonly place: string; readonly children: readonly Condition[] }
  | { readonly kind: 'not'; readonly place: string; readonly child: Condition }
  | EventCondition
  | SequenceCondition
  | TraitCondition
  | FeatureCondition
  | SegmentCondition;

/** A name that must exist in the set. */
export interface Reference {
  readonly kind: 'Segment' | 'Feature' | 'Content';
  readonly name: string;
  readonly place: string;
}

export interface SegmentModel {
  readonly kind: 'Segment';
  readonly when: Condition;
  readonly stability: { readonly enterAfterMs: number; readonly exitAfterMs: number };
  readonly unknown: 'exclude' | 'include';
}

export type FeatureModel =
  | { readonly kind: 'Feature'; readonly source: 'trait'; readonly path: string }
  | {
      readonly kind: 'Feature';
      readonly source: 'events';
      readonly selector: EventSelector;
      readonly window: Window;
      readonly measure: Measure;
    };

export interface ContentModel {
  readonly kind: 'Content';
  /** What its templates read. */
  readonly traits: readonly string[];
  readonly features: readonly Reference[];
}

export interface SlotModel {
  readonly kind: 'Slot';
  readonly rules: readonly { readonly segment: string; readonly content: string }[];
  readonly fallback: string;
  readonly references: readonly Reference[];
}

export interface IdentityRulesModel {
  readonly kind: 'IdentityRules';
}

export type DefinitionModel = SegmentModel | FeatureModel | ContentModel | SlotModel | IdentityRulesModel;
