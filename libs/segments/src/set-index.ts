// What a stage looks up in a compiled set for each record, derived once per set.
// I1 Pure: equal sets give equal indexes. It is kept beside the set, in memory only.
import { compilePath, readerOf, type Slot } from '@tessera/features';
import type { CompiledSegment, CompiledSet } from './compiled.js';
import { formOf, layoutOf, widthOf, type Layout, type SlotPlace } from './slot-values.js';

/** Who uses a slot or a trait. */
export interface Use {
  /** Indexes into `segments`. */
  readonly segments: readonly number[];
  /** A published feature or trait is read from it. */
  readonly published: boolean;
}

export interface SlotUse extends Use, SlotPlace {
  readonly slot: Slot;
  /** Segments to which any change of the slot may matter. */
  readonly always: readonly number[];
  /** Ascending; a segment of `boundSegments[i]` compares the value with `bounds[i]`. */
  readonly bounds: readonly number[];
  readonly boundSegments: readonly (readonly number[])[];
}

/** A Feature document, ready to be read. */
export type PublishedFeature =
  | { readonly kind: 'slot'; readonly name: string; readonly slot: Slot }
  | { readonly kind: 'trait'; readonly name: string; readonly trait: string; readonly read: (value: unknown) => unknown };

export interface SetIndex {
  readonly compiled: CompiledSet;
  readonly segments: readonly CompiledSegment[];
  readonly slots: ReadonlyMap<string, SlotUse>;
  /** How profiles hold the values of `slots`. */
  readonly layout: Layout;
  readonly traits: ReadonlyMap<string, Use>;
  /** Indexes of the segments that read segment i. */
  readonly dependants: readonly (readonly number[])[];
  readonly names: readonly string[];
  readonly byName: ReadonlyMap<string, number>;
  /** `entered` of a profile that is in no segment (membership.ts). */
  readonly noneEntered: readonly number[];
  readonly features: readonly PublishedFeature[];
}

const NONE: readonly number[] = [];
const indexes = new WeakMap<CompiledSet, SetIndex>();

export function indexOf(compiled: CompiledSet): SetIndex {
  let index = indexes.get(compiled);
  if (index === undefined) indexes.set(compiled, (index = build(compiled)));
  return index;
}

function build(compiled: CompiledSet): SetIndex {
  const slotById = new Map(compiled.plan.slots.map((slot) => [slot.id, slot]));
  const features = compiled.features.flatMap((feature): PublishedFeature[] => {
    const { name, source } = feature;
    if (source.kind === 'trait') return [{ kind: 'trait', name, ...traitPath(source.path) }];
    const slot = slotById.get(source.slotId);
    return slot ? [{ kind: 'slot', name, slot }] : [];
  });
  const publishedSlots = new Set(features.map((feature) => (feature.kind === 'slot' ? feature.slot.id : '')));
  const publishedTraits = new Set([
    ...compiled.publishedTraits,
    ...features.map((feature) => (feature.kind === 'trait' ? feature.trait : '')),
  ]);
  const traitNames = new Set([...compiled.byTrait.keys(), ...publishedTraits]);
  const slots = new Map<string, SlotUse>();
  let at = 0;
  for (const slot of compiled.plan.slots) {
    slots.set(slot.id, slotUse(compiled, slot, publishedSlots.has(slot.id), at));
    at += widthOf(formOf(slot));
  }
  return {
    compiled,
    segments: compiled.segments,
    slots,
    layout: layoutOf(slots),
    traits: new Map(
      [...traitNames].map((name) => [
        name,
        { segments: compiled.byTrait.get(name) ?? NONE, published: publishedTraits.has(name) },
      ]),
    ),
    dependants: compiled.segments.map((segment) => compiled.bySegment.get(segment.name) ?? NONE),
    names: compiled.segments.map(({ name }) => name),
    byName: new Map(compiled.segments.map((segment, i) => [segment.name, i])),
    noneEntered: compiled.segments.map(() => Infinity),
    features,
  };
}

function slotUse(compiled: CompiledSet, slot: Slot, published: boolean, at: number): SlotUse {
  const segments = compiled.bySlot.get(slot.id) ?? NONE;
  const always: number[] = [];
  const byBound = new Map<number, number[]>();
  for (const i of segments) {
    const bounds = compiled.segments[i]?.bounds?.get(slot.id);
    if (bounds === undefined) always.push(i);
    for (const bound of bounds ?? []) byBound.set(bound, [...(byBound.get(bound) ?? []), i]);
  }
  const bounds = [...byBound.keys()].sort((a, b) => a - b);
  return {
    id: slot.id,
    slot,
    form: formOf(slot),
    at,
    segments,
    published,
    read: slot.kind === 'aggregate' ? readerOf(slot) : undefined,
    always,
    bounds,
    boundSegments: bounds.map((bound) => byBound.get(bound) as number[]),
  };
}

/** `address.country` reads `country` of the top-level trait `address`. */
function traitPath(path: string): { readonly trait: string; readonly read: (value: unknown) => unknown } {
  const dot = path.indexOf('.');
  return dot < 0
    ? { trait: path, read: (value) => value }
    : { trait: path.slice(0, dot), read: compilePath(path.slice(dot + 1)) };
}
