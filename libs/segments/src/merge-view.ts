// The merge of a profile's present fragments, as evaluations and publications read it.
// V1 The merge is a function of the set of present fragments: their order, and how they came together, do not matter.
// V2 One fragment is its own merge: nothing is copied.
// V3 A trait is the last write by (event time, message id); a tie, which only two senders with one message id can make,
//    goes to the greater canonical text.
import type { ConsentChoice, TraitValue } from '@tessera/contracts';
import { mergeConsent } from '@tessera/consent';
import { mergePartials, type AggregateSlot, type Partial_, type Scalar } from '@tessera/features';
import type { ProfileView } from './compiled.js';
import type { ProfileDocument, Values } from './profile-document.js';
import type { SetIndex, SlotUse } from './set-index.js';
import { OTHER, partialIn, putPartial, valueAt } from './slot-values.js';

const NO_CONSENT: ReadonlyMap<string, ConsentChoice> = new Map();

/** Computes the merge where several fragments are present and it is not known. The document is aligned with the set. */
export function materialize(document: ProfileDocument, index: SetIndex): void {
  if (document.values !== undefined || document.fragments.length < 2) return;
  const merged: Values = { numbers: index.layout.blank.slice(), others: undefined, traits: undefined, consent: undefined };
  document.values = merged;
  for (const use of index.slots.values()) mergeSlot(document, merged, use);
  for (const { traits } of document.fragments) {
    if (traits !== undefined) for (const [name, value] of traits) keepLater(merged, name, value);
  }
  remergeConsent(document, merged);
}

/** The merge of several fragments, where it is known. */
export function mergeOf({ fragments, values }: ProfileDocument): Values | undefined {
  return fragments.length > 1 ? values : undefined;
}

export function mergeSlot({ fragments, layout }: ProfileDocument, merged: Values, use: SlotUse): void {
  const found: Partial_[] = [];
  for (const fragment of fragments) {
    const partial = partialIn(layout, fragment, use.id);
    if (partial !== undefined) found.push(partial);
  }
  putPartial(merged, use, use.id, found.length < 2 ? found[0] : mergePartials(use.slot, found));
}

export function mergeTrait({ fragments }: ProfileDocument, merged: Values, name: string): void {
  merged.traits?.delete(name);
  for (const { traits } of fragments) {
    const value = traits?.get(name);
    if (value !== undefined) keepLater(merged, name, value);
  }
}

export function remergeConsent({ fragments }: ProfileDocument, merged: Values): void {
  merged.consent = undefined;
  for (const { consent } of fragments) {
    if (consent !== undefined) merged.consent = mergeConsent(merged.consent ?? NO_CONSENT, consent);
  }
}

export function partialOf({ layout, values }: ProfileDocument, slotId: string): Partial_ | undefined {
  return values === undefined ? undefined : partialIn(layout, values, slotId);
}

/** The value of an aggregate slot of the set that the document is aligned with. */
export function scalarOf(values: Values | undefined, use: SlotUse): Scalar {
  if (values === undefined || use.form === OTHER) return use.read?.(values?.others?.get(use.id));
  return valueAt(values, use.at);
}

export function traitsOf({ values }: ProfileDocument): ReadonlyMap<string, TraitValue> | undefined {
  return values?.traits;
}

export function consentOf({ values }: ProfileDocument): ReadonlyMap<string, ConsentChoice> {
  return values?.consent ?? NO_CONSENT;
}

/** One view for many evaluations: document and set are given before each. The document is aligned with the set. */
export class DocumentView implements ProfileView {
  document!: ProfileDocument;
  index!: SetIndex;

  value(slot: AggregateSlot): Scalar {
    return scalarOf(this.document.values, this.index.slots.get(slot.id) as SlotUse);
  }

  partial(slotId: string): Partial_ | undefined {
    return partialOf(this.document, slotId);
  }

  trait(name: string): unknown {
    return traitsOf(this.document)?.get(name)?.value;
  }

  member(segment: string): boolean {
    const place = this.index.byName.get(segment);
    return place !== undefined && this.document.entered[place] !== Infinity;
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

function keepLater(merged: Values, name: string, value: TraitValue): void {
  const traits = (merged.traits ??= new Map());
  const present = traits.get(name);
  if (present === undefined || isLater(value, present)) traits.set(name, value);
}

function isLater(a: TraitValue, b: TraitValue): boolean {
  if (a.timeMs !== b.timeMs) return a.timeMs > b.timeMs;
  if (a.messageId !== b.messageId) return a.messageId > b.messageId;
  return JSON.stringify(ordered(a.value)) > JSON.stringify(ordered(b.value));
}
