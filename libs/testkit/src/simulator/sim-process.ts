// One owner of one partition of one stage: the shipped loop behind simulated ports, until it is killed.
import { viewed, viewFor } from '@tessera/catalog';
import type { CompiledSet } from '@tessera/segments';
import { Ledger, ProcessorLoop, type Clock, type DefinitionSource, type LoopLimits } from '@tessera/runtime';
import type { SerialStage } from '../serial-context.js';
import type { Faults } from './faults.js';
import type { Scheduler } from './scheduler.js';
import type { Door, SimLog } from './sim-log.js';
import type { SimStore } from './sim-store.js';

export interface SimParts {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly log: SimLog;
  readonly store: SimStore;
  readonly definitions: DefinitionSource<CompiledSet>;
}

export class SimProcess {
  readonly ledger = new Ledger();
  halted: unknown;
  skewMs: number;
  private readonly door: Door;
  private readonly loop: ProcessorLoop<unknown, unknown, unknown>;

  constructor(
    parts: SimParts,
    readonly stage: SerialStage,
    readonly partition: number,
    name: string,
  ) {
    const { scheduler, faults, log, store, definitions } = parts;
    this.skewMs = scheduler.random.int(-faults.skewMs, faults.skewMs);
    this.door = { alive: true, lagMs: 0, name };
    this.loop = new ProcessorLoop<unknown, unknown, unknown>(
      {
        stage,
        partition,
        log: log.door(this.door),
        store: store.door(this.door),
        clock: this.clock(scheduler),
        definitions: viewed(definitions, viewFor(stage.name)),
        generation: 1,
        limits: drawLimits(scheduler),
        ledger: this.ledger,
      },
      { halted: (error) => (this.halted = error) },
    );
    this.loop.start();
  }

  get name(): string {
    return this.door.name;
  }

  get alive(): boolean {
    return this.door.alive;
  }

  get nextOffset(): number {
    return this.loop.position?.nextOffset ?? 0;
  }

  /** Cut off: what it sends arrives late. */
  cutOff(lagMs: number): void {
    this.door.lagMs = lagMs;
  }

  kill(): void {
    this.door.alive = false;
  }

  private clock(scheduler: Scheduler): Clock {
    const { door } = this;
    return {
      nowMs: () => Math.floor(scheduler.nowMs) + this.skewMs,
      wait: (ms, signal) =>
        new Promise((resolve) => {
          let over = false;
          const finish = (): void => {
            if (over || !door.alive) return;
            over = true;
            signal?.removeEventListener('abort', woken);
            resolve();
          };
          const woken = (): void => {
            scheduler.at(0, `woken ${door.name}`, finish);
          };
          if (signal?.aborted) {
            finish();
            return;
          }
          signal?.addEventListener('abort', woken, { once: true });
          if (ms !== Infinity) scheduler.at(ms, `wait ${door.name}`, finish);
        }),
    };
  }
}

/** Small bounds, so that every boundary falls everywhere. */
function drawLimits({ random }: Scheduler): LoopLimits {
  return {
    batchRecords: random.int(1, 7),
    batchBytes: 1 << 20,
    outboxRecords: random.int(1, 12),
    timersPerSlice: random.int(1, 3),
    cachedDocuments: random.int(1, 6),
    checkpointMs: random.int(5, 150),
    checkpointRecords: random.int(2, 30),
    checkpointDocuments: random.int(2, 12),
    idleMs: random.int(0, 15),
    writeDocuments: random.int(1, 4),
    tickPauseMs: random.int(1, 5),
    stampAheadMs: 300_000,
    backoffMs: 2,
    backoffMsMax: 20,
  };
}
