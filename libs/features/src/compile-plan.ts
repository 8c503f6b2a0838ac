// A plan made executable: which states an event touches, found by its name, with filters and paths compiled once.
// X1 A state (a series, a trail) is known by what it selects and which slots it serves: when a definition set asks for other
//    slots over the same events, that is another state, folded from history, and the former one goes on until it is not needed.
// X2 While a new set is being prepared, the states of the set in force before it go on; each slot is told by one state, the
//    elder where both have it. So the segments of the old set stay right until the new one is active.
import type { TrackedRecord } from '@tessera/contracts';
import { sha256 } from '@tessera/hash';
import { compileComparisons } from './comparison.js';
import { compilePath } from './path.js';
import type { AggregateSlot, EventSelector, FeaturePlan, Slot, TrailSlot } from './plan.js';

export type Selects = (event: TrackedRecord, ownTimeMs: number) => boolean;

/** Slots of one series that share a window. */
export interface WindowPlan {
  readonly windowMs: number;
  readonly slots: readonly SlotPlan[];
}

export interface SlotPlan {
  readonly slot: AggregateSlot;
  /** Column of the aggregated value; -1 for count. */
  readonly column: number;
  /** True when this state is the one that tells the slot. */
  readonly tells: boolean;
}

export interface SeriesPlan {
  readonly kind: 'series';
  readonly id: string;
  readonly selects: Selects;
  readonly columns: readonly ((event: TrackedRecord) => unknown)[];
  /** Of each column: its distinct values are asked for. */
  readonly withTexts: readonly boolean[];
  /** Longest window; entries beyond it are dropped. 0: no window at all. */
  readonly keepMs: number;
  /** Ascending by windowMs. */
  readonly windows: readonly WindowPlan[];
  /** Lifetime and `since` slots. */
  readonly lifetime: readonly SlotPlan[];
  /** Message ids are kept: an order among equal times is asked for. */
  readonly withIds: boolean;
}

export interface TrailPlan {
  readonly kind: 'trail';
  readonly id: string;
  readonly slot: TrailSlot;
  readonly selects: readonly { readonly event: string; readonly test: Selects }[];
  readonly tells: boolean;
}

export type StatePlan = SeriesPlan | TrailPlan;

export interface ExecutablePlan {
  readonly key: string;
  readonly states: ReadonlyMap<string, StatePlan>;
  /** States that an event of this name may touch. */
  readonly byEvent: ReadonlyMap<string, readonly StatePlan[]>;
}

/** Name that selectors know an event by. */
export function eventNameOf(record: TrackedRecord): string {
  return record.type === 'track' ? (record.event ?? '') : `$${record.type}`;
}

export const EMPTY_PLAN: ExecutablePlan = { key: '', states: new Map(), byEvent: new Map() };

const compiled = new Map<string, ExecutablePlan>();
const COMPILED_MAX = 64;

/** The states of the plans together; the elder plan first. */
export function executable(plans: readonly FeaturePlan[]): ExecutablePlan {
  const key = plans.map(({ hash }) => hash).join('+');
  const known = compiled.get(key);
  if (known) return known;
  const states = new Map<string, StatePlan>();
  const told = new Set<string>();
  for (const plan of plans) {
    for (const state of statesOf(plan.slots, told)) if (!states.has(state.id)) states.set(state.id, state);
    for (const { id } of plan.slots) told.add(id);
  }
  const result = { key, states, byEvent: indexByEvent([...states.values()]) };
  if (compiled.size >= COMPILED_MAX) compiled.clear();
  compiled.set(key, result);
  return result;
}

/** Ids of the states of `plan` that `base` does not have: they need the past. */
export function statesToBackfill(plan: FeaturePlan, base: FeaturePlan | undefined): ReadonlySet<string> {
  const had = new Set(base ? statesOf(base.slots, new Set()).map(({ id }) => id) : []);
  return new Set(statesOf(plan.slots, new Set()).flatMap(({ id }) => (had.has(id) ? [] : [id])));
}

