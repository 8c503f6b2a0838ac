// All partitions of one stage that this process owns, as one part of its lifecycle.
// O1 Without an ownership port all partitions are owned, from the start to the stop.
// O2 A partition has one loop in this process, whatever is gained and lost in between: it is started after its last stop has ended, and
//    its ledger counts on.
import type { TopicId } from '@tessera/contracts';
import { carrying, type StageObserver } from './carried-headers.js';
import { Ledger } from './ledger.js';
import type { Part } from './lifecycle.js';
import { DEFAULT_LIMITS, type LoopLimits } from './limits.js';
import type { Membership, Ownership } from './ownership.js';
import type { Clock, DefinitionSource, EventLog, StateStore } from './ports.js';
import { ProcessorLoop, type LoopStatus } from './processor-loop.js';
import type { Stage } from './stage.js';

export interface HostPorts {
  readonly log: EventLog;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly generation?: number;
  readonly limits?: Partial<LoopLimits>;
  /** The world failed and the partition goes on by itself, or a partition stands still. */
  readonly report?: (event: LoopReport) => void;
  /** Who is told what a stage does: traces and metrics. */
  readonly observe?: (stage: HostedStage['stage']) => StageObserver;
  /** Which partitions are this process's; left out, all are. */
  readonly ownership?: Ownership;
}

export interface LoopReport {
  readonly stage: string;
  readonly partition: number;
  readonly event: 'failed' | 'halted';
  readonly error: unknown;
}

/** A host whatever its documents are: what a composition root, its readiness and its metrics look at. */
export interface HostedStage extends Part {
  readonly stage: { readonly name: string; readonly input: TopicId };
  /** Of the partitions that are owned now. */
  readonly loops: readonly HostedLoop[];
  /** It is known which partitions are owned: the readiness of a stage. */
  readonly assigned: boolean;
  /** Every loop has nothing left to do. */
  readonly idle: boolean;
  /** Records not yet stepped, over all partitions. */
  lag(): Promise<number>;
}

export interface HostedLoop {
  readonly status: LoopStatus;
  readonly position: { readonly nextOffset: number; readonly logTimeMs: number } | undefined;
  readonly options: { readonly partition: number; readonly ledger: Ledger };
}

export class StageHost<Document, Definitions, State> implements HostedStage {
  readonly name: string;
  private readonly all: readonly ProcessorLoop<Document, Definitions, State>[];
  /** Indexes of `all`. */
  private readonly owned = new Set<number>();
  /** Of every partition: what was last begun with its loop. */
  private readonly turns = new Map<number, Promise<void>>();
  private readonly ownership: Ownership | undefined;
  private membership: Membership | undefined;

  constructor(
    readonly stage: Stage<Document, Definitions, State>,
    ports: HostPorts,
    definitions: DefinitionSource<Definitions>,
  ) {
    this.name = `stage ${stage.name}`;
    this.ownership = ports.ownership;
    const { log, store, clock, report } = ports;
    const carried = carrying(stage, ports.observe?.(stage));
    this.all = Array.from({ length: log.partitions(stage.input) }, (_, partition) => {
      const tell = (event: LoopReport['event'], error: unknown): void => report?.({ stage: stage.name, partition, event, error });
      return new ProcessorLoop(
        {
          stage: carried,
          partition,
          log,
          store,
          clock,
          definitions,
          generation: ports.generation ?? 1,
          limits: { ...DEFAULT_LIMITS, ...ports.limits },
          ledger: new Ledger(),
        },
        { failed: (error) => tell('failed', error), halted: (error) => tell('halted', error) },
      );
    });
    if (this.ownership === undefined) for (const partition of this.all.keys()) this.owned.add(partition);
  }

  get loops(): readonly ProcessorLoop<Document, Definitions, State>[] {
    return this.owned.size === this.all.length ? this.all : this.all.filter((_, partition) => this.owned.has(partition));
  }

  get assigned(): boolean {
    return this.ownership === undefined || this.membership?.assigned === true;
  }

  start(): void {
    if (this.ownership === undefined) {
      for (const loop of this.all) loop.start();
      return;
    }
    const { name, input } = this.stage;
    this.membership = this.ownership.join(
      { stage: name, topic: input, partitions: this.all.length },
      {
        gained: (partitions) => {
          for (const partition of partitions) this.begin(partition);
        },
        release: (partitions) => this.end(partitions),
        lost: (partitions) => void this.end(partitions),
        positions: () => this.positions(),
      },
    );
  }

  async stop(): Promise<void> {
    await this.membership?.leave();
    await Promise.all(this.all.map((loop) => loop.stop()));
  }

  status(): readonly LoopStatus[] {
    return this.loops.map((loop) => loop.status);
  }

  get idle(): boolean {
    return this.assigned && this.loops.every((loop) => loop.idle);
  }

  /** Records not yet stepped, over all partitions that are owned. */
  async lag(): Promise<number> {
    let lag = 0;
    for (const { options, position } of this.loops) {
      lag += (await options.log.endOffset(options.stage.input, options.partition)) - (position?.nextOffset ?? 0);
    }
    return lag;
  }

  private begin(partition: number): void {
    this.owned.add(partition);
    const turn = (this.turns.get(partition) ?? Promise.resolve()).then(() => {
      // Given away again while the last stop was waited for.
      if (this.owned.has(partition)) this.all[partition]?.start();
    });
    this.turns.set(partition, turn);
  }

  private async end(partitions: readonly number[]): Promise<void> {
    const ends = partitions.map((partition) => {
      this.owned.delete(partition);
      const stopped = this.turns.get(partition)?.then(() => this.all[partition]?.stop()) ?? Promise.resolve();
      this.turns.set(partition, stopped);
      return stopped;
    });
    await Promise.all(ends);
  }

  private positions(): ReadonlyMap<number, number> {
    const positions = new Map<number, number>();
    for (const { options, position } of this.loops)
      if (position !== undefined) positions.set(options.partition, position.nextOffset);
    return positions;
  }
}

/** For stages that work without definitions. */
export const noDefinitions: DefinitionSource<never> = {
  load: (workspace, hash) => Promise.reject(new Error(`no definitions are expected here (set ${hash} of ${workspace})`)),
};
