// What the services of a process stand on, whichever they are: the ports, the credentials, the definitions in force, and how their
// stages are hosted.
// G1 State that people read is written within `freshCheckpointMs` of its log, all other state within `checkpointMs`.
// G2 A partition that stands still is told to the journal as an alert, once.
import { DefinitionCatalog } from '@tessera/catalog';
import type { HostedStage, HostPorts, LoopLimits, LoopReport } from '@tessera/runtime';
import type { Journal, Telemetry } from '@tessera/telemetry';
import type { ReadyWhen } from './composition.js';
import type { Access } from './credentials-file.js';
import type { SystemPorts } from './wiring.js';

export interface GroundOptions {
  readonly ports: SystemPorts;
  readonly access: Access;
  readonly journal?: Journal | undefined;
  /** Watches the ports, the stages and the doors; the caller's to close, after everything else. */
  readonly telemetry?: Telemetry | undefined;
  readonly freshCheckpointMs?: number | undefined;
  readonly checkpointMs?: number | undefined;
  /** Of every loop, beside the times above. */
  readonly limits?: Partial<LoopLimits> | undefined;
  /** Address that browsers reach the process under. */
  readonly publicUrl?: string | undefined;
}

export interface Ground {
  readonly ports: SystemPorts;
  readonly access: Access;
  readonly journal: Journal | undefined;
  readonly telemetry: Telemetry | undefined;
  readonly publicUrl: string | undefined;
  /** Started first: whoever waits for definitions finds it. */
  readonly catalog: DefinitionCatalog;
  /** For stages whose state people read. */
  readonly fresh: HostPorts;
  /** For all other stages. */
  readonly slow: HostPorts;
  secretOf(workspace: string): string;
  /** What is wrong with the partitions of these stages, one line each. */
  problemsOf(hosts: readonly HostedStage[], readyWhen?: ReadyWhen): readonly string[];
}

const FRESH_CHECKPOINT_MS = 250;
const CHECKPOINT_MS = 1_000;
const IDLE_MS = 5;

export function createGround(options: GroundOptions): Ground {
  const { access, journal, telemetry, limits, publicUrl } = options;
  const ports = telemetry === undefined ? options.ports : observed(options.ports, telemetry);
  const { log, store, clock, ownership } = ports;
  const halted = new Map<string, string>();
  const report = (event: LoopReport): void => {
    tell(event, journal);
    if (event.event === 'halted') halted.set(nameOf(event.stage, event.partition), messageOf(event.error));
  };
  const within = (checkpointMs: number): HostPorts => ({
    log,
    store,
    clock,
    limits: { idleMs: IDLE_MS, ...limits, checkpointMs },
    report,
    ...(ownership === undefined ? {} : { ownership }),
    ...(telemetry && { observe: telemetry.observe }),
  });
  return {
    ports,
    access,
    journal,
    telemetry,
    publicUrl,
    catalog: new DefinitionCatalog(log, clock),
    fresh: within(options.freshCheckpointMs ?? FRESH_CHECKPOINT_MS),
    slow: within(options.checkpointMs ?? CHECKPOINT_MS),
    secretOf: (workspace) => access.secretOf(workspace),
    problemsOf: (hosts, readyWhen = 'running') => hosts.flatMap((host) => problemsOf(host, readyWhen, halted)),
  };
}

function observed(ports: SystemPorts, telemetry: Telemetry): SystemPorts {
  return { ...ports, log: telemetry.log(ports.log), store: telemetry.store(ports.store) };
}

function problemsOf(
  { stage, loops, assigned }: HostedStage,
  readyWhen: ReadyWhen,
  halted: ReadonlyMap<string, string>,
): readonly string[] {
  if (readyWhen === 'open') return [];
  if (!assigned) return [`stage ${stage.name}: it is not known which partitions this process works on`];
  return loops.flatMap(({ status, options: { partition } }) => {
    if (status === 'running' || (readyWhen === 'assigned' && status === 'backing-off')) return [];
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
