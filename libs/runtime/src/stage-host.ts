// All partitions of one stage that this process owns, as one part of its lifecycle.
import type { TopicId } from '@tessera/contracts';
import { carrying, type StageObserver } from './carried-headers.js';
import { Ledger } from './ledger.js';
import type { Part } from './lifecycle.js';
import { DEFAULT_LIMITS, type LoopLimits } from './limits.js';
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
  readonly loops: readonly HostedLoop[];
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
  readonly loops: readonly ProcessorLoop<Document, Definitions, State>[];

  constructor(
    readonly stage: Stage<Document, Definitions, State>,
    ports: HostPorts,
    definitions: DefinitionSource<Definitions>,
  ) {
    this.name = `stage ${stage.name}`;
    const { log, store, clock, report } = ports;
    const carried = carrying(stage, ports.observe?.(stage));
    this.loops = Array.from({ length: log.partitions(stage.input) }, (_, partition) => {
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
  }

  start(): void {
    for (const loop of this.loops) loop.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  status(): readonly LoopStatus[] {
    return this.loops.map((loop) => loop.status);
  }

  get idle(): boolean {
    return this.loops.every((loop) => loop.idle);
  }

  /** Records not yet stepped, over all partitions. */
  async lag(): Promise<number> {
    let lag = 0;
    for (const { options, position } of this.loops) {
      lag += (await options.log.endOffset(options.stage.input, options.partition)) - (position?.nextOffset ?? 0);
    }
    return lag;
  }
}

/** For stages that work without definitions. */
export const noDefinitions: DefinitionSource<never> = {
  load: (workspace, hash) => Promise.reject(new Error(`no definitions are expected here (set ${hash} of ${workspace})`)),
};
