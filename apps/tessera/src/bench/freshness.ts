// The freshness benchmark: from a tracking call that was accepted to the segment change that a consumer of `segment-changes` reads, in the
// whole running system, at a steady rate.
// F1 Every call changes a membership, and every change is awaited: a call without its change is an error, not a missing figure.
// F2 Calls come as they are due, whatever became of those before; `fromDue` counts from there, so that a system which accepts slowly does not
//    look fresh.
// F3 What comes in the first seconds warms the system up and is not in the figures.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DefinitionCatalog } from '@tessera/catalog';
import { profileId } from '@tessera/hash';
import type { EventLog } from '@tessera/runtime';
import { closePorts, newWorkspace, openPorts, type CredentialsFile } from '@tessera/service';
import { readConfig } from '@tessera/settings';
import { parseDefinitions } from '@tessera/segments';
import { createJournal } from '@tessera/telemetry';
import { openEmbedded } from '../embedded.js';
import { percentilesOf, type Percentiles } from './latencies.js';
import { callOf, TOGGLED_DEFINITION, type LoadPlan } from './load-plan.js';
import type { LoadAnswer, LoadQuestion } from './load-process.js';
import { meanAges, readProcesses, type OpsDoors } from './metric-pages.js';
import { perMillion, readDefinitions, WORKSPACE } from './parts.js';
import { freshName, openServers } from './servers.js';
import { ServiceProcesses } from './service-processes.js';
import { ToggleWatch } from './toggle-watch.js';

export interface FreshnessOptions {
  readonly profile: 'embedded' | 'distributed';
  /** Calls per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly people: number;
  readonly partitions: number;
  /** Rules that are in force beside the watched one. */
  readonly definitions: string;
  readonly say: (text: string) => void;
}

export interface FreshnessFigures {
  readonly profile: 'embedded' | 'distributed';
  readonly rate: number;
  readonly seconds: number;
  readonly calls: number;
  /** Milliseconds from the 2xx at the caller to the change at the consumer; 0 where the change was there first. */
  readonly fromAccepted: Percentiles;
  /** Milliseconds from the moment that the call was due. */
  readonly fromDue: Percentiles;
  /** Milliseconds from the moment that the call was due to its 2xx. */
  readonly accepting: Percentiles;
  /** Mean milliseconds from the acceptance to each topic and stage on the way, as the processes tell it themselves (a sample). */
  readonly hops: Readonly<Record<string, number>>;
  /** Of our processes, by process, without the warm-up; `tessera` is the whole embedded system with the consumer in it. */
  readonly cpuSecondsPerMillion: Readonly<Record<string, number>>;
  /** Of the machine over the last minute, when the run ended. */
  readonly loadAverage: number;
}

/** A running system, seen from outside, and its log. */
interface Subject {
  readonly url: string;
  readonly credentials: CredentialsFile;
  readonly log: EventLog;
  readonly catalog: DefinitionCatalog;
  readonly doors: OpsDoors;
}

const CALLERS = fileURLToPath(new URL('./load-process.js', import.meta.url));
const LAST_CHANGE_MS = 30_000;

