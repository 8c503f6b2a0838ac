// What the features stage promises, written as plainly as can be: every answer from all raw events, nothing kept.
import { keyOf, type Key, type TrackedRecord } from '@tessera/contracts';
import { createSpells, fragmentId, placeEvent, type Spells } from '@tessera/identity';
import { addDecimals, decimalOf, ZERO } from '../src/decimal.js';
import type { Partial_ } from '../src/partial.js';
import type { AggregateSlot, EventSelector, Slot } from '../src/plan.js';
import { WORKSPACE } from './driver.js';

const DAY = 86_400_000;

interface Raw {
  readonly event: TrackedRecord;
  readonly ownMs: number;
}

/** The raw events of every fragment, and what they add up to at any moment. */
export class Naive {
  readonly fragments = new Map<string, Raw[]>();
  private readonly spells = new Map<string, Spells>();
  private readonly seen = new Map<string, number>();

  constructor(private readonly slots: readonly Slot[]) {}

  add(event: TrackedRecord, stampMs: number, logTimeMs: number): void {
    const ownMs = Math.min(event.timeMs, stampMs);
    let spells = this.spells.get(event.sender);
    if (!spells) this.spells.set(event.sender, (spells = createSpells()));
    const placement = placeEvent(spells, event, ownMs, logTimeMs);
    const message = `${event.sender} ${event.messageId}`;
    const before = this.seen.get(message);
    if (before !== undefined && before > logTimeMs - DAY) return;
    this.seen.set(message, logTimeMs);
    if (!placement) return;
    const id = fragmentId(event.sender, placement.fragment);
    const raw = this.fragments.get(id);
    if (raw) raw.push({ event, ownMs });
    else this.fragments.set(id, [{ event, ownMs }]);
  }

  /** Partials by slot, without `u`; a slot without events is absent. */
  partialsAt(fragment: string, timeMs: number): Record<string, Partial_> {
    const partials: Record<string, Partial_> = {};
    for (const slot of this.slots) {
      const partial = this.partial(slot, this.fragments.get(fragment) ?? [], timeMs);
      if (partial) partials[slot.id] = partial;
    }
    return partials;
  }

  /** Moments in (fromMs, toMs] at which an event leaves a window; sorted. */
  expiriesBetween(fromMs: number, toMs: number): number[] {
    const windows = new Set(this.slots.flatMap(({ windowMs }) => (windowMs === undefined ? [] : [windowMs])));
    const moments = new Set<number>();
    for (const raw of this.fragments.values()) {
      for (const { ownMs } of raw)
        for (const windowMs of windows) if (ownMs + windowMs > fromMs && ownMs + windowMs <= toMs) moments.add(ownMs + windowMs);
    }
    return [...moments].sort((a, b) => a - b);
  }

  /** First moment after timeMs at which the slot's partial changes without an event; Infinity for never. */
  nextChange(fragment: string, slot: Slot, timeMs: number): number {
    const { windowMs } = slot;
    if (windowMs === undefined) return Infinity;
    const raw = this.fragments.get(fragment) ?? [];
    const now = JSON.stringify(this.partial(slot, raw, timeMs));
    const moments = [...new Set(raw.map(({ ownMs }) => ownMs + windowMs))]
      .filter((moment) => moment > timeMs)
      .sort((a, b) => a - b);
    return moments.find((moment) => JSON.stringify(this.partial(slot, raw, moment)) !== now) ?? Infinity;
  }

  private partial(slot: Slot, raw: readonly Raw[], timeMs: number): Partial_ | undefined {
    const { windowMs } = slot;
    const inside = raw.filter(({ ownMs }) => windowMs === undefined || ownMs > timeMs - windowMs);
    if (slot.kind === 'trail') {
      const masked = inside.map(({ event, ownMs }) => {
        const mask = slot.selectors.reduce((bits, selector, i) => (isSelected(selector, event) ? bits | (1 << i) : bits), 0);
        return [ownMs, event.messageId, mask] as const;
      });
      const e = masked.filter(([, , mask]) => mask !== 0).sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
      return e.length > 0 ? { e } : undefined;
    }
    return aggregateOf(
      slot,
      inside.filter(({ event, ownMs }) => isSelected(slot.selector, event) && ownMs >= (slot.sinceMs ?? -Infinity)),
    );
  }
}

function aggregateOf(slot: AggregateSlot, raw: readonly Raw[]): Partial_ | undefined {
  if (slot.aggregate === 'count') return raw.length > 0 ? { n: raw.length } : undefined;
  const valued = raw.flatMap(({ event, ownMs }): { v: number | string | boolean; t: number; i: string }[] => {
    const v = valueAt(event, slot.of ?? '');
    if (typeof v === 'number' && Number.isFinite(v)) return [{ v: v === 0 ? 0 : v, t: ownMs, i: event.messageId }];
    return typeof v === 'string' || typeof v === 'boolean' ? [{ v, t: ownMs, i: event.messageId }] : [];
  });
  const numbers = valued.map(({ v }) => v).filter((v) => typeof v === 'number');
  const ordered = valued.toSorted((a, b) => a.t - b.t || (a.i < b.i ? -1 : 1));
  switch (slot.aggregate) {
    case 'sum':
    case 'mean':
      return numbers.length > 0
        ? { s: numbers.reduce((s, v) => addDecimals(s, decimalOf(v)), ZERO), n: numbers.length }
        : undefined;
    case 'min':
      return numbers.length > 0 ? { v: Math.min(...numbers) } : undefined;
    case 'max':
      return numbers.length > 0 ? { v: Math.max(...numbers) } : undefined;
    case 'first':
      return ordered[0];
    case 'last':
      return ordered.at(-1);
    case 'distinct':
      return valued.length > 0 ? { v: [...new Set(valued.map(({ v }) => JSON.stringify(v)))].sort() } : undefined;
  }
}

/** The filters that the tests use: eq and gte. */
function isSelected({ event: name, where }: EventSelector, event: TrackedRecord): boolean {
  if (name !== (event.type === 'track' ? event.event : `$${event.type}`)) return false;
  return where.every(({ path, comparisons }) =>
    comparisons.every(({ operator, operand }) => {
      const value = valueAt(event, path);
      return operator === 'eq' ? value === operand : typeof value === 'number' && value >= (operand as number);
    }),
  );
}

function valueAt(event: TrackedRecord, path: string): unknown {
  let value: unknown = event;
  for (const name of path.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[name];
  return value;
}

export function senderKey(sender: string): Key {
  return keyOf(WORKSPACE, 'sender', sender);
}
