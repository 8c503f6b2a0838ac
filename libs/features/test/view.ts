// What a profile knows of each fragment: the outputs folded as libs/segments folds them, and the laws every output must keep.
import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import type { ConsentChoice, FragmentChangedRecord, TraitValue } from '@tessera/contracts';
import type { Partial_ } from '../src/partial.js';
import type { Slot } from '../src/plan.js';
import type { Naive } from './naive.js';

interface Known {
  readonly partials: Record<string, Partial_>;
  readonly traits: Record<string, TraitValue>;
  readonly consent: Record<string, ConsentChoice>;
}

export class View {
  readonly fragments = new Map<string, Known>();

  /** While sets come and go a state may begin anew, and tell what an older one has told. */
  constructor(private readonly setsChange = false) {}

  /** Nothing is told twice unchanged. */
  apply(changed: FragmentChangedRecord): void {
    const { fragment, full, partials = {}, traits, consent } = changed;
    const known = this.fragments.get(fragment) ?? { partials: {}, traits: {}, consent: {} };
    this.fragments.set(fragment, known);
    if (full)
      for (const held of Object.values(known))
        for (const name of Object.keys(held as object)) delete (held as Record<string, unknown>)[name];
    // `expect` for each of a million would take most of the time.
    else if (isEmpty(partials) && isEmpty(traits) && isEmpty(consent))
      throw new Error(`${fragment} says nothing at ${String(changed.effectiveMs)}`);
    for (const [slot, partial] of Object.entries(partials) as [string, Partial_ | null][]) {
      if (!full && !this.setsChange && isDeepStrictEqual(partial, known.partials[slot] ?? null))
        expect({ [slot]: partial }).toBe('news');
      if (partial === null) delete known.partials[slot];
      else known.partials[slot] = frozen(partial);
    }
    Object.assign(known.traits, traits);
    Object.assign(known.consent, consent);
  }

  /** The partials are those of the raw events at this moment, and none says that it changed before. */
  expectPartials(naive: Naive, timeMs: number): void {
    for (const fragment of new Set([...naive.fragments.keys(), ...this.fragments.keys()])) {
      const partials: Readonly<Record<string, Partial_>> = this.fragments.get(fragment)?.partials ?? {};
      const bare = Object.fromEntries(Object.entries(partials).map(([slot, { u: _, ...partial }]) => [slot, partial]));
      const expected = naive.partialsAt(fragment, timeMs);
      if (!isDeepStrictEqual(bare, expected))
        expect({ fragment, timeMs, partials: bare }).toEqual({ fragment, timeMs, partials: expected });
      for (const [slot, { u = Infinity }] of Object.entries(partials))
        if (u <= timeMs) expect({ slot, timeMs, u }).toBe('a moment to come');
    }
  }

  /** `u` is the next moment at which the partial changes by time alone, to the millisecond. */
  expectNextChanges(naive: Naive, slots: readonly Slot[], timeMs: number): void {
    for (const [fragment, { partials }] of this.fragments) {
      for (const slot of slots) {
        const partial = partials[slot.id];
        const next = partial ? naive.nextChange(fragment, slot, timeMs) : Infinity;
        if (partial && (partial.u ?? Infinity) !== next)
          expect({ slot: slot.id, timeMs, u: partial.u }).toEqual({ slot: slot.id, timeMs, u: next });
      }
    }
  }
}

function isEmpty(named: object): boolean {
  for (const _ in named) return false;
  return true;
}

/** What was told is never changed afterwards: it would throw. */
function frozen(partial: Partial_): Partial_ {
  for (const content of Object.values(partial)) if (Array.isArray(content)) Object.freeze(content);
  return Object.freeze(partial);
}
