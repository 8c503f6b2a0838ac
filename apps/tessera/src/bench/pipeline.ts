// The pipeline benchmark: events into the log, through identity, features and segments on the embedded adapters with durability
// on, until every timer up to the last event's time has fired.
import { writeFileSync } from 'node:fs';
import { DefinitionCatalog, viewed, viewFor } from '@tessera/catalog';
import { StageHost, systemClock, type EventLog, type LoopLimits, type StateStore } from '@tessera/runtime';
import { pipelineStages, shippedStages } from '@tessera/testkit';
import { feed } from './feed.js';
import { membershipHash, membershipLines } from './memberships.js';
import {
  closeInputs,
  fragmentBytes,
  perMillion,
  readDefinitions,
  recordsIn,
  thousandths,
  WORKSPACE,
  type PipelineFigures,
} from './parts.js';

/** Records that the stages may be behind before the feed waits. */
const LAG_MAX = 5_000;
const SECRET = 'the pipeline benchmark names its profiles with this';

export interface PipelineOptions {
  readonly events: string;
  readonly definitions: string;
  readonly memberships: string | undefined;
  readonly log: EventLog;
  readonly store: StateStore;
  readonly limits?: Partial<LoopLimits>;
  /** With the read model of decisions, which the benchmark's own figures leave out. */
  readonly whole?: boolean;
  readonly progress: (text: string) => void;
}

export async function runPipeline(options: PipelineOptions): Promise<PipelineFigures> {
  const { log, store, progress } = options;
  const catalog = new DefinitionCatalog(log);
  await catalog.start();
  const hosts = hostsOf(options, catalog);
  for (const host of hosts) host.start();
  const began = process.hrtime.bigint();
  const cpuBefore = process.cpuUsage();
  const documents = readDefinitions(options.definitions);
  const { set } = await catalog.apply(WORKSPACE, documents, { actor: 'bench', note: '', nowMs: 0 });
  await catalog.activated(WORKSPACE, set);
  const fed = await feed({
    log,
    file: options.events,
    workspace: WORKSPACE,
    progress: (events) => {
      progress(`${String(events)} events in the log`);
    },
    room: () => caughtUp(hosts),
  });
  if (fed.refused > 0) progress(`${String(fed.refused)} events were refused`);
  await settled(hosts);
  await closeInputs(log, fed.lastMs);
  await settled(hosts);
  const cpu = process.cpuUsage(cpuBefore);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  for (const host of hosts) await host.stop();
  await catalog.stop();
  const lines = await membershipLines(store, log.partitions('fragments'));
  if (options.memberships !== undefined) writeFileSync(options.memberships, lines.join(''));
  return {
    events: fed.events,
    seconds: thousandths(seconds),
    eventsPerSecond: Math.round(fed.events / seconds),
    cpuSecondsPerMillion: perMillion((cpu.user + cpu.system) / 1e6, fed.events),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    fragmentBytesPerEvent: thousandths((await fragmentBytes(log)) / fed.events),
    linksPerEvent: thousandths((await recordsIn(log, 'links')) / fed.events),
    changes: await recordsIn(log, 'segment-changes'),
    membershipHash: membershipHash(lines),
  };
}

function hostsOf(
  { log, store, limits = {}, whole = false }: PipelineOptions,
  catalog: DefinitionCatalog,
): readonly StageHost<never, never, never>[] {
  const ports = {
    log,
    store,
    clock: systemClock,
    limits,
    report: ({ stage, partition, event, error }: { stage: string; partition: number; event: string; error: unknown }): void => {
      process.stderr.write(
        `${stage}[${String(partition)}] ${event}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      if (event === 'halted') process.exit(1);
    },
  };
  return (whole ? shippedStages : pipelineStages)({ clock: log.clock, secretOf: () => SECRET, definitions: catalog }).map(
    (stage) => new StageHost(stage as never, ports, viewed(catalog, viewFor(stage.name)) as never),
  );
}

/** Events are fed as fast as they are stepped: what is in flight is bounded, as in ingestion. */
async function caughtUp(hosts: readonly StageHost<never, never, never>[]): Promise<void> {
  for (;;) {
    let lag = 0;
    for (const host of hosts) lag += await host.lag();
    if (lag <= LAG_MAX) return;
    await systemClock.wait(0);
  }
}

async function settled(hosts: readonly StageHost<never, never, never>[]): Promise<void> {
  for (let quiet = 0; quiet < 2;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    let lag = 0;
    for (const host of hosts) lag += host.idle ? await host.lag() : 1;
    quiet = lag === 0 ? quiet + 1 : 0;
  }
}
