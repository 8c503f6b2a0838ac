// Compaction of a compacted topic: rewrites frames without the records that a later record of the same key has replaced.
// K1 The latest record of every key stays, a tombstone too; offsets stay, and what is taken away leaves a gap.
// K2 Bounded: a call reads a stated number of frames, yields to the event loop after each, and holds a stated number of keys.
// K3 A call's rewritten frames are one transaction: a reader or a crash finds the old frames or the new ones.
// K4 It only touches frames that were durable when its pass began; appends and reads go on.
//
// A pass over a lane has two halves, as in Kafka's cleaner: index the keys of what came since the last pass, then rewrite everything
// up to there. How far a lane is clean is stored with the last rewrite; a pass that is broken off begins again.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Key } from '@tessera/contracts';
import type { LogRecord } from '@tessera/runtime';
import type { LmdbEnvironment } from '@tessera/lmdb-environment';
import { FRAME_RECORDS_MAX } from './frame.js';
import type { Frame, FrameCodec } from './frame.js';
import type { FrameStore } from './frame-store.js';
import type { Lane } from './lane.js';

export interface CompactionOptions {
  /** Frames read by this call; default 64. */
  readonly frames?: number;
  /** A lane is left alone until this share of its records came since its last pass; default 0.5. */
  readonly dirtyShareMin?: number;
}

export interface CompactionStep {
  /** True when no lane of the topic needs a pass. */
  readonly finished: boolean;
  readonly framesRead: number;
  readonly recordsDropped: number;
}

interface Clean {
  readonly to: number;
  readonly records: number;
}

interface Pass {
  readonly latest: Map<Key, number>;
  phase: 'index' | 'rewrite';
  at: number;
  /** Offset up to which the pass indexes and rewrites. */
  end: number;
  kept: number;
}

interface Rewrite {
  readonly removed: number[];
  readonly written: { readonly first: number; readonly stored: Buffer }[];
  records: LogRecord[];
  first: number;
  next: number;
}

const KEYS_MAX = 200_000;
const FRAMES_DEFAULT = 64;
const DIRTY_SHARE_DEFAULT = 0.5;
/** A frame that loses nothing and is at least this full stays as it is. */
const FULL_ENOUGH = FRAME_RECORDS_MAX / 2;
/** Offsets in a frame are uint32 from its first. */
const FRAME_SPAN_MAX = 0xffffffff;

export class Compaction {
  private readonly passes = new Map<Lane, Pass>();

  constructor(
    private readonly environment: LmdbEnvironment,
    private readonly store: FrameStore,
    private readonly codec: FrameCodec,
    /** The lane's frames are not what they were. */
    private readonly rewritten: (lane: Lane) => void,
  ) {}

  async step(lanes: readonly Lane[], options: CompactionOptions): Promise<CompactionStep> {
    const share = options.dirtyShareMin ?? DIRTY_SHARE_DEFAULT;
    const budget = { frames: options.frames ?? FRAMES_DEFAULT };
    let framesRead = 0;
    let recordsDropped = 0;
    for (const lane of lanes) {
      while (budget.frames > framesRead) {
        const pass = this.passes.get(lane) ?? this.begin(lane, share);
        if (pass === undefined) break;
        try {
          const done = await this.advance(lane, pass, budget.frames - framesRead);
          framesRead += done.framesRead;
          recordsDropped += done.recordsDropped;
        } catch (error) {
          this.passes.delete(lane);
          throw error;
        }
      }
    }
    const finished = lanes.every((lane) => !this.passes.has(lane) && !this.isDirty(lane, share));
    return { finished, framesRead, recordsDropped };
  }

  private begin(lane: Lane, share: number): Pass | undefined {
    if (!this.isDirty(lane, share)) return undefined;
    const pass: Pass = { latest: new Map(), phase: 'index', at: this.clean(lane).to, end: lane.durable, kept: 0 };
    this.passes.set(lane, pass);
    return pass;
  }

