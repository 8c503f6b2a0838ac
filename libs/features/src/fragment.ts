// A fragment: all that was learned from one sender about one person. States by id, traits, consent, and where it belongs.
// F1 What it tells is absolute: a partial, a trait with its time, a choice. Nothing is told twice unless it changed.
// F2 dueMs is the next moment at which a window of it changes; it is stored, so that a fragment needs no plan to know it.
import { addChoices, readConsent, writeConsent, type Consent } from '@tessera/consent';
import type { Reader, Writer } from '@tessera/codec';
import type { Key, TrackedRecord, TraitValue, Version } from '@tessera/contracts';
import { cellOf, type Cell } from './cell.js';
import type { ExecutablePlan, SeriesPlan, StatePlan } from './compile-plan.js';
import type { Partial_ } from './partial.js';
import { readSeries, writeSeries } from './series-codec.js';
import { addToSeries, attachSeries, createSeries, expireSeries, seriesDueMs, tellSeries, type Series } from './series.js';
import {
  addToTrail,
  createTrail,
  expireTrail,
  maskOf,
  readTrail,
  tellTrail,
  trailDueMs,
  writeTrail,
  type Trail,
} from './trail-state.js';

/** Names of traits per fragment; further new names are left out. */
export const TRAITS_MAX = 1_000;

export interface Fragment {
  /** Empty until it is first needed; then the assigned profile, or that of the fragment's own node. */
  profile: string;
  assigned: Version | undefined;
  /** It has told its profile something. */
  told: boolean;
  readonly traits: Map<string, TraitValue>;
  readonly consent: Consent;
  readonly series: Map<string, Series>;
  readonly trails: Map<string, Trail>;
  dueMs: number;
  /** Key of the plan that the windows are derived for; undefined: not yet in this process. */
  attachedTo: string | undefined;
  /** Where it tells what changed, for `profile`; worked out once, no part of the state. */
  address: Address | undefined;
}

/** Key and partition of the profile in `fragments`, and the fragment's own id. */
export interface Address {
  readonly profile: string;
  readonly key: Key;
  readonly partition: number;
  readonly fragment: string;
}

/** What changed by one event or one moment. */
export class Changes {
  partials: Record<string, Partial_ | null> | undefined;
  traits: Record<string, TraitValue> | undefined;
  consent: Record<string, { granted: boolean; timeMs: number }> | undefined;

  readonly tell = (slotId: string, partial: Partial_ | undefined): void => {
    (this.partials ??= {})[slotId] = partial ?? null;
  };

  get any(): boolean {
    return this.partials !== undefined || this.traits !== undefined || this.consent !== undefined;
  }
}

export function createFragment(): Fragment {
  return {
    profile: '',
    assigned: undefined,
    told: false,
    traits: new Map(),
    consent: new Map(),
    series: new Map(),
    trails: new Map(),
    dueMs: Infinity,
    attachedTo: undefined,
    address: undefined,
  };
}

/** Drops all states but those of a plan. */
export function keepStates(fragment: Fragment, plan: ExecutablePlan): void {
  for (const id of fragment.series.keys()) if (plan.states.get(id)?.kind !== 'series') fragment.series.delete(id);
  for (const id of fragment.trails.keys()) if (plan.states.get(id)?.kind !== 'trail') fragment.trails.delete(id);
  fragment.attachedTo = undefined;
}

/** Derives what is not stored, and drops the states that no plan asks for any more. Called before every touch. */
export function attachFragment(fragment: Fragment, plan: ExecutablePlan, asOfMs: number): void {
  if (fragment.attachedTo === plan.key) return;
  keepStates(fragment, plan);
  for (const [id, series] of fragment.series) {
    series.windows = undefined;
    attachSeries(series, plan.states.get(id) as SeriesPlan, asOfMs);
  }
  fragment.attachedTo = plan.key;
  schedule(fragment, plan);
}

/** Folds one event; what changed goes into `changes`. */
export function foldEvent(
  fragment: Fragment,
  states: readonly StatePlan[],
  event: TrackedRecord,
  ownTimeMs: number,
  asOfMs: number,
  changes: Changes,
): void {
  for (const plan of states) {
    if (plan.kind === 'trail') foldIntoTrail(fragment, plan, event, ownTimeMs, asOfMs, changes);
    else if (plan.selects(event, ownTimeMs)) {
      let series = fragment.series.get(plan.id);
      if (!series) fragment.series.set(plan.id, (series = createSeries(plan)));
      addToSeries(series, plan, ownTimeMs, event.messageId, cellsOf(plan, event), asOfMs, changes.tell);
      const due = seriesDueMs(series);
      if (due < fragment.dueMs) fragment.dueMs = due;
    }
  }
}

/** Everything that is due at exactly dueMs. */
export function expire(fragment: Fragment, plan: ExecutablePlan, dueMs: number, changes: Changes): void {
  for (const series of fragment.series.values()) if (seriesDueMs(series) <= dueMs) expireSeries(series, dueMs, changes.tell);
  for (const [id, trail] of fragment.trails) {
    const state = plan.states.get(id);
    if (state?.kind === 'trail' && expireTrail(trail, state, dueMs) && state.tells)
      changes.tell(state.slot.id, tellTrail(trail, state));
  }
  schedule(fragment, plan);
}

