// From conditions to the states that they need. Equal questions share one slot, whoever asks.
// S1 The id of a slot is its kind and a short hash of what it computes, and of nothing else (L1 of libs/features).
import type { AggregateSlot, EventSelector, FeaturePlan, Slot, TrailSlot } from '@tessera/features';
import { canonicalHash, compareTexts } from './canonical.js';
import type { Condition, DefinitionModel, Measure, SequenceCondition, Window } from './model.js';

/** 64 bits: among a million slots of one workspace the chance of two equal ids is below 1e-7. */
const HASH_CHARACTERS = 16;

export function aggregateSlot(selector: EventSelector, measure: Measure, window: Window): AggregateSlot {
  const { aggregate, of } = measure;
  const spec = {
    kind: 'aggregate' as const,
    selector,
    aggregate,
    ...(of === undefined ? {} : { of }),
    ...(window.kind === 'within' ? { windowMs: window.windowMs } : {}),
    ...(window.kind === 'since' ? { sinceMs: window.sinceMs } : {}),
  };
  return { ...spec, id: slotId(aggregate, spec) };
}

/** Selector i is that of step i, so equal events with other times of their steps share a trail. */
export function trailSlot({ steps, windowMs }: SequenceCondition): TrailSlot {
  const spec = {
    kind: 'trail' as const,
    selectors: steps.map(({ selector }) => selector),
    ...(windowMs === undefined ? {} : { windowMs }),
  };
  return { ...spec, id: slotId('trail', spec) };
}

/** The slots of a definition itself, not of what it refers to. */
export function slotsOf(model: DefinitionModel): readonly Slot[] {
  if (model.kind === 'Segment') return slotsOfCondition(model.when);
  if (model.kind === 'Feature' && model.source === 'events') return [aggregateSlot(model.selector, model.measure, model.window)];
  return [];
}

export function planOf(set: number, hash: string, slots: Iterable<Slot>): FeaturePlan {
  const byId = new Map<string, Slot>();
  for (const slot of slots) byId.set(slot.id, slot);
  return { hash, set, slots: [...byId.values()].sort((a, b) => compareTexts(a.id, b.id)) };
}

function slotsOfCondition(condition: Condition): readonly Slot[] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.children.flatMap(slotsOfCondition);
    case 'not':
      return slotsOfCondition(condition.child);
    case 'event':
      return condition.tests.map((test) => aggregateSlot(condition.selector, test, condition.window));
    case 'sequence':
      return [trailSlot(condition)];
    case 'trait':
    case 'feature':
    case 'segment':
      return [];
  }
}

function slotId(name: string, spec: object): string {
  return `${name}-${canonicalHash(spec).slice(0, HASH_CHARACTERS)}`;
}
