// The way of appended records to disk: records gather in a frame per lane, all frames of a turn go into one transaction, and one
// transaction is under way at a time, so what comes meanwhile shares the next (group commit without a timer).
// A1 An append is acknowledged after its transaction is on disk, in call order, and only then can its records be read.
// A2 When a transaction fails, everything that waits behind it is refused too: an append never takes effect after a failed one.
// A3 Offsets are given out at the call and taken back when it fails: there is no hole in what is on disk.
import type { NewRecord } from '@tessera/runtime';
import { WriteBuffers, type LmdbEnvironment } from '@tessera/lmdb-environment';
import { FRAME_RECORDS_MAX } from './frame.js';
import type { Frame, FrameCodec } from './frame.js';
import type { FrameStore } from './frame-store.js';
import type { HotTail } from './hot-tail.js';
import type { Acknowledgement, Lane, OpenFrame } from './lane.js';

/** Told of every append, by its number in call order from 1: for the contract suite. LMDB's commit and flush end together. */
export type AppendObserver = (event: 'commit' | 'flush' | 'acknowledge', append: number) => void;

interface SealedFrame {
  readonly lane: Lane;
  readonly frame: Frame;
  readonly stored: Buffer;
  readonly acknowledgements: readonly Acknowledgement[];
}

/** Of one transaction: a larger one would make the records behind it wait, and LMDB keeps its pages in memory. */
const TRANSACTION_BYTES_MAX = 32 << 20;

export class AppendQueue {
  private appends = 0;
  private sealed: SealedFrame[] = [];
  private readonly opened = new Set<Lane>();
  private scheduled = false;
  private underWay = false;
  private idlers: (() => void)[] = [];
  private readonly buffers = new WriteBuffers();
  private readonly take = (bytes: number): Buffer => this.buffers.take(bytes);

  constructor(
    private readonly environment: LmdbEnvironment,
    private readonly store: FrameStore,
    private readonly codec: FrameCodec,
    private readonly hot: HotTail,
    private readonly nowMs: () => number,
    private readonly observer: AppendObserver | undefined,
  ) {}

  append(lane: Lane, records: readonly NewRecord[]): Promise<{ readonly firstOffset: number }> {
    return new Promise((resolve, reject) => {
      if (lane.clock === 'event') requireTimes(lane, records);
      this.add(lane, records, { append: ++this.appends, firstOffset: lane.next, resolve, reject });
      this.schedule();
    });
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    if (this.isIdle()) return;
    await new Promise<void>((resolve) => this.idlers.push(resolve));
  }

  private add(lane: Lane, records: readonly NewRecord[], acknowledgement: Acknowledgement): void {
    const stamped = lane.clock === 'append';
    if (stamped) lane.lastStampMs = Math.max(lane.lastStampMs, this.nowMs());
    const last = records.length - 1;
    for (let i = 0; i <= last; i++) {
      const record = records[i] as NewRecord;
      const open = (lane.open ??= this.openFrame(lane));
      open.records.push({
        offset: lane.next++,
        stampMs: stamped ? lane.lastStampMs : (record.timeMs as number),
        key: record.key,
        value: record.value,
        headers: record.headers,
      });
      if (i === last) open.acknowledgements.push(acknowledgement);
      if (open.records.length === FRAME_RECORDS_MAX) this.seal(lane, open);
    }
  }

  private openFrame(lane: Lane): OpenFrame {
    this.opened.add(lane);
    return { first: lane.next, records: [], acknowledgements: [] };
  }

  /** A frame that cannot be encoded is a bug of who appended it: all that waits is refused, since A2 holds for it too. */
  private seal(lane: Lane, open: OpenFrame): void {
    const next = open.first + open.records.length;
    try {
      const stored = this.codec.encode(open.records, open.first, next, this.take);
      const frame = { first: open.first, next, records: open.records, bytes: stored.length };
      this.sealed.push({ lane, frame, stored, acknowledgements: open.acknowledgements });
    } catch (error) {
      this.refuseWaiting(error);
      throw error;
    }
    lane.open = undefined;
    this.opened.delete(lane);
  }

  private schedule(): void {
    if (this.scheduled || this.underWay) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.flush();
    });
  }

  private async flush(): Promise<void> {
    if (this.underWay) return;
    this.underWay = true;
    for (let group = this.nextGroup(); group.length > 0; group = this.nextGroup()) {
      try {
        await this.environment.write(() => {
          for (const { lane, frame, stored } of group) this.store.put(lane, frame.first, stored);
        });
      } catch (error) {
        this.refuse(group, error);
        continue;
      }
      this.publish(group);
    }
    this.underWay = false;
    for (const idle of this.idlers.splice(0)) idle();
  }

  private nextGroup(): SealedFrame[] {
    this.sealAll();
    let bytes = 0;
    let count = 0;
    while (count < this.sealed.length && bytes < TRANSACTION_BYTES_MAX)
      bytes += (this.sealed[count++] as SealedFrame).stored.length;
    const group = this.sealed.splice(0, count);
    for (const { lane, frame } of group) lane.submitted = frame.next;
    return group;
  }

  private sealAll(): void {
    try {
      for (const lane of this.opened) if (lane.open !== undefined) this.seal(lane, lane.open);
    } catch {
      // Told to whom it concerns: `seal` has refused every append that waited.
    }
  }

  private publish(group: readonly SealedFrame[]): void {
    const appends = group.flatMap(({ acknowledgements }) => acknowledgements);
    for (const { append } of appends) this.observer?.('commit', append);
    for (const { append } of appends) this.observer?.('flush', append);
    const lanes = new Set<Lane>();
    for (const { lane, frame, stored, acknowledgements } of group) {
      this.buffers.release(stored);
      lane.durable = frame.next;
      this.hot.keep(lane, frame);
      lanes.add(lane);
      for (const { append, firstOffset, resolve } of acknowledgements) {
        this.observer?.('acknowledge', append);
        resolve({ firstOffset });
      }
    }
    for (const lane of lanes) for (const { wake } of lane.wakers) wake();
  }

  private refuse(group: readonly SealedFrame[], error: unknown): void {
    for (const { lane, acknowledgements } of group) {
      lane.submitted = lane.durable;
      lane.next = lane.durable;
      for (const { reject } of acknowledgements) reject(error);
    }
    this.refuseWaiting(error);
  }

  /** Everything that no transaction has been started for. */
  private refuseWaiting(error: unknown): void {
    const waiting: { readonly lane: Lane; readonly acknowledgements: readonly Acknowledgement[] }[] = this.sealed.splice(0);
    for (const lane of this.opened) {
      waiting.push({ lane, acknowledgements: lane.open?.acknowledgements ?? [] });
      lane.open = undefined;
    }
    this.opened.clear();
    for (const { lane, acknowledgements } of waiting) {
      lane.next = lane.submitted;
      for (const { reject } of acknowledgements) reject(error);
    }
  }

  private isIdle(): boolean {
    return !this.underWay && !this.scheduled && this.sealed.length === 0 && this.opened.size === 0;
  }
}

function requireTimes(lane: Lane, records: readonly NewRecord[]): void {
  for (const { timeMs, key } of records) {
    if (timeMs === undefined || !Number.isFinite(timeMs))
      throw new TypeError(`${lane.name} has an event clock: ${key} needs a time`);
  }
}
