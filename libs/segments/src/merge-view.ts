// The merge of a profile's present fragments, as evaluations and publications read it.
// V1 The merge is a function of the set of present fragments: their order, and how they came together, do not matter.
// V2 One fragment is its own merge: nothing is copied.
// V3 A trait is the last write by (event time, message id); a tie, which only two senders with one message id can make,
//    goes to the greater canonical text.
import type { ConsentChoice, TraitValue } from '@tessera/contracts';
import { mergeConsent, type Consent } from '@tessera/consent';
import { mergePartials, type Partial_, type Slot } from '@tessera/features';
import type { ProfileView } from './compiled.js';
import type { ProfileDocument } from './profile-document.js';
import type { SetIndex } from './set-index.js';

export interface Merged {
  readonly partials: Map<string, Partial_>;
  readonly traits: Map<string, TraitValue>;
  consent: Consent;
}

const NO_CONSENT: ReadonlyMap<string, ConsentChoice> = new Map();

/** Computes the merge where several fragments are present and it is not known. */
export function materialize(document: ProfileDocument, index: SetIndex): void {
  if (document.merged !== undefined || document.fragments.size < 2) return;
  const merged: Merged = { partials: new Map(), traits: new Map(), consent: new Map() };
  document.merged = merged;
  for (const { slot } of index.slots.values()) mergeSlot(document, merged, slot);
  for (const { traits } of document.fragments.values()) for (const [name, value] of traits) keepLater(merged.traits, name, value);
  remergeConsent(document, merged);
}

export function mergeSlot(document: ProfileDocument, merged: Merged, slot: Slot): void {
  const found: Partial_[] = [];
  for (const fragment of document.fragments.values()) {
    const partial = fragment.partials.get(slot.id);
    if (partial !== undefined) found.push(partial);
  }
  const one = found.length < 2 ? found[0] : mergePartials(slot, found);
  if (one === undefined) merged.partials.delete(slot.id);
  else merged.partials.set(slot.id, one);
}

export function mergeTrait(document: ProfileDocument, merged: Merged, name: string): void {
  merged.traits.delete(name);
  for (const { traits } of document.fragments.values()) {
    const value = traits.get(name);
    if (value !== undefined) keepLater(merged.traits, name, value);
  }
}

export function remergeConsent(document: ProfileDocument, merged: Merged): void {
  merged.consent = new Map();
  for (const { consent } of document.fragments.values()) {
    if (consent !== undefined) merged.consent = mergeConsent(merged.consent, consent);
  }
}

export function partialOf(document: ProfileDocument, slotId: string): Partial_ | undefined {
  return document.only !== undefined ? document.only.partials.get(slotId) : document.merged?.partials.get(slotId);
}

export function traitsOf(document: ProfileDocument): ReadonlyMap<string, TraitValue> | undefined {
  return document.only !== undefined ? document.only.traits : document.merged?.traits;
}

export function consentOf(document: ProfileDocument): ReadonlyMap<string, ConsentChoice> {
  return (document.only !== undefined ? document.only.consent : document.merged?.consent) ?? NO_CONSENT;
}

/** One view for many evaluations: document and set are given before each. The document's paths stand beside the set's segments. */
export class DocumentView implements ProfileView {
  document!: ProfileDocument;
  index!: SetIndex;

  partial(slotId: string): Partial_ | undefined {
    return partialOf(this.document, slotId);
  }

  trait(name: string): unknown {
    return traitsOf(this.document)?.get(name)?.value;
  }

  member(segment: string): boolean {
    const place = this.index.byName.get(segment);
    return place !== undefined && this.document.paths[place]?.member === true;
  }
}

/** A JSON value with the keys of its objects in order, so that what is published does not depend on who wrote it. */
export function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(ordered);
  const source = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(source)
      .sort()
      .map((key) => [key, ordered(source[key])]),
  );
}

function keepLater(traits: Map<string, TraitValue>, name: string, value: TraitValue): void {
  const present = traits.get(name);
  if (present === undefined || isLater(value, present)) traits.set(name, value);
}

function isLater(a: TraitValue, b: TraitValue): boolean {
  if (a.timeMs !== b.timeMs) return a.timeMs > b.timeMs;
  if (a.messageId !== b.messageId) return a.messageId > b.messageId;
  return JSON.stringify(ordered(a.value)) > JSON.stringify(ordered(b.value));
}