  private isDirty(lane: Lane, share: number): boolean {
    const clean = this.clean(lane);
    const dirty = lane.durable - clean.to;
    return dirty > 0 && dirty >= share * (dirty + clean.records);
  }

  private clean(lane: Lane): Clean {
    return this.environment.readMeta<Clean>(cleanName(lane)) ?? { to: 0, records: 0 };
  }

  private async advance(lane: Lane, pass: Pass, frames: number): Promise<{ framesRead: number; recordsDropped: number }> {
    return pass.phase === 'index' ? this.index(lane, pass, frames) : this.rewrite(lane, pass, frames);
  }

  private async index(lane: Lane, pass: Pass, frames: number): Promise<{ framesRead: number; recordsDropped: number }> {
    let framesRead = 0;
    while (framesRead < frames) {
      const frame = pass.at < pass.end ? this.store.frameAt(lane, pass.at) : undefined;
      if (frame === undefined || frame.first >= pass.end) break;
      framesRead++;
      for (const { key, offset } of frame.records) pass.latest.set(key, offset);
      pass.at = frame.next;
      if (pass.latest.size >= KEYS_MAX) pass.end = frame.next;
      await nextTurn();
    }
    if (framesRead < frames) {
      pass.phase = 'rewrite';
      pass.at = 0;
    }
    return { framesRead, recordsDropped: 0 };
  }

  private async rewrite(lane: Lane, pass: Pass, frames: number): Promise<{ framesRead: number; recordsDropped: number }> {
    const rewrite: Rewrite = { removed: [], written: [], records: [], first: 0, next: 0 };
    let framesRead = 0;
    let recordsDropped = 0;
    let finished = false;
    while (framesRead < frames && !finished) {
      const frame = pass.at < pass.end ? this.store.frameAt(lane, pass.at) : undefined;
      if (frame === undefined || frame.first >= pass.end) finished = true;
      else {
        framesRead++;
        recordsDropped += this.rewriteFrame(pass, frame, rewrite);
        pass.at = frame.next;
        await nextTurn();
      }
    }
    this.finishFrame(rewrite);
    if (finished || rewrite.removed.length > 0) await this.commit(lane, pass, rewrite, finished);
    return { framesRead, recordsDropped };
  }

  /** Returns how many records it took away. */
  private rewriteFrame(pass: Pass, frame: Frame, rewrite: Rewrite): number {
    const records = frame.records.filter(({ key, offset }) => (pass.latest.get(key) ?? -1) <= offset);
    pass.kept += records.length;
    const dropped = frame.records.length - records.length;
    if (dropped === 0 && records.length >= FULL_ENOUGH) {
      this.finishFrame(rewrite);
      return 0;
    }
    rewrite.removed.push(frame.first);
    for (const record of records) {
      const full = rewrite.records.length === FRAME_RECORDS_MAX || record.offset - rewrite.first > FRAME_SPAN_MAX;
      if (full) this.finishFrame(rewrite);
      if (rewrite.records.length === 0) rewrite.first = record.offset;
      rewrite.records.push(record);
      rewrite.next = record.offset + 1;
    }
    if (rewrite.records.length > 0) rewrite.next = frame.next;
    return dropped;
  }

  private finishFrame(rewrite: Rewrite): void {
    if (rewrite.records.length === 0) return;
    rewrite.written.push({ first: rewrite.first, stored: this.codec.encode(rewrite.records, rewrite.first, rewrite.next) });
    rewrite.records = [];
  }

  private async commit(lane: Lane, pass: Pass, rewrite: Rewrite, finished: boolean): Promise<void> {
    await this.environment.write(() => {
      for (const first of rewrite.removed) this.store.remove(lane, first);
      for (const { first, stored } of rewrite.written) this.store.put(lane, first, stored);
      if (finished) this.environment.putMeta(cleanName(lane), { to: pass.end, records: pass.kept } satisfies Clean);
    });
    this.rewritten(lane);
    if (finished) this.passes.delete(lane);
  }
}

function cleanName(lane: Lane): string {
  return `clean ${lane.name}`;
}