/** The same plan with only these states, each telling nothing: for the shadow fold. */
export function restricted(plan: FeaturePlan, ids: ReadonlySet<string>): ExecutablePlan {
  const all = executable([plan]);
  const states = new Map([...all.states].filter(([id]) => ids.has(id)));
  return { key: `${all.key}!`, states, byEvent: indexByEvent([...states.values()]) };
}

function statesOf(slots: readonly Slot[], told: ReadonlySet<string>): StatePlan[] {
  const groups = new Map<string, AggregateSlot[]>();
  const states: StatePlan[] = [];
  for (const slot of slots) {
    if (slot.kind === 'trail') states.push(trailOf(slot, !told.has(slot.id)));
    else {
      const selector = JSON.stringify([slot.selector.event, slot.selector.where]);
      const group = groups.get(selector);
      if (group) group.push(slot);
      else groups.set(selector, [slot]);
    }
  }
  for (const group of groups.values()) states.push(seriesOf(group, told));
  return states;
}

function trailOf(slot: TrailSlot, tells: boolean): TrailPlan {
  const selects = slot.selectors.map((selector) => ({ event: selector.event, test: compileSelector(selector) }));
  return { kind: 'trail', id: slot.id, slot, selects, tells };
}

function seriesOf(slots: readonly AggregateSlot[], told: ReadonlySet<string>): SeriesPlan {
  const [first] = slots as readonly [AggregateSlot, ...AggregateSlot[]];
  const paths = [...new Set(slots.flatMap(({ of }) => (of === undefined ? [] : [of])))].sort();
  const planOf = (slot: AggregateSlot): SlotPlan => ({
    slot,
    column: slot.of === undefined ? -1 : paths.indexOf(slot.of),
    tells: !told.has(slot.id),
  });
  const byWindow = new Map<number, SlotPlan[]>();
  for (const slot of slots) {
    if (slot.windowMs === undefined) continue;
    const sharing = byWindow.get(slot.windowMs);
    if (sharing) sharing.push(planOf(slot));
    else byWindow.set(slot.windowMs, [planOf(slot)]);
  }
  const windows = [...byWindow].sort(([a], [b]) => a - b).map(([windowMs, sharing]) => ({ windowMs, slots: sharing }));
  return {
    kind: 'series',
    id: `s${sha256(JSON.stringify(slots.map(({ id }) => id).sort())).slice(0, 12)}`,
    selects: compileSelector(first.selector),
    columns: paths.map(valueOfPath),
    withTexts: paths.map((path) => slots.some(({ aggregate, of }) => aggregate === 'distinct' && of === path)),
    keepMs: windows.at(-1)?.windowMs ?? 0,
    windows,
    lifetime: slots.filter(({ windowMs }) => windowMs === undefined).map(planOf),
    withIds: slots.some(({ aggregate, windowMs }) => windowMs !== undefined && (aggregate === 'first' || aggregate === 'last')),
  };
}

/** The filter alone; the name is looked up before. */
function compileSelector({ where }: EventSelector): Selects {
  const clauses = where.map(({ path, comparisons }) => ({ read: valueOfPath(path), test: compileComparisons(comparisons).test }));
  if (clauses.length === 0) return () => true;
  return (event, ownTimeMs) => {
    for (const { read, test } of clauses) if (test(read(event), ownTimeMs) !== true) return false;
    return true;
  };
}

function valueOfPath(path: string): (event: TrackedRecord) => unknown {
  return path === 'name' ? (event) => event.event : compilePath(path);
}

function indexByEvent(states: readonly StatePlan[]): Map<string, StatePlan[]> {
  const byEvent = new Map<string, StatePlan[]>();
  const add = (name: string, state: StatePlan): void => {
    const held = byEvent.get(name);
    if (!held) byEvent.set(name, [state]);
    else if (!held.includes(state)) held.push(state);
  };
  for (const state of states) {
    if (state.kind === 'trail') for (const { event } of state.selects) add(event, state);
    else for (const { event } of eventsOf(state)) add(event, state);
  }
  return byEvent;
}

function eventsOf(series: SeriesPlan): readonly { readonly event: string }[] {
  const slot = series.windows[0]?.slots[0] ?? series.lifetime[0];
  return slot ? [{ event: slot.slot.selector.event }] : [];
}
