// The pipeline benchmark on Kafka and MongoDB: one process per service, as a cluster runs them, on a log with an event clock.
// D1 The events go through twice, each time under a topic prefix and in a database of their own: through `features` and `segments`, which
//    write the changes and no compacted twin (the job of a stream processor), and through the whole system.
// D2 CPU seconds are those of our processes. What the servers spend stands beside them, and what feeds the log counts for the whole only:
//    a stream processor finds its input in the log.
// D3 Both passes must end in the same memberships and the same number of changes, else there is no line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DefinitionCatalog } from '@tessera/catalog';
import { closePorts, newWorkspace, openPorts, type SystemPorts } from '@tessera/service';
import { readConfig } from '@tessera/settings';
import { distinctChanges } from './changes.js';
import { clientCost, type ClientCost } from './client-cost.js';
import { feed } from './feed.js';
import { Killer } from './killer.js';
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
import { freshName, type BenchServers, type ServerSeconds } from './servers.js';
import { StageChild, type StageAnswer, type StageService } from './stage-child.js';

export interface DistributedOptions {
  readonly events: string;
  readonly definitions: string;
  readonly memberships: string | undefined;
  readonly partitions: number;
  /** Longest time between two checkpoints of a partition, as the settings have it: `5s`. */
  readonly checkpoint: string;
  /** Processes killed on the way. Then the events go through the whole system once, and its CPU seconds are not told. */
  readonly kills: number;
  readonly servers: BenchServers;
  readonly say: (text: string) => void;
}

/** CPU seconds per million events. */
export interface Cost {
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  /** By process. */
  readonly processes: Readonly<Record<string, { readonly cpuSecondsPerMillion: number; readonly peakRssBytes: number }>>;
  /** Undefined where the servers are not ours. The store is a stand-in: its time says nothing about MongoDB. */
  readonly servers: { readonly brokerCpuSecondsPerMillion: number; readonly standInCpuSecondsPerMillion: number } | undefined;
}

export interface DistributedFigures extends PipelineFigures {
  readonly profile: 'distributed';
  readonly partitions: number;
  readonly checkpoint: string;
  readonly job: Cost;
  readonly whole: Cost;
  readonly client: ClientCost;
}

export interface KilledFigures extends Pick<PipelineFigures, 'events' | 'seconds' | 'changes' | 'membershipHash'> {
  readonly profile: 'distributed';
  readonly partitions: number;
  readonly kills: number;
}

const JOB: readonly StageService[] = ['features', 'segments'];
const WHOLE: readonly StageService[] = ['identity', 'features', 'segments', 'decisions'];
const POLL_MS = 200;
const READY_MS = 60_000;
const SESSION = '6s';

