// Who is asked for, and what the read model knows of them: at most two rounds of point reads.
// W1 The first of profile id, user id, anonymous id and further identities (by the priority of their namespace) that is given
//    and known answers; known means an assignment, published features or a membership. Values are normalised by the identity
//    rules, and what they block or cannot read counts as absent: nobody is known under it.
// W2 An identity without an assignment is in the profile of its own node, which is computed: nothing waits for identity, and a
//    person nobody knows is one without memberships.
// W3 The reads are named here and done by the caller: a generator that yields keys and takes their contents, in order.
import type { Key } from '@tessera/contracts';
import { keyOf } from '@tessera/contracts';
import { profileId } from '@tessera/hash';
import { type CompiledIdentityRules, normalizeIdentifier, spellNode } from '@tessera/identity';
import type { AskedPerson } from './question.js';
import type { Assignment, Membership, PublishedFeatures } from './read-model.js';

export type ReadKey =
  | { readonly kind: 'assignment'; readonly key: Key }
  | { readonly kind: 'membership'; readonly key: Key }
  | { readonly kind: 'features'; readonly key: Key };

/** Content of the document under a ReadKey, of its kind; undefined where there is none or a tombstone. */
export type ReadContent = Assignment | Membership | PublishedFeatures | undefined;

export interface Person {
  readonly kind: 'person';
  readonly known: boolean;
  /** Also of a person who is not known: where they would be. */
  readonly profile: string;
  readonly memberships: ReadonlyMap<string, Membership>;
  readonly published: PublishedFeatures | undefined;
}

/** What decide works with: a person, or why there is none. */
export type PersonAnswer = Person | { readonly kind: 'unavailable' } | { readonly kind: 'timeout' };

/** Whoever is asked for by nothing that can be known. */
export const NOBODY: Person = { kind: 'person', known: false, profile: '', memberships: new Map(), published: undefined };

export interface PersonQuery {
  readonly workspace: string;
  readonly secret: string;
  readonly person: AskedPerson;
  readonly identityRules: CompiledIdentityRules;
  /** Segments to look for. */
  readonly segments: readonly string[];
}

interface Candidate {
  readonly assignment: Key | undefined;
  readonly defaultProfile: string;
}

interface Resolved {
  readonly profile: string;
  readonly assigned: boolean;
  /** Undefined: not read yet. */
  published: PublishedFeatures | undefined;
  readonly publishedRead: boolean;
}

export function* readPerson(query: PersonQuery): Generator<readonly ReadKey[], Person, readonly ReadContent[]> {
  const candidates = candidatesOf(query);
  if (candidates.length === 0) return NOBODY;
  const first = yield candidates.flatMap((candidate) => firstReads(query.workspace, candidate));
  const resolved = resolve(candidates, first);
  // Whoever comes after one who is known for certain cannot be the answer.
  const certain = resolved.findIndex((one) => one.assigned || one.published !== undefined);
  const possible = certain < 0 ? resolved : resolved.slice(0, certain + 1);
  const reads = possible.map((one) => secondReads(query, one));
  const keys = reads.flat();
  const second = keys.length === 0 ? [] : yield keys;
  return firstKnown(query, possible, reads, second);
}

/** In the order of W1. */
function candidatesOf({ workspace, secret, person, identityRules }: PersonQuery): readonly Candidate[] {
  const candidates: Candidate[] = [];
  if (person.profileId !== undefined) candidates.push({ assignment: undefined, defaultProfile: person.profileId });
  const add = (namespace: string, raw: string): void => {
    const normalized = normalizeIdentifier(raw, identityRules.namespace(namespace).normalize);
    if (normalized.kind !== 'value' || identityRules.refuses(namespace, normalized.value) !== undefined) return;
    const identity = `${namespace}:${normalized.value}`;
    // An anonymous id is no node of its own: its first spell is. A later spell of the device comes with an assignment.
    const node = namespace === 'anonymous_id' ? spellNode(identity, 0) : identity;
    candidates.push({ assignment: keyOf(workspace, 'identity', identity), defaultProfile: profileId(secret, node) });
  };
  if (person.userId !== undefined) add('user_id', person.userId);
  if (person.anonymousId !== undefined) add('anonymous_id', person.anonymousId);
  const priority = (namespace: string): number => identityRules.namespace(namespace).priority;
  const others = [...person.identities].sort(([a], [b]) => priority(a) - priority(b) || (a < b ? -1 : 1));
  for (const [namespace, value] of others) add(namespace, value);
  return candidates;
}

function firstReads(workspace: string, candidate: Candidate): readonly ReadKey[] {
  const features: ReadKey = { kind: 'features', key: keyOf(workspace, 'profile', candidate.defaultProfile) };
  return candidate.assignment === undefined ? [features] : [{ kind: 'assignment', key: candidate.assignment }, features];
}

function resolve(candidates: readonly Candidate[], contents: readonly ReadContent[]): readonly Resolved[] {
  let at = 0;
  return candidates.map((candidate) => {
    const assignment = candidate.assignment === undefined ? undefined : (contents[at++] as Assignment | undefined);
    const published = contents[at++] as PublishedFeatures | undefined;
    if (assignment === undefined || assignment.profile === candidate.defaultProfile) {
      return { profile: candidate.defaultProfile, assigned: assignment !== undefined, published, publishedRead: true };
    }
    return { profile: assignment.profile, assigned: true, published: undefined, publishedRead: false };
  });
}

function secondReads(query: PersonQuery, one: Resolved): readonly ReadKey[] {
  const reads: ReadKey[] = query.segments.map((segment) => ({
    kind: 'membership',
    key: keyOf(query.workspace, 'profile', one.profile, segment),
  }));
  if (!one.publishedRead) reads.push({ kind: 'features', key: keyOf(query.workspace, 'profile', one.profile) });
  return reads;
}

function firstKnown(
  query: PersonQuery,
  possible: readonly Resolved[],
  reads: readonly (readonly ReadKey[])[],
  contents: readonly ReadContent[],
): Person {
  let at = 0;
  let first: Person | undefined;
  for (const [i, one] of possible.entries()) {
    const own = contents.slice(at, (at += (reads[i] as readonly ReadKey[]).length));
    const memberships = new Map<string, Membership>();
    for (const [j, segment] of query.segments.entries()) {
      const membership = own[j] as Membership | undefined;
      if (membership !== undefined) memberships.set(segment, membership);
    }
    const published = one.publishedRead ? one.published : (own[query.segments.length] as PublishedFeatures | undefined);
    const known = one.assigned || published !== undefined || memberships.size > 0;
    const person: Person = { kind: 'person', known, profile: one.profile, memberships, published };
    if (known) return person;
    first ??= person;
  }
  return first ?? NOBODY;
}
