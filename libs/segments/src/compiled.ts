// What a definition set is compiled to: once, for the stream, gRPC, backtests and the simulator alike.
// E1 `evaluate` is a pure function of the view and the time.
// E2 Between two records the verdict of a segment changes at `nextChangeMs` or later, never before it.
import type { Explanation } from '@tessera/contracts';
import type { AggregateSlot, FeaturePlan, Partial_, Scalar } from '@tessera/features';

/** true, false, or undefined: unknown (Kleene's strong three-valued logic). */
export type Verdict = boolean | undefined;

/** What an evaluation may read of a profile: the merge of its fragments. */
export interface ProfileView {
  /** Value of an aggregate slot, over no events that of its kind for none: what conditions compare. */
  value(slot: AggregateSlot): Scalar;
  /** Merged partial of a slot; undefined over no events. For trails and explanations: it may be made anew. */
  partial(slotId: string): Partial_ | undefined;
  /** Top-level trait; undefined where there is none. */
  trait(name: string): unknown;
  /** Present membership in a segment that this one depends on (evaluated earlier in the same pass). */
  member(segment: string): boolean;
}

export interface Evaluation {
  readonly verdict: Verdict;
  /** Next moment at which the verdict can change by time alone, from what is evaluated here (absence deadlines, relative dates): expiry of partials comes as records. Infinity for none. */
  readonly nextChangeMs: number;
}

export interface CompiledSegment {
  readonly name: string;
  readonly title: string;
  readonly version: number;
  /** Milliseconds that the verdict must hold before the membership follows. */
  readonly stability: { readonly enterAfterMs: number; readonly exitAfterMs: number };
  readonly unknown: 'exclude' | 'include';
  /** Names of the segments it reads. */
  readonly segments: readonly string[];
  readonly slots: readonly string[];
  /**
   * Numbers that it compares the value of a slot with, ascending: while a value is a number on the same side of each of them
   * (below, equal, above), the verdict does not change by it. A slot without an entry may matter however it changes.
   */
  readonly bounds?: ReadonlyMap<string, readonly number[]>;
  /** Top-level trait names. */
  readonly traits: readonly string[];
  evaluate(view: ProfileView, nowMs: number): Evaluation;
  /** Same verdict as `evaluate`, with the values behind each condition. */
  explain(view: ProfileView, nowMs: number): Explanation;
  /** One English sentence on the membership: what the verdict rests on, and when it can change. */
  sentence(view: ProfileView, nowMs: number, member: boolean): string;
}

/** A Feature document: a named slot, or a trait path. */
export interface NamedFeature {
  readonly name: string;
  readonly version: number;
  readonly source: { readonly kind: 'slot'; readonly slotId: string } | { readonly kind: 'trait'; readonly path: string };
}

/** A definition document after validation. */
export interface DefinitionDocument {
  readonly apiVersion: 'tessera/v1';
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly title?: string; readonly [key: string]: unknown };
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface CompiledSet {
  readonly workspace: string;
  readonly set: number;
  readonly hash: string;
  readonly plan: FeaturePlan;
  /** Dependencies before dependants. */
  readonly segments: readonly CompiledSegment[];
  /** Indexes into `segments` of those that read a slot, a trait, a segment. */
  readonly bySlot: ReadonlyMap<string, readonly number[]>;
  readonly byTrait: ReadonlyMap<string, readonly number[]>;
  readonly bySegment: ReadonlyMap<string, readonly number[]>;
  readonly features: readonly NamedFeature[];
  /** Top-level traits that Feature and Content documents name; published on `profile-features`. */
  readonly publishedTraits: readonly string[];
  /** All documents of the set, by kind then name. */
  readonly documents: ReadonlyMap<string, ReadonlyMap<string, DefinitionDocument>>;
}

/** Version of the evaluator; part of the published definition set, a process of another version stops at that record. */
export const EVALUATOR_VERSION = 1;
