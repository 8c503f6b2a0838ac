// Applies to a profile's document what its fragments tell, and touches in the pass what may change by it.
// F1 Partials, traits and choices are absolute values: a delta replaces those it names, a full record replaces all.
// F2 Without an active set (`index` undefined) everything is stored and nothing is touched.
import type { ConsentChoice, FragmentChangedRecord, TraitValue } from '@tessera/contracts';
import type { Partial_ } from '@tessera/features';
import type { EvaluationPass } from './evaluation-pass.js';
import { mergeSlot, mergeTrait, ordered, partialOf, remergeConsent } from './merge-view.js';
import { createFragment, fragmentsChanged, type Fragment, type ProfileDocument } from './profile-document.js';
import type { SetIndex } from './set-index.js';
import { keepEarly } from './slot-keeping.js';

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
  let fragment = document.fragments.get(update.fragment);
  if (fragment === undefined) {
    fragment = createFragment(update.fragment);
    document.fragments.set(update.fragment, fragment);
    fragmentsChanged(document);
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
  if (index !== undefined) touchAllOf(fragment, index, pass);
  document.fragments.delete(fragment.id);
  fragmentsChanged(document);
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
  const known = document.only !== undefined || document.merged !== undefined;
  const before = use !== undefined && known ? partialOf(document, slotId) : undefined;
  if (partial === null) fragment.partials.delete(slotId);
  else fragment.partials.set(slotId, partial);
  if (use === undefined || ahead > 0 || fragment.early !== undefined)
    keepEarly(fragment, slotId, use !== undefined, document.set, ahead);
  if (use === undefined) return;
  if (document.merged !== undefined) mergeSlot(document, document.merged, use.slot);
  if (known) pass.touchSlot(use, before, partialOf(document, slotId));
  else pass.touch(use);
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
  fragment.traits.set(
    name,
    value === undefined || typeof value === 'object' ? { ...trait, value: ordered(value) ?? null } : trait,
  );
  if (document.merged !== undefined) mergeTrait(document, document.merged, name);
  if (index !== undefined) touchTrait(name, index, pass);
}

/** A full record names all that there is: what it does not name is gone. */
function clear(document: ProfileDocument, fragment: Fragment, index: SetIndex | undefined, pass: EvaluationPass): void {
  if (index !== undefined) touchAllOf(fragment, index, pass);
  fragment.partials.clear();
  fragment.traits.clear();
  fragment.consent = undefined;
  fragment.early = undefined;
  document.merged = undefined;
}

function consentChanged(document: ProfileDocument, pass: EvaluationPass): void {
  if (document.merged !== undefined) remergeConsent(document, document.merged);
  pass.publishes = true;
}

function touchAllOf(fragment: Fragment, index: SetIndex, pass: EvaluationPass): void {
  for (const slotId of fragment.partials.keys()) {
    const use = index.slots.get(slotId);
    if (use !== undefined) pass.touch(use);
  }
  for (const trait of fragment.traits.keys()) touchTrait(trait, index, pass);
  if (fragment.consent !== undefined) pass.publishes = true;
}

function touchTrait(name: string, index: SetIndex, pass: EvaluationPass): void {
  const use = index.traits.get(name);
  if (use !== undefined) pass.touch(use);
}
