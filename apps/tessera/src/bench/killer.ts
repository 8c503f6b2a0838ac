// Kills on the way: one process after another is ended without warning while it has work, and started again.
// K1 A kill counts only when the process had records left that it had not written for good.
import { setTimeout as pause } from 'node:timers/promises';
import type { StageChild } from './stage-child.js';

const BETWEEN_MS = 1_500;
const TRIES_PER_KILL = 4;

export class Killer {
  kills = 0;
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly children: readonly StageChild[],
    private readonly wanted: number,
    private readonly say: (text: string) => void,
  ) {}

  start(): void {
    this.work = this.kill();
    // Told by `finished`.
    this.work.catch(() => undefined);
  }

  /** Resolves when the last one is dead and started again; rejects where there was too little work to kill in. */
  async finished(): Promise<void> {
    await this.work;
    if (this.kills < this.wanted)
      throw new Error(
        `${String(this.wanted)} kills were asked for, and the work was done after ${String(this.kills)}: use more events`,
      );
  }

  private async kill(): Promise<void> {
    for (let turn = 0; this.kills < this.wanted && turn < this.wanted * TRIES_PER_KILL; turn++) {
      await pause(BETWEEN_MS);
      const child = this.children[turn % this.children.length];
      if (child === undefined) return;
      const { ready, quiet } = await child.ask('tell');
      if (!ready || quiet) continue;
      await child.replace();
      this.kills += 1;
      this.say(`kill ${String(this.kills)}: ${child.service}`);
    }
  }
}
