// The hot tail: frames just appended stay decoded for a while, so that a reader in the same process is handed the same objects.
// H1 Only durable frames are in it, and only of lanes that somebody reads here.
// H2 It is bounded in bytes, per lane and in all; the oldest frame leaves first, and is read from disk from then on.
import type { Frame } from './frame.js';
import type { Lane } from './lane.js';

export interface HotTailLimits {
  /** Encoded bytes per lane; decoded records take three to four times as much. */
  readonly bytesPerPartition: number;
  readonly bytes: number;
}

interface Kept {
  readonly lane: Lane;
  readonly frame: Frame;
}

export class HotTail {
  private total = 0;
  private readonly perLane = new Map<Lane, number>();
  /** In the order they came; those before `oldest` are gone. */
  private queue: Kept[] = [];
  private oldest = 0;

  constructor(private readonly limits: HotTailLimits) {}

  get bytes(): number {
    return this.total;
  }

  keep(lane: Lane, frame: Frame): void {
    if (!lane.followed) return;
    lane.hot.push(frame);
    this.queue.push({ lane, frame });
    this.count(lane, frame.bytes);
    while ((this.perLane.get(lane) ?? 0) > this.limits.bytesPerPartition) this.dropOldest(lane);
    while (this.total > this.limits.bytes) this.dropOldestOfAll();
    if (this.oldest > 1024) {
      this.queue = this.queue.slice(this.oldest);
      this.oldest = 0;
    }
  }

  /** The kept frame that holds the offset. */
  frameAt(lane: Lane, offset: number): Frame | undefined {
    const frames = lane.hot;
    if (frames.length === 0 || offset < (frames[0] as Frame).first) return undefined;
    let low = 0;
    let high = frames.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((frames[middle] as Frame).first <= offset) low = middle;
      else high = middle - 1;
    }
    const frame = frames[low] as Frame;
    return offset < frame.next ? frame : undefined;
  }

  /** Compaction rewrote the lane. */
  forget(lane: Lane): void {
    while (lane.hot.length > 0) this.dropOldest(lane);
  }

  private dropOldestOfAll(): void {
    const kept = this.queue[this.oldest++] as Kept;
    // Dropped before by its own lane's bound: then the lane's oldest is a younger one.
    if (kept.lane.hot[0] === kept.frame) this.dropOldest(kept.lane);
  }

  private dropOldest(lane: Lane): void {
    const frame = lane.hot.shift();
    if (frame !== undefined) this.count(lane, -frame.bytes);
  }

  private count(lane: Lane, bytes: number): void {
    this.total += bytes;
    this.perLane.set(lane, (this.perLane.get(lane) ?? 0) + bytes);
  }
}