export async function runDistributed(options: DistributedOptions): Promise<DistributedFigures | KilledFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-bench-'));
  const credentials = join(folder, 'credentials.json');
  writeFileSync(credentials, JSON.stringify({ version: 1, workspaces: [newWorkspace(WORKSPACE)] }), { mode: 0o600 });
  try {
    if (options.kills > 0) return await runKilled(options, credentials);
    const job = await Pass.run('job', options, credentials);
    const whole = await Pass.run('whole', options, credentials);
    for (const name of ['membershipHash', 'changes', 'events'] as const) {
      if (job[name] !== whole[name])
        throw new Error(`the two passes differ in ${name}: found ${String(job[name])} and ${String(whole[name])}`);
    }
    options.say('the same bytes through the client alone …');
    const client = await clientCost(options.servers.kafka, job.prefix, options.partitions, job.events);
    const { events, changes, membershipHash: hash, fragmentBytesPerEvent, linksPerEvent } = whole;
    const { seconds, eventsPerSecond, cpuSecondsPerMillion } = job.cost;
    const peakRssBytes = Math.max(
      ...[job, whole].flatMap(({ cost }) => Object.values(cost.processes)).map((one) => one.peakRssBytes),
    );
    return {
      ...{ events, seconds, eventsPerSecond, cpuSecondsPerMillion, peakRssBytes, fragmentBytesPerEvent, linksPerEvent, changes },
      ...{ membershipHash: hash, profile: 'distributed', partitions: options.partitions, checkpoint: options.checkpoint },
      ...{ job: job.cost, whole: whole.cost, client },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runKilled(options: DistributedOptions, credentials: string): Promise<KilledFigures> {
  const { events, cost, changes, membershipHash: hash, kills } = await Pass.run('whole', options, credentials);
  const { partitions } = options;
  return { events, seconds: cost.seconds, changes, membershipHash: hash, profile: 'distributed', partitions, kills };
}

interface Passed extends Pick<
  PipelineFigures,
  'events' | 'changes' | 'membershipHash' | 'fragmentBytesPerEvent' | 'linksPerEvent'
> {
  readonly prefix: string;
  readonly cost: Cost;
  readonly kills: number;
}

/** All events once through the processes of one set of services. */
class Pass {
  private children: readonly StageChild[] = [];
  private catalog: DefinitionCatalog | undefined;

  private constructor(
    private readonly what: 'job' | 'whole',
    private readonly options: DistributedOptions,
    private readonly prefix: string,
    private readonly settings: Readonly<Record<string, string>>,
    private readonly ports: SystemPorts,
  ) {}

  static async run(what: 'job' | 'whole', options: DistributedOptions, credentials: string): Promise<Passed> {
    const { servers, partitions, checkpoint } = options;
    const prefix = freshName();
    const settings = {
      TESSERA_LOG: 'kafka',
      TESSERA_KAFKA_BROKERS: servers.kafka,
      TESSERA_KAFKA_SESSION: SESSION,
      TESSERA_TOPIC_PREFIX: prefix,
      TESSERA_PARTITIONS: String(partitions),
      TESSERA_STORE: 'mongo',
      TESSERA_MONGO_URI: servers.mongo(prefix),
      TESSERA_CREDENTIALS_FILE: credentials,
      TESSERA_CHECKPOINT: checkpoint,
      TESSERA_FRESH_CHECKPOINT: checkpoint,
      // Who has which partitions is settled within seconds of the start, and told in between.
      TESSERA_LOG_LEVEL: 'error',
    };
    options.say(`${what === 'job' ? 'features and segments alone' : 'the whole system'} …`);
    const ports = await openPorts(readConfig(settings), { logClock: 'event' });
    const pass = new Pass(what, options, prefix, settings, ports);
    try {
      return await pass.run();
    } finally {
      await pass.end();
    }
  }

  private async run(): Promise<Passed> {
    const { ports, options, prefix } = this;
    const { log } = ports;
    await this.start();
    const killer = new Killer(this.children, options.kills, options.say);
    const serversBefore = options.servers.cpuSeconds();
    for (const child of this.children) await child.ask('begin');
    const began = performance.now();
    const cpuBefore = process.cpuUsage();
    killer.start();
    const { events, refused, lastMs } = await feed({
      log,
      file: options.events,
      workspace: WORKSPACE,
      progress: (count) => options.say(`${String(count)} events in the log`),
      room: () => Promise.resolve(),
    });
    if (refused > 0) options.say(`${String(refused)} events were refused`);
    const fed = process.cpuUsage(cpuBefore);
    await killer.finished();
    await this.settled();
    await closeInputs(log, lastMs);
    await this.settled();
    const seconds = (performance.now() - began) / 1000;
    const answers = new Map<string, StageAnswer>();
    for (const child of this.children) answers.set(child.service, await child.ask('tell'));
    const serversUsed = used(serversBefore, options.servers.cpuSeconds());
    for (const child of this.children) await child.stop();
    const lines = await membershipLines(ports.store, log.partitions('fragments'));
    if (options.memberships !== undefined) writeFileSync(options.memberships, lines.join(''));
    return {
      prefix,
      events,
      kills: killer.kills,
      cost: this.costOf(answers, { events, seconds, feedSeconds: (fed.user + fed.system) / 1e6, serversUsed }),
      changes: killer.kills > 0 ? await distinctChanges(log) : await recordsIn(log, 'segment-changes'),
      membershipHash: membershipHash(lines),
      fragmentBytesPerEvent: thousandths((await fragmentBytes(log)) / events),
      linksPerEvent: thousandths((await recordsIn(log, 'links')) / events),
    };
  }

  /** Processes that know their partitions, and definitions in force in all of them. */
  private async start(): Promise<void> {
    const { log, clock } = this.ports;
    this.children = (this.what === 'job' ? JOB : WHOLE).map((service) => new StageChild(service, this.what, this.settings));
    const untilMs = performance.now() + READY_MS;
    while (!(await this.told()).every(({ ready }) => ready)) {
      if (performance.now() > untilMs) throw new Error(`not all processes have their partitions after ${String(READY_MS)} ms`);
      await pause(POLL_MS);
    }
    this.catalog = new DefinitionCatalog(log, clock);
    await this.catalog.start();
    const documents = readDefinitions(this.options.definitions);
    const { set } = await this.catalog.apply(WORKSPACE, documents, { actor: 'bench', note: '', nowMs: 0 });
    await this.catalog.activated(WORKSPACE, set);
    await this.settled();
  }

  /** Two rounds of answers, all quiet, and nothing stepped in between: then nothing is under way from one to another. */
  private async settled(): Promise<void> {
    let last = -1;
    for (;;) {
      const answers = await this.told();
      const position = answers.every(({ quiet }) => quiet) ? answers.reduce((sum, one) => sum + one.position, 0) : -1;
      if (position >= 0 && position === last) return;
      last = position;
      await pause(POLL_MS);
    }
  }

  private async told(): Promise<readonly StageAnswer[]> {
    const answers: StageAnswer[] = [];
    for (const child of this.children) {
      const answer = await child.ask('tell');
      if (answer.problems.length > 0) throw new Error(answer.problems.join('\n'));
      answers.push(answer);
    }
    return answers;
  }

  private costOf(answers: ReadonlyMap<string, StageAnswer>, { events, seconds, feedSeconds, serversUsed }: Measured): Cost {
    const processes = Object.fromEntries(
      [...answers].map(([service, { cpuSeconds, peakRssBytes }]) => [
        service,
        { cpuSecondsPerMillion: perMillion(cpuSeconds, events), peakRssBytes },
      ]),
    );
    const feeding = {
      cpuSecondsPerMillion: perMillion(feedSeconds, events),
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
    };
    if (this.what === 'whole') processes['feed'] = feeding;
    return {
      seconds: thousandths(seconds),
      eventsPerSecond: Math.round(events / seconds),
      cpuSecondsPerMillion: thousandths(Object.values(processes).reduce((sum, one) => sum + one.cpuSecondsPerMillion, 0)),
      processes,
      servers: serversUsed && {
        brokerCpuSecondsPerMillion: perMillion(serversUsed.broker, events),
        standInCpuSecondsPerMillion: perMillion(serversUsed.store, events),
      },
    };
  }

  private async end(): Promise<void> {
    await Promise.all(this.children.map((child) => child.end()));
    await this.catalog?.stop();
    await closePorts(this.ports);
  }
}

interface Measured {
  readonly events: number;
  readonly seconds: number;
  readonly feedSeconds: number;
  readonly serversUsed: ServerSeconds | undefined;
}

function used(before: ServerSeconds | undefined, after: ServerSeconds | undefined): ServerSeconds | undefined {
  return before && after && { broker: after.broker - before.broker, store: after.store - before.store };
}
