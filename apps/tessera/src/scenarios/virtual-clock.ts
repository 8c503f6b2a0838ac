// A clock that a scenario moves: waits end when virtual time reaches them, never by themselves.
// V1 A wait of nothing ends in the next turn of the event loop, as with the world's clock.
// V2 Time stands still between two calls of `moveTo`, and never goes back.
import type { Clock } from '@tessera/runtime';

interface Waiter {
  readonly untilMs: number;
  end(): void;
}

export class VirtualClock implements Clock {
  /** Waits of nothing that have not ended: somebody is about to go on. */
  immediate = 0;
  private readonly waiters = new Set<Waiter>();

  constructor(private presentMs: number) {}

  nowMs(): number {
    return this.presentMs;
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return ms <= 0 ? this.turn() : this.until(this.presentMs + ms, signal);
  }

  /** The nearest moment that somebody waits for; Infinity for none. */
  nearestMs(): number {
    let nearest = Infinity;
    for (const { untilMs } of this.waiters) nearest = Math.min(nearest, untilMs);
    return nearest;
  }

  moveTo(ms: number): void {
    this.presentMs = Math.max(this.presentMs, ms);
    for (const waiter of [...this.waiters]) if (waiter.untilMs <= this.presentMs) waiter.end();
  }

  private turn(): Promise<void> {
    this.immediate += 1;
    return new Promise((resolve) => {
      setImmediate(() => {
        this.immediate -= 1;
        resolve();
      });
    });
  }

  private until(untilMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        untilMs,
        end: () => {
          this.waiters.delete(waiter);
          signal?.removeEventListener('abort', waiter.end);
          resolve();
        },
      };
      signal?.addEventListener('abort', waiter.end, { once: true });
      this.waiters.add(waiter);
    });
  }
}
