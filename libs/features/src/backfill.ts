// The shadow fold: what a new definition set needs of the past, folded from the partition's own log up to the record that
// published it, by the very code that folds live, and merged into the live documents by records.
// B1 Spells and duplicates are told by every tracked record, so an event lands in the same fragment as it did live.
// B2 Past and live meet at the publishing record: what is before it is only in the past, what is after it only live.
import { Reader, Writer } from '@tessera/codec';
import { keyOf, type BackfillCompletedRecord, type BackfilledRecord, type Key, type TrackedRecord } from '@tessera/contracts';
import { placeEvent } from '@tessera/identity';
import type { Job, LogRecord, NewRecord } from '@tessera/runtime';
import { addDecimals } from './decimal.js';
import { accumulatorOf, addText, type Accumulator } from './accumulator.js';
import { eventNameOf, restricted, type ExecutablePlan } from './compile-plan.js';
import { attachFragment, Changes, expire, foldEvent, withEntry, type Fragment } from './fragment.js';
import type { PendingBackfill } from './partition-state.js';
import { createSenderDocument, fragmentOf, isDuplicate, type SenderDocument } from './sender-document.js';
import { readSeries, writeSeries } from './series-codec.js';
import { mergeSeries } from './series.js';
import { expireTrail, mergeTrails, readTrail, writeTrail } from './trail-state.js';

/** Records appended at once. */
const CHUNK = 500;

export function backfillJob(pending: PendingBackfill): Job {
  const { workspace, set, hash, publishedAt } = pending;
  return {
    // By set: documents that come back after others have the hash of before, and another past.
    id: `backfill ${workspace} ${String(set)} ${hash}`,
    async *run(history) {
      const fold = new ShadowFold(workspace, restricted(pending.plan, pending.states));
      for await (const records of history.read('events', history.partition, 0, publishedAt))
        for (const record of records) fold.step(record);
      const { logTimeMs } = fold;
      const timeMs = logTimeMs === -Infinity ? 0 : logTimeMs;
      let chunk: NewRecord[] = [];
      for (const [key, sender, state] of fold.results()) {
        const value: BackfilledRecord = { kind: 'backfilled', workspace, sender, set, hash, state };
        chunk.push({ key, value, timeMs });
        if (chunk.length < CHUNK) continue;
        yield chunk;
        chunk = [];
      }
      const completed: BackfillCompletedRecord = { kind: 'backfillCompleted', workspace, set, hash };
      yield [...chunk, { key: keyOf(workspace, 'workspace', workspace), value: completed, timeMs }];
    },
  };
}

/** Merges what the shadow fold found into the live document; returns the fragments that it touched. */
export function mergeBackfill(document: SenderDocument, state: Uint8Array, plan: ExecutablePlan, asOfMs: number): string[] {
  const reader = new Reader(state);
  const touched: string[] = [];
  for (let left = reader.uint(); left > 0; left--) {
    const id = reader.string();
    const fragment = fragmentOf(document, id);
    mergeStates(reader, fragment, plan, asOfMs);
    if (!fragment) continue;
    fragment.attachedTo = undefined;
    attachFragment(fragment, plan, asOfMs);
    touched.push(id);
  }
  return touched;
}

function mergeStates(reader: Reader, fragment: Fragment | undefined, plan: ExecutablePlan, asOfMs: number): void {
  for (let left = reader.uint(); left > 0; left--) {
    const id = reader.string();
    const past = readSeries(reader);
    const state = plan.states.get(id);
    if (!fragment || state?.kind !== 'series') continue;
    const live = fragment.series.get(id);
    fragment.series.set(id, live ? mergeSeries(live, past, state, asOfMs, mergeLifetime) : past);
  }
  for (let left = reader.uint(); left > 0; left--) {
    const id = reader.string();
    const past = readTrail(reader);
    const state = plan.states.get(id);
    if (!fragment || state?.kind !== 'trail') continue;
    // Time has passed since the shadow fold ended.
    expireTrail(past, state, asOfMs);
    const live = fragment.trails.get(id);
    fragment.trails = withEntry(fragment.trails, id, live ? mergeTrails(live, past) : past);
  }
}

