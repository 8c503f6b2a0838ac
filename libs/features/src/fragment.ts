// A fragment: all that was learned from one sender about one person. States by id, traits, consent, and where it belongs.
// F1 What it tells is absolute: a partial, a trait with its time, a choice. Nothing is told twice unless it changed.
// F2 dueMs is the next moment at which a window of it changes; it is stored, so that a fragment needs no plan to know it.
import { addChoices, readConsent, writeConsent, type Consent } from '@tessera/consent';
import type { Reader, Writer } from '@tessera/codec';
import type { ConsentChoice, Key, TrackedRecord, TraitValue, Version } from '@tessera/contracts';
import { cellOf, type Cell } from './cell.js';
import type { ExecutablePlan, SeriesPlan, StatePlan } from './compile-plan.js';
import type { Partial_ } from './partial.js';
import { readSeries, writeSeries } from './series-codec.js';
import { addToSeries, attachSeries, createSeries, expireSeries, tellSeries, type Series } from './series.js';
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
  readonly id: string;
  /** Empty until it is first needed; then the assigned profile, or that of the fragment's own node. */
  profile: string;
  assigned: Version | undefined;
  /** It has told its profile something. */
  told: boolean;
  /** What most fragments do not have is one empty map for all of them, and gets a map of its own with its first entry. */
  traits: ReadonlyMap<string, TraitValue>;
  consent: ReadonlyMap<string, ConsentChoice>;
  readonly series: Map<string, Series>;
  trails: ReadonlyMap<string, Trail>;
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

const NONE: ReadonlyMap<string, never> = new Map<string, never>();

/** What changed by one event or one moment. */
export class Changes {
  partials: Record<string, Partial_ | null> | undefined;
  traits: Record<string, TraitValue> | undefined;
  consent: Record<string, { granted: boolean; timeMs: number }> | undefined;

  readonly tell = (slotId: string, partial: Partial_ | undefined): void => {
    (this.partials ??= {})[slotId] = partial ?? null;
  };

  /** Forgets what it holds; whoever was given a part of it keeps that. */
  reset(): this {
    this.partials = undefined;
    this.traits = undefined;
    this.consent = undefined;
    return this;
  }

  get any(): boolean {
    return this.partials !== undefined || this.traits !== undefined || this.consent !== undefined;
  }
}

export function createFragment(id: string): Fragment {
  return {
    id,
    profile: '',
    assigned: undefined,
    told: false,
    traits: NONE,
    consent: NONE,
    series: new Map(),
    trails: NONE,
    dueMs: Infinity,
    attachedTo: undefined,
    address: undefined,
  };
}

/** Drops all states but those of a plan. */
export function keepStates(fragment: Fragment, plan: ExecutablePlan): void {
  for (const id of fragment.series.keys()) if (plan.states.get(id)?.kind !== 'series') fragment.series.delete(id);
  const trails = [...fragment.trails].filter(([id]) => plan.states.get(id)?.kind === 'trail');
  if (trails.length < fragment.trails.size) fragment.trails = trails.length > 0 ? new Map(trails) : NONE;
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
      if (series.dueMs < fragment.dueMs) fragment.dueMs = series.dueMs;
    }
  }
}

/** Everything that is due at exactly dueMs. */
export function expire(fragment: Fragment, plan: ExecutablePlan, dueMs: number, changes: Changes): void {
  for (const series of fragment.series.values()) if (series.dueMs <= dueMs) expireSeries(series, dueMs, changes.tell);
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
  fragment.traits = withEntry(fragment.traits, name, trait);
  define((changes.traits ??= {}), name, trait);
}

export function writeChoices(fragment: Fragment, choices: Consent, changes: Changes): void {
  const consent: Consent = ownMap(fragment.consent);
  fragment.consent = consent;
  for (const purpose of addChoices(consent, choices)) {
    const choice = consent.get(purpose);
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
  for (const series of fragment.series.values()) if (series.dueMs < due) due = series.dueMs;
  if (fragment.trails !== NONE) {
    for (const [id, trail] of fragment.trails) {
      const state = plan.states.get(id);
      if (state?.kind === 'trail') due = Math.min(due, trailDueMs(trail, state));
    }
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

export function readFragment(reader: Reader, id: string): Fragment {
  const fragment = createFragment(id);
  fragment.profile = reader.string();
  if (reader.bool()) fragment.assigned = { generation: reader.uint(), offset: reader.uint(), index: reader.uint() };
  fragment.told = reader.bool();
  fragment.dueMs = reader.time();
  fragment.traits = readSorted(reader, () => ({ value: reader.json(), timeMs: reader.int(), messageId: reader.string() }));
  const consent = readConsent(reader);
  if (consent.size > 0) fragment.consent = consent;
  for (const [state, series] of readSorted(reader, () => readSeries(reader))) fragment.series.set(state, series);
  fragment.trails = readSorted(reader, () => readTrail(reader));
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
  if (!trail) fragment.trails = withEntry(fragment.trails, plan.id, (trail = createTrail()));
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
  if (map.size === 0) return;
  const keys = map.size > 1 ? [...map.keys()].sort() : map.keys();
  for (const key of keys) {
    writer.string(key);
    write(map.get(key) as T);
  }
}

function readSorted<T>(reader: Reader, read: () => T): ReadonlyMap<string, T> {
  let left = reader.uint();
  if (left === 0) return NONE;
  const map = new Map<string, T>();
  for (; left > 0; left--) map.set(reader.string(), read());
  return map;
}

/** The map with the entry in it: the same one, or the fragment's first. */
export function withEntry<T>(map: ReadonlyMap<string, T>, key: string, value: T): ReadonlyMap<string, T> {
  return ownMap(map).set(key, value);
}

function ownMap<T>(map: ReadonlyMap<string, T>): Map<string, T> {
  return map === NONE ? new Map<string, T>() : (map as Map<string, T>);
}

/** An own property, whatever its name. */
function define<T>(target: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
  else target[name] = value;
}
