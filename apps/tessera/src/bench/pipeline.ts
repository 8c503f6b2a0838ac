// The pipeline benchmark: events into the log, through identity, features and segments on the embedded adapters with durability
// on, until every timer up to the last event's time has fired.
import { writeFileSync } from 'node:fs';
import { DefinitionCatalog, viewed, viewFor } from '@tessera/catalog';
import { keyOf } from '@tessera/contracts';
import { StageHost, systemClock, type EventLog, type LoopLimits, type StateStore } from '@tessera/runtime';
import { compileSet, formatError, parseDefinitions, type DefinitionDocument } from '@tessera/segments';
import { pipelineStages } from '@tessera/testkit';
import { readFiles } from '../verbs/definition-files.js';
import { feed } from './feed.js';
import { membershipHash, membershipLines } from './memberships.js';

const WORKSPACE = 'default';
/** Records that the stages may be behind before the feed waits. */
const LAG_MAX = 5_000;
const SAMPLE = 100;
const SECRET = 'the pipeline benchmark names its profiles with this';

export interface PipelineOptions {
  readonly events: string;
  readonly definitions: string;
  readonly memberships: string | undefined;
  readonly log: EventLog;
  readonly store: StateStore;
  readonly limits?: Partial<LoopLimits>;
  readonly progress: (text: string) => void;
}

export interface PipelineFigures {
  readonly events: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly peakRssBytes: number;
  readonly fragmentBytesPerEvent: number;
  readonly linksPerEvent: number;
  readonly changes: number;
  readonly membershipHash: string;
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
  await close(log, fed.lastMs);
  await settled(hosts);
  const cpu = process.cpuUsage(cpuBefore);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  for (const host of hosts) await host.stop();
  await catalog.stop();
  const lines = await membershipLines(store, log.partitions('fragments'));
  if (options.memberships !== undefined) writeFileSync(options.memberships, lines.join(''));
  return {
    events: fed.events,
    seconds: round(seconds),
    eventsPerSecond: Math.round(fed.events / seconds),
    cpuSecondsPerMillion: round((cpu.user + cpu.system) / fed.events),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    fragmentBytesPerEvent: round((await fragmentBytes(log)) / fed.events),
    linksPerEvent: round((await ends(log, 'links')) / fed.events),
    changes: await ends(log, 'segment-changes'),
    membershipHash: membershipHash(lines),
  };
}

/** All documents of a folder (or a file), compiled once to say what is wrong with its place. */
export function readDefinitions(path: string): readonly DefinitionDocument[] {
  const parsed = readFiles([path]).map(({ name, text }) => parseDefinitions(text, name));
  const documents = parsed.flatMap((one) => one.documents);
  const compiled = compileSet(WORKSPACE, 1, documents);
  const errors = [...parsed.flatMap((one) => one.errors), ...(compiled.ok ? [] : compiled.errors)];
  if (errors.length > 0) throw new Error(errors.map(formatError).join('\n'));
  return documents;
}

function hostsOf(
  { log, store, limits = {} }: PipelineOptions,
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
  return pipelineStages({ clock: log.clock, secretOf: () => SECRET, definitions: catalog }).map(
    (stage) => new StageHost(stage as never, ports, viewed(catalog, viewFor(stage.name)) as never),
  );
}

/** One closing tick per partition: every timer up to the last event's time fires, and the derived logs follow. */
async function close(log: EventLog, lastMs: number): Promise<void> {
  const key = keyOf('', 'workspace', 'tick');
  const value = { kind: 'tick', closing: true, source: -1, effectiveMs: 0 } as const;
  for (const topic of ['events', 'links'] as const) {
    for (let partition = 0; partition < log.partitions(topic); partition++)
      await log.append(topic, partition, [{ key, value, timeMs: lastMs }]);
  }
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

/** Size of the records of `fragments` as JSON, from a sample of one in a hundred read batches: what another log would carry. */
async function fragmentBytes(log: EventLog): Promise<number> {
  let records = 0;
  let sampled = 0;
  let bytes = 0;
  for (let partition = 0; partition < log.partitions('fragments'); partition++) {
    const end = await log.endOffset('fragments', partition);
    records += end;
    for (let at = 0; at < end; at += 100 * SAMPLE) {
      const batch = await log.read('fragments', partition, at, { records: SAMPLE, bytes: 1 << 20 });
      for (const { key, value } of batch.records) bytes += key.length + JSON.stringify(value).length;
      sampled += batch.records.length;
    }
  }
  return sampled === 0 ? 0 : (bytes / sampled) * records;
}

async function ends(log: EventLog, topic: 'links' | 'segment-changes'): Promise<number> {
  let sum = 0;
  for (let partition = 0; partition < log.partitions(topic); partition++) sum += await log.endOffset(topic, partition);
  return sum;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
