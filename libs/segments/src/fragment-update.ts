// Applies to a profile's document what its fragments tell, and touches in the pass what may change by it.
// F1 Partials, traits and choices are absolute values: a delta replaces those it names, a full record replaces all.
// F2 Without an active set (`index` undefined) everything is stored and nothing is touched.
import type { ConsentChoice, FragmentChangedRecord, TraitValue } from '@tessera/contracts';
import type { Partial_ } from '@tessera/features';
import type { EvaluationPass } from './evaluation-pass.js';
import { mergeOf, mergeSlot, mergeTrait, ordered, remergeConsent, scalarOf } from './merge-view.js';
import {
  createFragment,
  dropFragment,
  findFragment,
  fragmentsChanged,
  insertFragment,
  type Fragment,
  type ProfileDocument,
} from './profile-document.js';
import type { SetIndex } from './set-index.js';
import { keepEarly } from './slot-keeping.js';
import { clearValues, forEachSlot, putPartial } from './slot-values.js';

/** The data of a FragmentChanged record. */
export type FragmentUpdate = Pick<
  FragmentChangedRecord,
  'fragment' | 'generation' | 'offset' | 'index' | 'full' | 'partials' | 'traits' | 'consent'
>;

/** Stores an update whose version is newer. `ahead` is the set that its source has announced beyond the active one, or 0. */
export function storeUpdate(
  document: ProfileDocument,
  update: FragmentUpdate,
  index: SetIndex | undefined,
  pass: EvaluationPass,
  ahead: number,
): void {
  let fragment = findFragment(document, update.fragment);
  if (fragment === undefined) {
    fragment = createFragment(update.fragment, document.layout);
    insertFragment(document, fragment);
  }
  fragment.generation = update.generation;
  fragment.offset = update.offset;
  fragment.index = update.index;
  if (update.full) clear(document, fragment, index, pass);
  const { partials, traits, consent } = update;
  if (partials !== undefined) {
    for (const slotId in partials)
      storePartial(document, fragment, slotId, partials[slotId] as Partial_ | null, index, pass, ahead);
  }
  for (const name in traits) storeTrait(document, fragment, name, traits[name] as TraitValue, index, pass);
  let chosen = false;
  for (const purpose in consent) {
    (fragment.consent ??= new Map()).set(purpose, consent[purpose] as ConsentChoice);
    chosen = true;
  }
  if (chosen) consentChanged(document, pass);
}

/** Takes a fragment out; what it had told is touched. */
export function removeFragment(
  document: ProfileDocument,
  fragment: Fragment,
  index: SetIndex | undefined,
  pass: EvaluationPass,
): void {
  if (index !== undefined) touchAllOf(document, fragment, index, pass);
  dropFragment(document, fragment);
}

function storePartial(
  document: ProfileDocument,
  fragment: Fragment,
  slotId: string,
  partial: Partial_ | null,
  index: SetIndex | undefined,
  pass: EvaluationPass,
  ahead: number,
): void {
  const use = index?.slots.get(slotId);
  // Between the coming of a fragment and the end of its pass the merge is not known: then any change may matter.
  const { values } = document;
  const before = use === undefined ? undefined : scalarOf(values, use);
  putPartial(fragment, use, slotId, partial ?? undefined);
  if (use === undefined || ahead > 0 || fragment.early !== undefined)
    keepEarly(fragment, slotId, partial !== null, use !== undefined, document.set, ahead);
  if (use === undefined) return;
  if (values === undefined) {
    pass.touch(use);
    return;
  }
  if (values !== fragment) mergeSlot(document, values, use);
  pass.touchSlot(use, before, scalarOf(values, use));
}

function storeTrait(
  document: ProfileDocument,
  fragment: Fragment,
  name: string,
  trait: TraitValue,
  index: SetIndex | undefined,
  pass: EvaluationPass,
): void {
  const { value } = trait;
  (fragment.traits ??= new Map()).set(
    name,
    value === undefined || typeof value === 'object' ? { ...trait, value: ordered(value) ?? null } : trait,
  );
  const merged = mergeOf(document);
  if (merged !== undefined) mergeTrait(document, merged, name);
  if (index !== undefined) touchTrait(name, index, pass);
}

/** A full record names all that there is: what it does not name is gone. */
function clear(document: ProfileDocument, fragment: Fragment, index: SetIndex | undefined, pass: EvaluationPass): void {
  if (index !== undefined) touchAllOf(document, fragment, index, pass);
  clearValues(fragment, document.layout);
  fragment.traits = undefined;
  fragment.consent = undefined;
  fragment.early = undefined;
  fragmentsChanged(document);
}

function consentChanged(document: ProfileDocument, pass: EvaluationPass): void {
  const merged = mergeOf(document);
  if (merged !== undefined) remergeConsent(document, merged);
  pass.publishes = true;
}

function touchAllOf({ layout }: ProfileDocument, fragment: Fragment, index: SetIndex, pass: EvaluationPass): void {
  forEachSlot(layout, fragment, (slotId) => {
    const use = index.slots.get(slotId);
    if (use !== undefined) pass.touch(use);
  });
  if (fragment.traits !== undefined) for (const trait of fragment.traits.keys()) touchTrait(trait, index, pass);
  if (fragment.consent !== undefined) pass.publishes = true;
}

function touchTrait(name: string, index: SetIndex, pass: EvaluationPass): void {
  const use = index.traits.get(name);
  if (use !== undefined) pass.touch(use);
}
