// All services in one process, without doors: the stages, the catalog, the read model, and what answers questions.
// A1 Parts start in the order of the flow, so that whoever waits for definitions finds the catalog; they stop in reverse.
// A2 State that people read is written within `freshCheckpointMs` of its log, all other state within `checkpointMs`.
// A3 A partition that stands still is told to the journal as an alert and keeps the process from being ready.
import { StoreReadModel, ReadModelFreshness } from '@tessera/app-decisions';
import { createFeatures } from '@tessera/app-features';
import { createIdentity } from '@tessera/app-identity';
import { createSegments } from '@tessera/app-segments';
import { DefinitionCatalog } from '@tessera/catalog';
import { READ_MODEL_STAGES } from '@tessera/decisions';
import {
  noDefinitions,
  StageHost,
  type HostedStage,
  type HostPorts,
  type LoopLimits,
  type LoopReport,
  type Part,
} from '@tessera/runtime';
import type { Journal } from '@tessera/telemetry';
import { LogCompaction } from './log-compaction.js';
import type { SystemPorts } from './wiring.js';

export interface ProcessingOptions {
  readonly ports: SystemPorts;
  readonly secretOf: (workspace: string) => string;
  readonly journal?: Journal | undefined;
  readonly freshCheckpointMs?: number | undefined;
  readonly checkpointMs?: number | undefined;
  /** Of every loop, beside the times above. */
  readonly limits?: Partial<LoopLimits> | undefined;
}

export interface Processing {
  readonly catalog: DefinitionCatalog;
  readonly readModel: StoreReadModel;
  readonly hosts: readonly HostedStage[];
  readonly parts: readonly Part[];
  readonly compaction: LogCompaction | undefined;
  /** What keeps the process from being ready, one line per partition. */
  problems(): readonly string[];
}

const FRESH_CHECKPOINT_MS = 250;
const CHECKPOINT_MS = 1_000;
const IDLE_MS = 5;

export function createProcessing({ ports, secretOf, journal, limits, ...times }: ProcessingOptions): Processing {
  const { log, store, clock, compactor } = ports;
  const halted = new Map<string, string>();
  const report = (event: LoopReport): void => {
    tell(event, journal);
    if (event.event === 'halted') halted.set(nameOf(event.stage, event.partition), messageOf(event.error));
  };
  const catalog = new DefinitionCatalog(log);
  const freshness = new ReadModelFreshness({ log, store, clock });
  const readModel = new StoreReadModel({
    store,
    partitions: (topic) => log.partitions(topic),
    freshness: () => freshness.freshness(),
  });

  const within = (checkpointMs: number): HostPorts => ({
    log,
    store,
    clock,
    limits: { idleMs: IDLE_MS, ...limits, checkpointMs },
    report,
  });
  const slow = within(times.checkpointMs ?? CHECKPOINT_MS);
  const fresh = within(times.freshCheckpointMs ?? FRESH_CHECKPOINT_MS);
  const services = [
    createIdentity(slow, catalog, secretOf),
    createFeatures(slow, catalog, secretOf),
    createSegments(fresh, catalog, secretOf),
  ];
  const readers = READ_MODEL_STAGES.map(
    (stage) => new StageHost(stage as (typeof READ_MODEL_STAGES)[0], { ...fresh, store: readModel.watched() }, noDefinitions),
  );
  const hosts: readonly HostedStage[] = [...services.flatMap((service) => service.hosts), ...readers];
  const compaction = compactor && new LogCompaction({ compactor, clock, journal });
  return {
    catalog,
    readModel,
    hosts,
    parts: [
      catalog,
      ...services.flatMap((service) => service.parts),
      ...readers,
      freshness,
      ...(compaction === undefined ? [] : [compaction]),
    ],
    compaction,
    problems: () => hosts.flatMap((host) => problemsOf(host, halted)),
  };
}

function problemsOf({ stage, loops }: HostedStage, halted: ReadonlyMap<string, string>): readonly string[] {
  return loops.flatMap(({ status, options: { partition } }) => {
    if (status === 'running') return [];
    const why = halted.get(nameOf(stage.name, partition));
    return [`${nameOf(stage.name, partition)} is ${status}${why === undefined ? '' : `: ${why}`}`];
  });
}

function tell({ stage, partition, event, error }: LoopReport, journal: Journal | undefined): void {
  const facts = {
    stage,
    partition,
    error: messageOf(error),
    ...(error instanceof Error && event === 'halted' ? { stack: error.stack } : {}),
  };
  if (event === 'halted') journal?.alert('a partition is halted: it needs a person', facts);
  else journal?.warn('a partition failed and goes on by itself', facts);
}

function nameOf(stage: string, partition: number): string {
  return `stage ${stage} partition ${String(partition)}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
