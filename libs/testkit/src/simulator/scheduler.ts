// The heart of a simulated world: one queue of (virtual time, sequence), one thread, one seed.
// S1 Everything that waits, waits here; between two events all promise jobs have run.
// S2 Equal seeds give equal traces: the trace hash covers every event in its order.
import type { Random } from './random.js';

interface Waiting {
  readonly atMs: number;
  readonly sequence: number;
  readonly label: string;
  readonly run: () => void;
}

export class Scheduler {
  nowMs: number;
  steps = 0;
  private readonly queue: Waiting[] = [];
  private sequence = 0;
  private hash = 0x811c9dc5;

  constructor(
    readonly random: Random,
    startMs: number,
  ) {
    this.nowMs = startMs;
  }

  get traceHash(): string {
    return (this.hash >>> 0).toString(16).padStart(8, '0');
  }

  /** Mixes something that happened into the trace hash (FNV-1a). */
  note(text: string): void {
    for (let i = 0; i < text.length; i++) this.hash = Math.imul(this.hash ^ text.charCodeAt(i), 0x01000193);
  }

  at(delayMs: number, label: string, run: () => void): void {
    const waiting = { atMs: this.nowMs + Math.max(0, delayMs), sequence: this.sequence++, label, run };
    const { queue } = this;
    let child = queue.length;
    queue.push(waiting);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!before(queue[child] as Waiting, queue[parent] as Waiting)) break;
      swap(queue, child, parent);
      child = parent;
    }
  }

  /** Runs the next event; false when there is none before `untilMs`. */
  async step(untilMs: number): Promise<boolean> {
    const next = this.queue[0];
    if (!next || next.atMs > untilMs) return false;
    this.pop();
    this.nowMs = Math.max(this.nowMs, next.atMs);
    this.steps += 1;
    this.note(`${String(next.atMs)} ${next.label};`);
    next.run();
    // A tick runs when no promise job is left; setImmediate would do the same by way of the event loop, three times slower.
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
    return true;
  }

  private pop(): void {
    const { queue } = this;
    const last = queue.pop() as Waiting;
    if (queue.length === 0) return;
    queue[0] = last;
    for (let parent = 0; ;) {
      let least = 2 * parent + 1;
      if (least >= queue.length) return;
      if (least + 1 < queue.length && before(queue[least + 1] as Waiting, queue[least] as Waiting)) least += 1;
      if (!before(queue[least] as Waiting, queue[parent] as Waiting)) return;
      swap(queue, least, parent);
      parent = least;
    }
  }
}

function before(a: Waiting, b: Waiting): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}

function swap(queue: Waiting[], a: number, b: number): void {
  [queue[a], queue[b]] = [queue[b] as Waiting, queue[a] as Waiting];
}
