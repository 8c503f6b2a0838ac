// The document of one profile: a view over the fragments that are present in it, and the path of its memberships.
// P1 A fragment is known by its last version; a version that is not newer changes nothing. What left leaves its version behind,
//    under a keyed name and without its data: a fragment's id holds an identifier.
// P2 Without a present fragment the document is a tombstone: sequence, versions and times, no personal data.
// P3 The sequence rises by one with each record of changes and is never reset.
// P4 Fields under "derived" follow from the others and are never encoded.
// P5 Slots and paths stand in the order of one set (`layout`, `names`), or in that of the stored bytes until `align` is called.
import { partsOf, type Key, type TraitValue, type Version } from '@tessera/contracts';
import type { Consent } from '@tessera/consent';
import {
  dueOf,
  isUntouched,
  NEXT_CHANGE,
  pathAt,
  SINCE,
  TIMER_WIDTH,
  DEADLINE,
  type Paths,
  type PathState,
} from './membership.js';
import type { PendingPath } from './path-pending.js';
import type { SetIndex } from './set-index.js';
import { NO_LAYOUT, relay, type Layout, type SlotValues } from './slot-values.js';

/** What is known of a person: by one fragment, or by the merge of several. Maps that most people never fill are made late. */
export interface Values extends SlotValues {
  traits: Map<string, TraitValue> | undefined;
  consent: Consent | undefined;
}

/** What one fragment has told, with the version it told it under. */
export interface Fragment extends Values {
  readonly id: string;
  generation: number;
  offset: number;
  index: number;
  /** Slots that a set later than the active one needs, by the set under which they came (see slot-keeping.ts). */
  early: Map<string, number> | undefined;
}

export interface ProfileDocument extends Paths {
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
  /** Present ones, ascending by id. */
  fragments: Fragment[];
  /** Versions of what left, by keyed name. */
  departed: Map<string, Version> | undefined;
  /** Segments that the paths stand beside: those of the set it was evaluated under (after decoding: those that were stored). */
  names: readonly string[];
  /** How the slots of the fragments are held. */
  layout: Layout;
  /** Path state is being folded again after an un-merge. */
  pending: PendingPath | undefined;

  // Derived.
  /** The only present fragment, or the merge of several; undefined without fragments, and while the merge is not computed. */
  values: Values | undefined;
  dueMs: number;
}

const NO_NAMES: readonly string[] = [];
/** Of the last document: as a rule one workspace has all of them, and its name is kept once. */
let lastWorkspace = '';

export function createProfile(key: Key): ProfileDocument {
  const { workspace, id } = partsOf(key);
  if (workspace !== lastWorkspace) lastWorkspace = workspace;
  return {
    key,
    workspace: lastWorkspace,
    profile: id,
    sequence: 0,
    effectiveMs: 0,
    set: 0,
    hash: '',
    published: 0,
    fragments: [],
    departed: undefined,
    names: NO_NAMES,
    entered: [],
    timers: undefined,
    layout: NO_LAYOUT,
    pending: undefined,
    values: undefined,
    dueMs: Infinity,
  };
}

export function createFragment(id: string, layout: Layout): Fragment {
  return {
    id,
    generation: 0,
    offset: -1,
    index: 0,
    numbers: layout.blank.slice(),
    others: undefined,
    traits: undefined,
    consent: undefined,
    early: undefined,
  };
}

export function findFragment({ fragments }: ProfileDocument, id: string): Fragment | undefined {
  const found = fragments[placeOf(fragments, id)];
  return found?.id === id ? found : undefined;
}

/** Puts in a fragment that is not present yet. */
export function insertFragment(document: ProfileDocument, fragment: Fragment): void {
  const { fragments } = document;
  if (fragments.length === 0) document.fragments = [fragment];
  else fragments.splice(placeOf(fragments, fragment.id), 0, fragment);
  fragmentsChanged(document);
}

export function dropFragment(document: ProfileDocument, fragment: Fragment): void {
  document.fragments = document.fragments.filter((each) => each !== fragment);
  fragmentsChanged(document);
}

/** The present fragments, or what several of them told without the merge: what is derived from them is derived anew. */
export function fragmentsChanged(document: ProfileDocument): void {
  document.values = document.fragments.length === 1 ? document.fragments[0] : undefined;
}

/** Derives the next due time from all paths. */
export function reschedule(document: ProfileDocument): void {
  document.dueMs = dueOf(document);
}

/** Puts slots and paths beside those of a set; returns the members whose segments are gone, by name. */
export function align(document: ProfileDocument, index: SetIndex): ReadonlyMap<string, number> {
  for (const fragment of document.fragments) relay(fragment, document.layout, index.layout);
  document.layout = index.layout;
  fragmentsChanged(document);
  const { names, entered, timers } = document;
  const gone = new Map<string, number>();
  document.names = index.names;
  document.entered = index.noneEntered.slice();
  document.timers = undefined;
  for (let i = 0; i < entered.length; i++) {
    const enteredAtMs = entered[i] as number;
    if (enteredAtMs === Infinity) continue;
    const place = index.byName.get(names[i] as string);
    if (place === undefined) gone.set(names[i] as string, enteredAtMs);
    else document.entered[place] = enteredAtMs;
  }
  if (timers !== undefined) document.timers = moveTimers(timers, names, index);
  return gone;
}

/** Present memberships, by name of the segment. */
export function membersOf({
  names,
  entered,
}: ProfileDocument): readonly { readonly segment: string; readonly enteredAtMs: number }[] {
  const members: { segment: string; enteredAtMs: number }[] = [];
  entered.forEach((enteredAtMs, i) => {
    if (enteredAtMs !== Infinity) members.push({ segment: names[i] as string, enteredAtMs });
  });
  return members.sort((a, b) => (a.segment < b.segment ? -1 : 1));
}

/** Path state of a segment; undefined where it is as if it was never touched. */
export function pathOf(document: ProfileDocument, segment: string): PathState | undefined {
  const path = pathAt(document, document.names.indexOf(segment));
  return isUntouched(path) ? undefined : path;
}

function moveTimers(timers: readonly number[], names: readonly string[], index: SetIndex): number[] | undefined {
  const moved: (readonly [place: number, from: number])[] = [];
  for (let at = 0; at < timers.length; at += TIMER_WIDTH) {
    const place = index.byName.get(names[timers[at] as number] as string);
    if (place !== undefined) moved.push([place, at]);
  }
  if (moved.length === 0) return undefined;
  moved.sort(([a], [b]) => a - b);
  const result: number[] = [];
  for (const [place, at] of moved) {
    result.push(place, timers[at + SINCE] as number, timers[at + DEADLINE] as number, timers[at + NEXT_CHANGE] as number);
  }
  return result;
}

/** Index of the first fragment whose id is not less. */
function placeOf(fragments: readonly Fragment[], id: string): number {
  let low = 0;
  let high = fragments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((fragments[middle] as Fragment).id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
