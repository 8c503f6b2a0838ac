// The hot tail: frames just appended stay decoded for a while, so that a reader in the same process is handed the same objects.
// H1 Only durable frames are in it, and only of lanes that somebody reads here.
// H2 It is bounded in bytes, per lane and in all; the oldest frame leaves first, and is read from disk from then on.
// H3 What as many reads have come to the end of as the lane has followers leaves too: records that live on after they are stepped
//    grow old in the heap, and then cost more to collect than they cost to make.
import type { Frame } from './frame.js';
import type { Lane } from './lane.js';

export interface HotTailLimits {
  /** Encoded bytes per lane; decoded records take three to four times as much. */
  readonly bytesPerPartition: number;
  readonly bytes: number;
}

/** A frame of the tail, and how many reads have come to its end. */
export interface HotFrame {
  readonly lane: Lane;
  readonly frame: Frame;
  reads: number;
}

export class HotTail {
  private total = 0;
  private readonly perLane = new Map<Lane, number>();
  /** In the order they came. */
  private readonly kept = new Set<HotFrame>();

  constructor(private readonly limits: HotTailLimits) {}

  get bytes(): number {
    return this.total;
  }

  keep(lane: Lane, frame: Frame): void {
    if (!lane.followed) return;
    const hot = { lane, frame, reads: 0 };
    lane.hot.push(hot);
    this.kept.add(hot);
    this.count(lane, frame.bytes);
    while ((this.perLane.get(lane) ?? 0) > this.limits.bytesPerPartition) this.dropOldest(lane);
    for (const oldest of this.kept) {
      if (this.total <= this.limits.bytes) break;
      this.dropOldest(oldest.lane);
    }
  }

  /** The kept frame that holds the offset. */
  frameAt(lane: Lane, offset: number): HotFrame | undefined {
    const frames = lane.hot;
    if (frames.length === 0 || offset < (frames[0] as HotFrame).frame.first) return undefined;
    let low = 0;
    let high = frames.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((frames[middle] as HotFrame).frame.first <= offset) low = middle;
      else high = middle - 1;
    }
    const hot = frames[low] as HotFrame;
    return offset < hot.frame.next ? hot : undefined;
  }

  /** A read has come to the end of the frame. */
  wasRead(hot: HotFrame): void {
    const { lane } = hot;
    hot.reads++;
    const followers = lane.wakers.size;
    while (followers > 0 && lane.hot.length > 0 && (lane.hot[0] as HotFrame).reads >= followers) this.dropOldest(lane);
  }

  /** Compaction rewrote the lane. */
  forget(lane: Lane): void {
    while (lane.hot.length > 0) this.dropOldest(lane);
  }

  private dropOldest(lane: Lane): void {
    const hot = lane.hot.shift();
    if (hot === undefined) return;
    this.kept.delete(hot);
    this.count(lane, -hot.frame.bytes);
  }

  private count(lane: Lane, bytes: number): void {
    this.total += bytes;
    this.perLane.set(lane, (this.perLane.get(lane) ?? 0) + bytes);
  }
}
