// What each stage needs of a compiled set: features the plan, the graph the identity rules, segments all of it.
import {
  compileIdentityRules,
  DEFAULT_IDENTITY_RULES,
  type CompiledIdentityRules,
  type GraphDefinitions,
} from '@tessera/identity';
import type { FeaturePlan } from '@tessera/features';
import type { DefinitionSource } from '@tessera/runtime';
import type { CompiledSet } from '@tessera/segments';

const rules = new WeakMap<CompiledSet, CompiledIdentityRules>();

export function planOf(set: CompiledSet): FeaturePlan {
  return set.plan;
}

/** The rules of a set, or those in force where none are defined. */
export function identityRulesOf(set: CompiledSet | undefined): CompiledIdentityRules {
  const document = set && [...(set.documents.get('IdentityRules')?.values() ?? [])][0];
  if (!set || !document) return DEFAULT_IDENTITY_RULES;
  let compiled = rules.get(set);
  if (!compiled) {
    const outcome = compileIdentityRules(document.spec);
    if (outcome.kind !== 'compiled') throw new Error(`the identity rules of set ${String(set.set)} do not compile here`);
    compiled = outcome.rules;
    rules.set(set, compiled);
  }
  return compiled;
}

export function graphDefinitionsOf(set: CompiledSet): GraphDefinitions {
  return { identityRules: identityRulesOf(set) };
}

/** A source of views of compiled sets. */
export function viewed<View>(source: DefinitionSource<CompiledSet>, view: (set: CompiledSet) => View): DefinitionSource<View> {
  return { load: async (workspace, hash) => view(await source.load(workspace, hash)) };
}

/** The view that a stage of this name works with. */
export function viewFor(stage: string): (set: CompiledSet) => unknown {
  if (stage === 'features') return planOf;
  return stage === 'graph' ? graphDefinitionsOf : (set) => set;
}
