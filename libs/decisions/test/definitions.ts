// Definition sets for the tests, from documents in the form of the interface page.
import type { DefinitionDocument } from '@tessera/segments';
import { type DecisionDefinitions, type DecisionPlan, PayloadCache, planOf } from '../src/slots.js';
import type { Membership, PublishedFeatures } from '../src/read-model.js';
import type { Person } from '../src/person.js';

export interface SetSketch {
  readonly set?: number;
  readonly segments?: readonly string[];
  /** Payload by name of the Content. */
  readonly contents?: Readonly<Record<string, unknown>>;
  readonly slots?: Readonly<
    Record<
      string,
      { readonly rules?: readonly { readonly segment?: string; readonly content: string }[]; readonly fallback?: string }
    >
  >;
}

export function definitionsOf(sketch: SetSketch): DecisionDefinitions {
  const documents = new Map<string, Map<string, DefinitionDocument>>();
  const put = (kind: string, name: string, spec: Record<string, unknown>): void => {
    const ofKind = documents.get(kind) ?? new Map<string, DefinitionDocument>();
    documents.set(kind, ofKind.set(name, { apiVersion: 'tessera/v1', kind, metadata: { name }, spec }));
  };
  for (const [name, payload] of Object.entries(sketch.contents ?? {})) put('Content', name, { payload });
  for (const [name, slot] of Object.entries(sketch.slots ?? {})) put('Slot', name, { ...slot });
  const set = sketch.set ?? 7;
  return { set, hash: `hash-${String(set)}`, documents, segments: (sketch.segments ?? []).map((name) => ({ name })) };
}

export function planFor(sketch: SetSketch): DecisionPlan {
  return planOf(definitionsOf(sketch), new PayloadCache());
}

export interface PersonSketch {
  readonly segments?: readonly string[];
  readonly traits?: Readonly<Record<string, unknown>>;
  readonly features?: Readonly<Record<string, unknown>>;
  readonly known?: boolean;
}

export const ENTERED_MS = Date.UTC(2026, 0, 5, 9, 30);

export function personOf({ segments = [], traits = {}, features = {}, known = true }: PersonSketch): Person {
  const membership: Membership = { enteredAtMs: ENTERED_MS, sequence: 1, pending: false };
  const published: PublishedFeatures = { asOfMs: ENTERED_MS, features, traits, approximate: [], consent: {} };
  return {
    kind: 'person',
    known,
    profile: 'p_someone',
    memberships: new Map(segments.map((segment) => [segment, membership])),
    published: known ? published : undefined,
  };
}
