// What a definition set says about slots, ready to decide with: made once when a set becomes active.
// S1 Precedence: the rules of a slot in the order of its document, the first that applies wins; then the slot's fallback. A rule
//    applies to the members of its segment, a rule without a segment to everyone. Slots do not see each other.
// S2 A Content that cannot be compiled is kept with its problem: it fails where it is used, as a render error, never the set.
// S3 Compiled payloads are shared between sets by the hash of their text, the last 1,000 of them.
import type { CompiledSet } from '@tessera/segments';
import { sha256 } from '@tessera/hash';
import { type CompiledIdentityRules, DEFAULT_IDENTITY_RULES, compileIdentityRules } from '@tessera/identity';
import { type Payload, compilePayload } from './payload.js';

export interface ContentPlan {
  readonly name: string;
  readonly compiled: CompiledContent;
}

export type CompiledContent =
  { readonly kind: 'payload'; readonly payload: Payload } | { readonly kind: 'problem'; readonly problem: string };

export interface RulePlan {
  /** Undefined: the rule applies to everyone. */
  readonly segment: string | undefined;
  /** False where the set holds no such segment: nobody is a member. */
  readonly segmentDefined: boolean;
  readonly content: ContentPlan;
}

export interface SlotPlan {
  readonly rules: readonly RulePlan[];
  readonly fallback: ContentPlan | undefined;
}

export interface DecisionPlan {
  readonly set: number;
  readonly hash: string;
  readonly slots: ReadonlyMap<string, SlotPlan>;
  /** How identifiers are spelled and ranked: the same rules that ingestion chose the sender by. */
  readonly identityRules: CompiledIdentityRules;
}

/** The part of a compiled set that decisions read. */
export type DecisionDefinitions = Pick<CompiledSet, 'set' | 'hash' | 'documents'> & {
  readonly segments: readonly Pick<CompiledSet['segments'][number], 'name'>[];
};

const CONTENTS_MAX = 1_000;

export class PayloadCache {
  private readonly byHash = new Map<string, CompiledContent>();

  compile(payload: unknown): CompiledContent {
    const hash = sha256(JSON.stringify(payload) ?? '');
    const known = this.byHash.get(hash);
    // Taken out and put in again: a Map is in the order of insertion, so the first key is the one unused for longest.
    this.byHash.delete(hash);
    const compiled = known ?? compile(payload);
    this.byHash.set(hash, compiled);
    if (this.byHash.size > CONTENTS_MAX) this.byHash.delete(this.byHash.keys().next().value as string);
    return compiled;
  }

  get size(): number {
    return this.byHash.size;
  }
}

export function planOf(definitions: DecisionDefinitions, cache: PayloadCache): DecisionPlan {
  const segments = new Set(definitions.segments.map((segment) => segment.name));
  const contents = definitions.documents.get('Content');
  const content = (name: string): ContentPlan => {
    const document = contents?.get(name);
    return document === undefined
      ? { name, compiled: { kind: 'problem', problem: `the set holds no Content ${name}` } }
      : { name, compiled: cache.compile(document.spec['payload']) };
  };
  const slots = new Map<string, SlotPlan>();
  for (const [name, document] of definitions.documents.get('Slot') ?? []) {
    const spec = document.spec as { rules?: readonly SlotRule[]; fallback?: string };
    slots.set(name, {
      rules: (spec.rules ?? []).map((rule) => ({
        segment: rule.segment,
        segmentDefined: rule.segment === undefined || segments.has(rule.segment),
        content: content(rule.content),
      })),
      fallback: spec.fallback === undefined ? undefined : content(spec.fallback),
    });
  }
  return { set: definitions.set, hash: definitions.hash, slots, identityRules: identityRulesOf(definitions) };
}

/** Problem of the payload of a Content document; undefined for a good one. For checks before a set is applied. */
export function payloadProblem(payload: unknown): string | undefined {
  const compiled = compile(payload);
  return compiled.kind === 'problem' ? compiled.problem : undefined;
}

/** Segments that the rules of these slots name. */
export function segmentsOf(plan: DecisionPlan, slots: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const slot of slots) {
    for (const rule of plan.slots.get(slot)?.rules ?? []) {
      if (rule.segment !== undefined && rule.segmentDefined) names.add(rule.segment);
    }
  }
  return [...names];
}

interface SlotRule {
  readonly segment?: string;
  readonly content: string;
}

function compile(payload: unknown): CompiledContent {
  try {
    return { kind: 'payload', payload: compilePayload(payload) };
  } catch (error) {
    return { kind: 'problem', problem: error instanceof Error ? error.message : String(error) };
  }
}

function identityRulesOf(definitions: DecisionDefinitions): CompiledIdentityRules {
  const document = definitions.documents.get('IdentityRules')?.get('default');
  const compiled = compileIdentityRules(document?.spec ?? {});
  // Refused rules do not get into a set; should one, identifiers go by the defaults rather than not at all.
  return compiled.kind === 'compiled' ? compiled.rules : DEFAULT_IDENTITY_RULES;
}
