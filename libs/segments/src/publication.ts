// What decisions and data teams may read of a profile: the named features, the published traits, consent.
// P1 A function of the present values: features that are unknown are absent; what no definition names is not told.
// P2 Keys are in order, so equal content is equal text.
import { answersOf } from '@tessera/consent';
import { valueOf, type FeatureValue } from '@tessera/features';
import { consentOf, materialize, partialOf, traitsOf } from './merge-view.js';
import type { ProfileDocument } from './profile-document.js';
import type { PublishedFeature, SetIndex } from './set-index.js';

export interface Publication {
  readonly features: { readonly [name: string]: unknown };
  readonly traits: { readonly [name: string]: unknown };
  readonly approximate: readonly string[];
  readonly consent: { [purpose: string]: boolean };
}

/** A value as it is read of a profile: that of a slot, or of a trait. */
export type FeatureReading = Omit<FeatureValue, 'value'> & { readonly value: unknown };

/** undefined where there is nothing to tell. */
export function publicationOf(document: ProfileDocument, index: SetIndex): Publication | undefined {
  const features: Record<string, unknown> = {};
  const approximate: string[] = [];
  for (const feature of index.features) {
    const reading = readFeature(document, index, feature);
    if (reading.value === undefined) continue;
    features[feature.name] = reading.value;
    if (reading.approximate) approximate.push(feature.name);
  }
  const traits: Record<string, unknown> = {};
  const present = traitsOf(document);
  for (const name of index.compiled.publishedTraits) {
    const value: unknown = present?.get(name)?.value;
    if (value !== undefined && value !== null) traits[name] = value;
  }
  const consent = answersOf(consentOf(document));
  if (Object.keys(features).length + Object.keys(traits).length + Object.keys(consent).length === 0) return undefined;
  return { features, traits, approximate, consent };
}

export function readFeature(document: ProfileDocument, index: SetIndex, feature: PublishedFeature): FeatureReading {
  materialize(document, index);
  if (feature.kind === 'slot') return valueOf(feature.slot, partialOf(document, feature.slot.id));
  const value = feature.read(traitsOf(document)?.get(feature.trait)?.value);
  return { value: value ?? undefined, approximate: false, nextChangeMs: Infinity };
}