/** Lifetime values of two disjoint sets of events. */
function mergeLifetime(a: Accumulator, b: Accumulator): Accumulator {
  if (a.kind === 'count' && b.kind === 'count') return { ...a, n: a.n + b.n };
  if ((a.kind === 'sum' || a.kind === 'mean') && b.kind === a.kind) return { ...a, s: addDecimals(a.s, b.s), n: a.n + b.n };
  if (a.kind === 'distinct' && b.kind === 'distinct') return mergeDistinct(a, b);
  if ((a.kind === 'min' || a.kind === 'max') && b.kind === a.kind) {
    if (a.v === undefined || b.v === undefined) return a.v === undefined ? b : a;
    return a.v < b.v === (a.kind === 'min') ? a : b;
  }
  if ((a.kind === 'first' || a.kind === 'last') && b.kind === a.kind) {
    if (a.v === undefined || b.v === undefined) return a.v === undefined ? b : a;
    const earlier = a.t < b.t || (a.t === b.t && a.i < b.i);
    return earlier === (a.kind === 'first') ? a : b;
  }
  throw new Error(`a backfill of ${b.kind} meets a live ${a.kind}`);
}

function mergeDistinct(a: Accumulator & { kind: 'distinct' }, b: Accumulator & { kind: 'distinct' }): Accumulator {
  const merged = accumulatorOf('distinct') as Accumulator & { kind: 'distinct' };
  merged.cut = a.cut || b.cut;
  for (const { texts } of [a, b]) for (const text of texts.keys()) addText(merged, text, 0);
  return merged;
}

class ShadowFold {
  logTimeMs = -Infinity;
  private readonly documents = new Map<Key, SenderDocument>();

  constructor(
    private readonly workspace: string,
    private readonly plan: ExecutablePlan,
  ) {}

  step({ key, value, stampMs }: LogRecord): void {
    this.logTimeMs = Math.max(this.logTimeMs, stampMs);
    if (value?.kind !== 'tracked' || value.workspace !== this.workspace) return;
    let document = this.documents.get(key);
    if (!document) this.documents.set(key, (document = createSenderDocument(key)));
    this.fold(document, value, Math.min(value.timeMs, stampMs));
  }

  *results(): Generator<readonly [Key, string, Uint8Array]> {
    const writer = new Writer();
    for (const [key, document] of this.documents) {
      this.passTime(document);
      const fragments = [...document.fragments].filter(([, { series, trails }]) => series.size > 0 || trails.size > 0);
      if (fragments.length === 0) continue;
      writer.uint(fragments.length);
      for (const [id, { series, trails }] of fragments.sort(([a], [b]) => (a < b ? -1 : 1))) {
        writer.string(id);
        writeStates(writer, series, writeSeries);
        writeStates(writer, trails, writeTrail);
      }
      yield [key, document.sender, writer.take()];
    }
  }

  private fold(document: SenderDocument, event: TrackedRecord, ownTimeMs: number): void {
    this.passTime(document);
    const placement = placeEvent(document.spells, event, ownTimeMs, this.logTimeMs);
    if (isDuplicate(document, event.messageHash, this.logTimeMs) || !placement) return;
    const fragment = fragmentOf(document, placement.fragment);
    if (!fragment) return;
    attachFragment(fragment, this.plan, this.logTimeMs);
    const states = this.plan.byEvent.get(eventNameOf(event));
    if (states) foldEvent(fragment, states, event, ownTimeMs, this.logTimeMs, new Changes());
  }

  private passTime(document: SenderDocument): void {
    for (const fragment of document.fragments.values()) {
      while (fragment.dueMs <= this.logTimeMs) expire(fragment, this.plan, fragment.dueMs, new Changes());
    }
  }
}

function writeStates<T>(writer: Writer, states: ReadonlyMap<string, T>, write: (writer: Writer, state: T) => void): void {
  writer.uint(states.size);
  for (const id of [...states.keys()].sort()) {
    writer.string(id);
    write(writer, states.get(id) as T);
  }
}
