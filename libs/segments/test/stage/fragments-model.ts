// A model of the features stage, as plain as can be: fragments with their events, told to the profile that each belongs to.
// Every value is recounted from the list of events. Time is a small integer; one thing happens per call.
import type { FragmentChangedRecord, TraitValue } from '@tessera/contracts';
import type { CountPartial, ValuePartial } from '@tessera/features';
import type { Driver } from './driver.js';
import { WINDOW_MS } from './hand-made-set.js';

interface ModelEvent {
  readonly kind: 'a' | 'b';
  readonly timeMs: number;
}

export interface ModelFragment {
  readonly id: string;
  readonly home: string;
  readonly source: number;
  readonly events: ModelEvent[];
  readonly traits: Record<string, TraitValue>;
  readonly consent: Record<string, { granted: boolean; timeMs: number }>;
  profile: string;
  spoke: boolean;
}

/** Told of each record after it was stepped. */
export type Observer = (profile: string, fragment: ModelFragment, nowMs: number, left: boolean) => void;

export class FragmentsModel {
  nowMs = 1000;
  /** Records are stamped so much later than what they tell: the stage's timers run ahead of them. */
  lagMs = 0;
  readonly fragments: readonly ModelFragment[];
  private readonly offsets: number[] = [0, 0, 0, 0];
  private slots = new Set(['a10', 'b', 'lastA']);

  constructor(
    private readonly driver: Driver,
    homes: readonly string[],
    private readonly observer: Observer = () => undefined,
  ) {
    this.fragments = homes.map((home, i) => ({
      id: `anonymous_id:d${String(i)}|spell:0`,
      home,
      source: Number(home.slice(1)) % 2,
      events: [],
      traits: {},
      consent: {},
      profile: home,
      spoke: false,
    }));
  }

  get stampMs(): number {
    return this.nowMs + this.lagMs;
  }

  /** Lets time pass: expiries, and the ticks that the owner of a due timer appends. */
  advance(byMs: number): void {
    const until = this.nowMs + byMs;
    for (;;) {
      const expiry = Math.min(...this.fragments.map((fragment) => expiryOf(fragment, this.nowMs)));
      const due = Math.min(expiry, Math.max(this.driver.dueMs - this.lagMs, this.nowMs));
      if (due > until) break;
      this.nowMs = due;
      if (due < expiry) this.tick();
      else
        for (const fragment of this.fragments)
          if (fragment.events.some((event) => isExpiring(event, due))) this.tell(fragment, 'expiry', ['a10']);
    }
    this.nowMs = until;
  }

  event(fragment: ModelFragment, kind: 'a' | 'b'): void {
    fragment.events.push({ kind, timeMs: this.nowMs });
    this.tell(fragment, 'event', kind === 'a' ? ['a10', 'lastA'] : ['b']);
  }

  trait(fragment: ModelFragment, name: string, value: unknown): void {
    fragment.traits[name] = { value, timeMs: this.nowMs, messageId: `m${String(this.nowMs)} ${fragment.id}` };
    this.tell(fragment, 'event', [], [name]);
  }

  choice(fragment: ModelFragment, purpose: string, granted: boolean): void {
    fragment.consent[purpose] = { granted, timeMs: this.nowMs };
    this.tell(fragment, 'event', [], [], [purpose]);
  }

  /** The fragment leaves its profile for another: both are told, in one step. */
  move(fragment: ModelFragment, to: string, reason: 'moved' | 'unlinked'): void {
    const from = fragment.profile;
    if (from === to) return;
    const { id, source } = fragment;
    const offset = this.nextOffset(source);
    const version = { workspace: 'w', fragment: id, source, generation: 1, offset, effectiveMs: this.nowMs };
    this.driver.tell(
      from,
      { kind: 'fragmentDetached', profile: from, index: 0, toProfile: to, reason, ...version },
      this.stampMs,
    );
    this.observer(from, fragment, this.nowMs, true);
    fragment.profile = to;
    this.driver.tell(to, { ...this.recordOf(fragment, 'moved', offset, 1), reason, full: true, fromProfile: from }, this.stampMs);
    this.observer(to, fragment, this.nowMs, false);
  }

