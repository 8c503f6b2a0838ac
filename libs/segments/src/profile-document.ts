// The document of one profile: a view over the fragments that are present in it, and the path of its memberships.
// P1 A fragment is known by its last version; a version that is not newer changes nothing. What left leaves its version behind,
//    under a keyed name and without its data: a fragment's id holds an identifier.
// P2 Without a present fragment the document is a tombstone: sequence, versions and times, no personal data.
// P3 The sequence rises by one with each record of changes and is never reset.
// P4 Fields under "derived" follow from the others and are never encoded.
import { partsOf, type Key, type TraitValue, type Version } from '@tessera/contracts';
import type { Consent } from '@tessera/consent';
import type { Partial_ } from '@tessera/features';
import type { Merged } from './merge-view.js';
import { pathDueMs, type PathState } from './membership.js';
import type { PendingPath } from './path-pending.js';

/** What one fragment has told, with the version it told it under. */
export interface Fragment {
  readonly id: string;
  generation: number;
  offset: number;
  index: number;
  readonly partials: Map<string, Partial_>;
  readonly traits: Map<string, TraitValue>;
  /** undefined until there is a choice: maps that most people never fill are a third of a profile's memory. */
  consent: Consent | undefined;
  /** Slots that a set later than the active one needs, by the set under which they came (see slot-keeping.ts). */
  early: Map<string, number> | undefined;
}

export interface ProfileDocument {
  readonly key: Key;
  readonly workspace: string;
  readonly profile: string;
  sequence: number;
  /** Effective time of the last thing that happened; it never goes back. */
  effectiveMs: number;
  /** Definition set that the memberships were evaluated under; 0 and '' for none. */
  set: number;
  hash: string;
  /** Hash of what was last published on `profile-features`; 0 for nothing. */
  published: number;
  readonly fragments: Map<string, Fragment>;
  /** Versions of what left, by keyed name. */
  departed: Map<string, Version> | undefined;
  /** Segments that `paths` stands beside: those of the set it was evaluated under (after decoding: those that were stored). */
  names: readonly string[];
  /** Path state by place in `names`; undefined where a segment was never touched. */
  paths: (PathState | undefined)[];
  /** Path state is being folded again after an un-merge. */
  pending: PendingPath | undefined;

  // Derived.
  /** The present fragment, when there is exactly one: nothing is merged or copied then. */
  only: Fragment | undefined;
  /** The merge of several present fragments; undefined while it is not computed. */
  merged: Merged | undefined;
  dueMs: number;
}

const NO_NAMES: readonly string[] = [];

export function createProfile(key: Key): ProfileDocument {
  const { workspace, id } = partsOf(key);
  return {
    key,
    workspace,
    profile: id,
    sequence: 0,
    effectiveMs: 0,
    set: 0,
    hash: '',
    published: 0,
    fragments: new Map(),
    departed: undefined,
    names: NO_NAMES,
    paths: [],
    pending: undefined,
    only: undefined,
    merged: undefined,
    dueMs: Infinity,
  };
}

export function createFragment(id: string): Fragment {
  return {
    id,
    generation: 0,
    offset: -1,
    index: 0,
    partials: new Map(),
    traits: new Map(),
    consent: undefined,
    early: undefined,
  };
}

/** The set of present fragments changed: what is derived from it is derived anew. */
export function fragmentsChanged(document: ProfileDocument): void {
  const { fragments } = document;
  document.merged = undefined;
  document.only = undefined;
  if (fragments.size === 1) for (const fragment of fragments.values()) document.only = fragment;
}

/** Derives the next due time from all paths. */
export function reschedule(document: ProfileDocument): void {
  let due = Infinity;
  for (const path of document.paths) {
    const one = path === undefined ? Infinity : pathDueMs(path);
    if (one < due) due = one;
  }
  document.dueMs = due;
}

/** Puts the paths beside the segments of another set; returns those whose segments are gone, by name. */
export function alignPaths(
  document: ProfileDocument,
  names: readonly string[],
  byName: ReadonlyMap<string, number>,
): ReadonlyMap<string, PathState> {
  const gone = new Map<string, PathState>();
  const before = document.paths;
  document.paths = new Array<PathState | undefined>(names.length).fill(undefined);
  before.forEach((path, i) => {
    if (path === undefined) return;
    const name = document.names[i] as string;
    const place = byName.get(name);
    if (place === undefined) gone.set(name, path);
    else document.paths[place] = path;
  });
  document.names = names;
  return gone;
}

/** Present memberships, by name of the segment. */
export function membersOf({
  names,
  paths,
}: ProfileDocument): readonly { readonly segment: string; readonly enteredAtMs: number }[] {
  const members: { segment: string; enteredAtMs: number }[] = [];
  paths.forEach((path, i) => {
    if (path?.member) members.push({ segment: names[i] as string, enteredAtMs: path.enteredAtMs });
  });
  return members.sort((a, b) => (a.segment < b.segment ? -1 : 1));
}

/** Path state of a segment; undefined where it was never touched. */
export function pathOf(document: ProfileDocument, segment: string): PathState | undefined {
  return document.paths[document.names.indexOf(segment)];
}