/** Sets a trait if this write wins: the last by (own time, message id). */
export function writeTrait(
  fragment: Fragment,
  name: string,
  value: unknown,
  timeMs: number,
  messageId: string,
  changes: Changes,
): void {
  const held = fragment.traits.get(name);
  if (held ? held.timeMs > timeMs || (held.timeMs === timeMs && held.messageId >= messageId) : fragment.traits.size >= TRAITS_MAX)
    return;
  const trait: TraitValue = { value: value ?? null, timeMs, messageId };
  fragment.traits.set(name, trait);
  define((changes.traits ??= {}), name, trait);
}

export function writeChoices(fragment: Fragment, choices: Consent, changes: Changes): void {
  for (const purpose of addChoices(fragment.consent, choices)) {
    const choice = fragment.consent.get(purpose);
    if (choice) define((changes.consent ??= {}), purpose, choice);
  }
}

/** All that the fragment has to tell a profile that does not know it. */
export function tellAll(fragment: Fragment, plan: ExecutablePlan): Changes {
  const changes = new Changes();
  changes.partials = {};
  for (const [id, series] of fragment.series) tellSeries(series, plan.states.get(id) as SeriesPlan, changes.tell);
  for (const [id, trail] of fragment.trails) {
    const state = plan.states.get(id);
    const partial = state?.kind === 'trail' && state.tells ? tellTrail(trail, state) : undefined;
    if (state?.kind === 'trail' && partial) changes.tell(state.slot.id, partial);
  }
  changes.traits = {};
  for (const [name, trait] of fragment.traits) define(changes.traits, name, trait);
  changes.consent = {};
  for (const [purpose, choice] of fragment.consent) define(changes.consent, purpose, choice);
  return changes;
}

export function schedule(fragment: Fragment, plan: ExecutablePlan): void {
  let due = Infinity;
  for (const series of fragment.series.values()) due = Math.min(due, seriesDueMs(series));
  for (const [id, trail] of fragment.trails) {
    const state = plan.states.get(id);
    if (state?.kind === 'trail') due = Math.min(due, trailDueMs(trail, state));
  }
  fragment.dueMs = due;
}

export function writeFragment(writer: Writer, fragment: Fragment): void {
  writer.string(fragment.profile);
  writer.bool(fragment.assigned !== undefined);
  if (fragment.assigned)
    for (const part of [fragment.assigned.generation, fragment.assigned.offset, fragment.assigned.index]) writer.uint(part);
  writer.bool(fragment.told);
  writer.time(fragment.dueMs);
  writeSorted(writer, fragment.traits, (trait) => {
    writer.json(trait.value);
    writer.int(trait.timeMs);
    writer.string(trait.messageId);
  });
  writeConsent(writer, fragment.consent);
  writeSorted(writer, fragment.series, (series) => writeSeries(writer, series));
  writeSorted(writer, fragment.trails, (trail) => writeTrail(writer, trail));
}

export function readFragment(reader: Reader): Fragment {
  const fragment = createFragment();
  fragment.profile = reader.string();
  if (reader.bool()) fragment.assigned = { generation: reader.uint(), offset: reader.uint(), index: reader.uint() };
  fragment.told = reader.bool();
  fragment.dueMs = reader.time();
  readSorted(reader, fragment.traits, () => ({ value: reader.json(), timeMs: reader.int(), messageId: reader.string() }));
  for (const [purpose, choice] of readConsent(reader)) fragment.consent.set(purpose, choice);
  readSorted(reader, fragment.series, () => readSeries(reader));
  readSorted(reader, fragment.trails, () => readTrail(reader));
  return fragment;
}

function foldIntoTrail(
  fragment: Fragment,
  plan: StatePlan & { kind: 'trail' },
  event: TrackedRecord,
  ownTimeMs: number,
  asOfMs: number,
  changes: Changes,
): void {
  const mask = maskOf(plan, event, ownTimeMs);
  if (mask === 0) return;
  let trail = fragment.trails.get(plan.id);
  if (!trail) fragment.trails.set(plan.id, (trail = createTrail()));
  if (!addToTrail(trail, plan, [ownTimeMs, event.messageId, mask], asOfMs)) return;
  fragment.dueMs = Math.min(fragment.dueMs, trailDueMs(trail, plan));
  if (plan.tells) changes.tell(plan.slot.id, tellTrail(trail, plan));
}

function cellsOf(plan: SeriesPlan, event: TrackedRecord): Cell[] {
  const { columns } = plan;
  const cells = new Array<Cell>(columns.length);
  for (let i = 0; i < columns.length; i++) cells[i] = cellOf((columns[i] as (event: TrackedRecord) => unknown)(event));
  return cells;
}

function writeSorted<T>(writer: Writer, map: ReadonlyMap<string, T>, write: (value: T) => void): void {
  writer.uint(map.size);
  const keys = map.size > 1 ? [...map.keys()].sort() : map.keys();
  for (const key of keys) {
    writer.string(key);
    write(map.get(key) as T);
  }
}

function readSorted<T>(reader: Reader, map: Map<string, T>, read: () => T): void {
  for (let left = reader.uint(); left > 0; left--) map.set(reader.string(), read());
}

/** An own property, whatever its name. */
function define<T>(target: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
  else target[name] = value;
}