  /** Works with another plan from now on, and tells what that needs besides. */
  publish(slots: readonly string[]): void {
    const added = slots.filter((slot) => !this.slots.has(slot));
    this.slots = new Set(slots);
    if (added.length > 0) for (const fragment of this.fragments) if (fragment.spoke) this.tell(fragment, 'definitions', added);
  }

  tick(): void {
    for (let partition = 0; partition < this.driver.partitions.length; partition++) {
      this.driver.control(partition, { kind: 'tick', closing: false, source: -1, effectiveMs: 0 }, this.stampMs);
    }
  }

  private tell(
    fragment: ModelFragment,
    reason: string,
    slots: readonly string[],
    traits: readonly string[] = [],
    purposes: readonly string[] = [],
  ): void {
    fragment.spoke = true;
    const all = this.recordOf(fragment, reason, this.nextOffset(fragment.source), 0);
    const partials = Object.fromEntries(
      slots.filter((slot) => this.slots.has(slot)).map((slot) => [slot, (all.partials as Record<string, unknown>)[slot] ?? null]),
    );
    const some = {
      ...all,
      messageId: `m${String(this.nowMs)}`,
      partials,
      traits: Object.fromEntries(traits.map((name) => [name, fragment.traits[name] as TraitValue])),
      consent: Object.fromEntries(
        purposes.map((purpose) => [purpose, fragment.consent[purpose] as { granted: boolean; timeMs: number }]),
      ),
    };
    this.driver.tell(fragment.profile, some, this.stampMs);
    this.observer(fragment.profile, fragment, this.nowMs, false);
  }

  private recordOf(fragment: ModelFragment, reason: string, offset: number, index: number): FragmentChangedRecord {
    const { id, profile, source, traits, consent } = fragment;
    return {
      kind: 'fragmentChanged',
      workspace: 'w',
      profile,
      fragment: id,
      source,
      generation: 1,
      offset,
      index,
      effectiveMs: this.nowMs,
      reason,
      full: false,
      partials: Object.fromEntries(Object.entries(partialsOf(fragment, this.nowMs)).filter(([slot]) => this.slots.has(slot))),
      traits: { ...traits },
      consent: { ...consent },
    };
  }

  private nextOffset(source: number): number {
    return (this.offsets[source] = (this.offsets[source] as number) + 1);
  }
}

/** Recounted from nothing. */
export function partialsOf(fragment: ModelFragment, nowMs: number): Record<string, CountPartial | ValuePartial> {
  const partials: Record<string, CountPartial | ValuePartial> = {};
  const a = fragment.events.filter(({ kind }) => kind === 'a').map(({ timeMs }) => timeMs);
  const inWindow = a.filter((timeMs) => timeMs > nowMs - WINDOW_MS && timeMs <= nowMs);
  const b = fragment.events.filter(({ kind }) => kind === 'b').length;
  if (inWindow.length > 0) partials.a10 = { n: inWindow.length, u: Math.min(...inWindow) + WINDOW_MS };
  if (b > 0) partials.b = { n: b };
  if (a.length > 0) partials.lastA = { v: 'x', t: Math.max(...a), i: 'm' };
  return partials;
}

function isExpiring({ kind, timeMs }: ModelEvent, atMs: number): boolean {
  return kind === 'a' && timeMs + WINDOW_MS === atMs;
}

function expiryOf(fragment: ModelFragment, afterMs: number): number {
  return Math.min(
    ...fragment.events
      .filter(({ kind, timeMs }) => kind === 'a' && timeMs + WINDOW_MS > afterMs)
      .map(({ timeMs }) => timeMs + WINDOW_MS),
  );
}