export async function runFreshness(options: FreshnessOptions): Promise<FreshnessFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-bench-'));
  const stops: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const subject = await (options.profile === 'embedded' ? openHere : openProcesses)(options, folder, stops);
    return await measure(subject, options);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function measure(subject: Subject, options: FreshnessOptions): Promise<FreshnessFigures> {
  const { rate, seconds, warmUpSeconds, people, say, profile } = options;
  const { set } = await subject.catalog.apply(
    WORKSPACE,
    [...readDefinitions(options.definitions), ...parseDefinitions(TOGGLED_DEFINITION, 'the watched segment').documents],
    { actor: 'bench', note: '', nowMs: Date.now() },
  );
  await subject.catalog.activated(WORKSPACE, set);
  const [workspace] = subject.credentials.workspaces;
  if (workspace === undefined) throw new Error('the credentials name no workspace');
  const plan: LoadPlan = { rate, people, calls: rate * (seconds + warmUpSeconds) };
  const watch = await ToggleWatch.start(subject.log);
  say(`${String(rate)} calls a second for ${String(seconds + warmUpSeconds)} s, ${String(warmUpSeconds)} of them to warm up …`);
  const answering = callers({ ...plan, url: subject.url, writeKey: workspace.writeKeys[0]?.key ?? '' });
  const [before] = await Promise.all([pause(warmUpSeconds * 1_000).then(() => readProcesses(subject.doors)), answering]);
  const answer = await answering;
  await allSeen(watch, plan, answer);
  const after = await readProcesses(subject.doors);
  await watch.stop();
  const measured = latenciesOf(answer, watch, plan, rate * warmUpSeconds, (userId) =>
    profileId(workspace.secret, `user_id:${userId}`),
  );
  const used = Object.entries(after).map(([name, { cpuSeconds }]) => [
    name,
    perMillion(cpuSeconds - (before[name]?.cpuSeconds ?? 0), rate * seconds),
  ]);
  return {
    ...{ profile, rate, seconds, calls: measured.fromDue.length },
    fromAccepted: percentilesOf(measured.fromAccepted),
    fromDue: percentilesOf(measured.fromDue),
    accepting: percentilesOf(measured.accepting),
    hops: meanAges(before, after),
    cpuSecondsPerMillion: Object.fromEntries(used) as Record<string, number>,
    loadAverage: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

async function callers(question: LoadQuestion): Promise<LoadAnswer> {
  const child = fork(CALLERS);
  child.send(question);
  const answered = once(child, 'message') as Promise<[LoadAnswer]>;
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the callers ended with ${String(code)} before they answered`);
  });
  const [answer] = await Promise.race([answered, ended]);
  ended.catch(() => undefined);
  if (answer.refusals.length > 0) throw new Error(`not every call was accepted: ${answer.refusals.join('; ')}`);
  return answer;
}

async function allSeen(watch: ToggleWatch, { calls }: LoadPlan, { dueMs }: LoadAnswer): Promise<void> {
  const untilMs = performance.now() + LAST_CHANGE_MS;
  while (watch.count < calls) {
    if (watch.failure !== undefined) throw watch.failure as Error;
    if (performance.now() > untilMs)
      throw new Error(`of ${String(dueMs.length)} calls only ${String(watch.count)} have changed a membership`);
    await pause(50);
  }
}

interface Latencies {
  readonly fromAccepted: number[];
  readonly fromDue: number[];
  readonly accepting: number[];
}

/** Of all calls from `first` on. */
function latenciesOf(
  { dueMs, acceptedMs }: LoadAnswer,
  watch: ToggleWatch,
  plan: LoadPlan,
  first: number,
  profileOf: (userId: string) => string,
): Latencies {
  const latencies: Latencies = { fromAccepted: [], fromDue: [], accepting: [] };
  for (let person = 0; person < plan.people; person++) {
    const seen = watch.of(profileOf(`user-${String(person)}`));
    for (let change = 0; change < seen.length; change++) {
      const call = callOf(person, change, plan);
      if (call < first) continue;
      const [due = 0, accepted = 0, seenMs = 0] = [dueMs[call], acceptedMs[call], seen[change]];
      latencies.fromAccepted.push(Math.max(0, seenMs - accepted));
      latencies.fromDue.push(seenMs - due);
      latencies.accepting.push(accepted - due);
    }
  }
  return latencies;
}

/** Everything in this process, the consumer too: an embedded log has one owner. */
async function openHere({ partitions }: FreshnessOptions, folder: string, stops: (() => unknown)[]): Promise<Subject> {
  const config = readConfig({
    TESSERA_DATA: folder,
    TESSERA_PARTITIONS: String(partitions),
    TESSERA_HTTP_PORT: '0',
    TESSERA_GRPC_PORT: '0',
    TESSERA_OPS_PORT: '0',
  });
  const embedded = await openEmbedded(config, createJournal(config.logLevel));
  stops.push(() => embedded.stop());
  const { credentials, endpoints, ports, system } = embedded;
  return {
    url: endpoints.http,
    credentials,
    log: ports.log,
    catalog: system.catalog,
    doors: { tessera: endpoints.ops },
  };
}

/** Five processes on Kafka and MongoDB; the consumer is this one. */
async function openProcesses({ partitions, say }: FreshnessOptions, folder: string, stops: (() => unknown)[]): Promise<Subject> {
  const servers = await openServers(say);
  stops.push(() => servers.stop());
  const credentials: CredentialsFile = { version: 1, workspaces: [newWorkspace(WORKSPACE)] };
  const file = join(folder, 'credentials.json');
  writeFileSync(file, JSON.stringify(credentials), { mode: 0o600 });
  const name = freshName();
  const settings = {
    TESSERA_LOG: 'kafka',
    TESSERA_KAFKA_BROKERS: servers.kafka,
    TESSERA_TOPIC_PREFIX: name,
    TESSERA_PARTITIONS: String(partitions),
    TESSERA_STORE: 'mongo',
    TESSERA_MONGO_URI: servers.mongo(name),
    TESSERA_CREDENTIALS_FILE: file,
    TESSERA_LOG_LEVEL: 'error',
  };
  const ports = await openPorts(readConfig(settings));
  stops.push(() => closePorts(ports));
  const catalog = new DefinitionCatalog(ports.log, ports.clock);
  stops.push(() => catalog.stop());
  await catalog.start();
  say('starting the five services …');
  const processes = await ServiceProcesses.start(settings);
  stops.push(() => processes.stop());
  return {
    url: processes.url,
    credentials,
    log: ports.log,
    catalog,
    doors: processes.doors,
  };
}
