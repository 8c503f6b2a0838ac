// When a definition set comes into force in one partition of `fragments`: the partition's own state.
// A1 A set is active once all partitions of `events` have announced its values ready, and it is newer than the active one.
// A2 It is in force from a moment that every run agrees on: with the broker's clock the log time of the record that completed
//    it; with an event clock, where the order of sources is arbitrary, the latest effective time of its announcements.
// A3 With an event clock log time moves only by closing ticks: it is the least of their times over all sources. The effective time
//    of other records is no watermark, because a source's timers are told in slices, later than records with greater times; own
//    timers fire up to the own record's time in any case, so that a person's changes do not depend on the interleaving.
import { Reader, Writer } from '@tessera/codec';
import type { DefinitionsReadyRecord, TickRecord } from '@tessera/contracts';
import type { PartitionCodec } from '@tessera/runtime';
import type { SetIndex } from './set-index.js';

export interface ActiveSet {
  readonly set: number;
  readonly hash: string;
  readonly effectiveMs: number;
  /** Derived when it is first asked for; not encoded. */
  index: SetIndex | undefined;
}

/** A set that some sources, but not yet all, have announced. */
export interface Readiness {
  readonly set: number;
  readonly hash: string;
  effectiveMs: number;
  readonly sources: Set<number>;
}

export interface SegmentsPartitionState {
  /** By workspace. */
  readonly active: Map<string, ActiveSet>;
  /** By workspace, ascending by set. */
  readonly ready: Map<string, Readiness[]>;
  /** Time up to which a source has closed its log, by source (event clock). */
  readonly closed: Map<number, number>;
  /** Partitions of `events`; 0 until the first control record: before that no set is active, so no timer waits for the time. */
  sources: number;
}

export type Announcement = 'seen' | 'duplicate' | 'waiting' | 'complete';

/** Notes that a source has a set ready; `complete` when it was the last one and the set is active now. */
export function announce(
  state: SegmentsPartitionState,
  record: DefinitionsReadyRecord,
  sources: number,
  atMs: number | undefined,
): Announcement {
  const { workspace, set, hash, source, effectiveMs } = record;
  if (set <= (state.active.get(workspace)?.set ?? 0)) return 'seen';
  const waiting = state.ready.get(workspace) ?? [];
  let readiness = waiting.find((each) => each.set === set);
  if (readiness === undefined) {
    readiness = { set, hash, effectiveMs, sources: new Set() };
    waiting.push(readiness);
    waiting.sort((a, b) => a.set - b.set);
    state.ready.set(workspace, waiting);
  }
  if (readiness.sources.has(source)) return 'duplicate';
  readiness.sources.add(source);
  readiness.effectiveMs = Math.max(readiness.effectiveMs, effectiveMs);
  if (readiness.sources.size < sources) return 'waiting';
  state.active.set(workspace, { set, hash, effectiveMs: atMs ?? readiness.effectiveMs, index: undefined });
  const later = waiting.filter((each) => each.set > set);
  if (later.length > 0) state.ready.set(workspace, later);
  else state.ready.delete(workspace);
  return 'complete';
}

/** The newest set beyond the active one that this source has announced; 0 for none. */
export function aheadOf(state: SegmentsPartitionState, workspace: string, source: number): number {
  if (state.ready.size === 0) return 0;
  return state.ready.get(workspace)?.findLast(({ sources }) => sources.has(source))?.set ?? 0;
}

/** Log time with an event clock, after this tick. */
export function closeSource(state: SegmentsPartitionState, tick: TickRecord): number {
  if (tick.closing && tick.source >= 0) {
    state.closed.set(tick.source, Math.max(tick.effectiveMs, state.closed.get(tick.source) ?? -Infinity));
  }
  return state.sources > 0 && state.closed.size >= state.sources ? Math.min(...state.closed.values()) : -Infinity;
}

const writer = new Writer();

export const segmentsPartitionState: PartitionCodec<SegmentsPartitionState> = {
  create: () => ({ active: new Map(), ready: new Map(), closed: new Map(), sources: 0 }),
  encode: (state) => {
    writer.byte(1);
    writer.uint(state.sources);
    writer.json(
      [...state.active].sort(byName).map(([workspace, { set, hash, effectiveMs }]) => [workspace, set, hash, effectiveMs]),
    );
    writer.json(
      [...state.ready]
        .sort(byName)
        .map(([workspace, sets]) => [
          workspace,
          sets.map(({ set, hash, effectiveMs, sources }) => [set, hash, effectiveMs, [...sources].sort((a, b) => a - b)]),
        ]),
    );
    writer.json([...state.closed].sort(([a], [b]) => a - b));
    return writer.take();
  },
  decode: (bytes) => {
    const reader = new Reader(bytes);
    reader.byte();
    const sources = reader.uint();
    const active = reader.json() as [string, number, string, number][];
    const ready = reader.json() as [string, [number, string, number, number[]][]][];
    const closed = reader.json() as [number, number][];
    return {
      active: new Map(
        active.map(([workspace, set, hash, effectiveMs]) => [workspace, { set, hash, effectiveMs, index: undefined }]),
      ),
      ready: new Map(
        ready.map(([workspace, sets]) => [
          workspace,
          sets.map(([set, hash, effectiveMs, of]) => ({ set, hash, effectiveMs, sources: new Set(of) })),
        ]),
      ),
      closed: new Map(closed),
      sources,
    };
  },
};

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
