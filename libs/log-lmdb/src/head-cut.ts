// Cutting the head of a lane: the frames below an offset are let go, as a broker's retention does.
// H1 Whole frames only, and never the last one: it holds the lane's next offset and highest stamp. The lane then starts at the first frame that
//    is left, which is at or before the offset that was asked for.
// H2 Bounded: a transaction removes a stated number of frames, and the event loop has its turn between two. A reader or a crash finds a
//    lane that starts at one frame or at a later one, never one with a hole.
// H3 A frame is removed without being decoded: its next frame's first offset says where it ends.
import type { LmdbEnvironment } from '@tessera/lmdb-environment';
import type { FrameStore } from './frame-store.js';
import type { Lane } from './lane.js';

const FRAMES_PER_TRANSACTION = 256;

export class HeadCut {
  constructor(
    private readonly environment: LmdbEnvironment,
    private readonly store: FrameStore,
    /** The lane's frames are not what they were. */
    private readonly cut: (lane: Lane) => void,
  ) {}

  /** Returns where the lane starts now. */
  async to(lane: Lane, offset: number): Promise<number> {
    for (;;) {
      // Two more than a transaction removes: one that tells where the last of them ends, and one that stays.
      const firsts = this.store.firstOffsets(lane, FRAMES_PER_TRANSACTION + 2);
      // A frame goes when the next one begins at or before the offset.
      const whole = firsts.filter((_, index) => (firsts[index + 1] ?? Infinity) <= offset).slice(0, FRAMES_PER_TRANSACTION);
      if (whole.length === 0) return firsts[0] ?? 0;
      await this.environment.write(() => {
        for (const first of whole) this.store.remove(lane, first);
      });
      this.cut(lane);
    }
  }
}
