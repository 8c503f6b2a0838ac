// One service of the pipeline benchmark in a process of its own: its stages as the service composes them, on a log with an event clock,
// without doors. `node stage-process.js SERVICE whole|job`, with the settings of the service; spoken to over the channel to its parent.
// B1 `job` is what a stream processor would do with features and segments: the compacted twins of the changes are not written.
// B2 CPU seconds count from one question to the next; starting up is not in them where the parent asks once before it begins.
import { composeDecisions } from '@tessera/app-decisions';
import { composeFeatures } from '@tessera/app-features';
import { composeIdentity } from '@tessera/app-identity';
import { composeSegments } from '@tessera/app-segments';
import type { TopicId } from '@tessera/contracts';
import type { EventLog } from '@tessera/runtime';
import {
  accessOf,
  closePorts,
  createGround,
  openPorts,
  openProcess,
  readCredentialsFile,
  telemetryOf,
  traceConfigOf,
  type Composition,
  type Ground,
} from '@tessera/service';
import { readConfigOf } from '@tessera/settings';
import { createJournal } from '@tessera/telemetry';
import type { StageAnswer, StageQuestion, StageService } from './stage-child.js';

const COMPOSE: Readonly<Record<StageService, (ground: Ground) => Composition>> = {
  identity: composeIdentity,
  features: composeFeatures,
  segments: composeSegments,
  decisions: composeDecisions,
};
const TWINS: readonly TopicId[] = ['segment-memberships', 'profile-features', 'identity-assignments'];

const service = process.argv[2] as StageService;
const config = readConfigOf(service);
const journal = createJournal(config.logLevel);
const opened = await openPorts(config, { processName: service, logClock: 'event', journal });
const ports = process.argv[3] === 'job' ? { ...opened, log: withoutTwins(opened.log) } : opened;
const access = accessOf(readCredentialsFile(config.credentialsFile as string));
const telemetry = telemetryOf(config, traceConfigOf(service));
const ground = createGround({ ...config, ports, access, journal, telemetry });
const composition = COMPOSE[service](ground);
const running = await openProcess(ground, composition);
let before = process.cpuUsage();

process.on('message', (question: StageQuestion) => void answer(question));
// The parent is gone: nobody will ask any more.
process.on('disconnect', () => process.exit(1));

async function answer(question: StageQuestion): Promise<void> {
  if (question === 'stop') {
    await running.stop();
    await closePorts(opened);
    await telemetry.close();
    process.exit(0);
  }
  const { hosts } = composition;
  const used = process.cpuUsage(before);
  const ready = hosts.every(({ assigned }) => assigned);
  const said: StageAnswer = {
    ready,
    problems: ground.problemsOf(hosts, 'assigned').filter(() => ready),
    quiet: ready && hosts.every(({ idle }) => idle) && (await lag()) === 0,
    position: hosts.flatMap(({ loops }) => loops).reduce((sum, { position }) => sum + (position?.nextOffset ?? 0), 0),
    cpuSeconds: (used.user + used.system) / 1e6,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
  if (question === 'begin') before = process.cpuUsage();
  process.send?.(said);
}

async function lag(): Promise<number> {
  let sum = 0;
  for (const host of composition.hosts) sum += await host.lag();
  return sum;
}

function withoutTwins(log: EventLog): EventLog {
  return {
    clock: log.clock,
    partitions: (topic) => log.partitions(topic),
    append: (topic, partition, records) =>
      TWINS.includes(topic) ? Promise.resolve({ firstOffset: 0 }) : log.append(topic, partition, records),
    read: (topic, partition, fromOffset, limits) => log.read(topic, partition, fromOffset, limits),
    startOffset: (topic, partition) => log.startOffset(topic, partition),
    endOffset: (topic, partition) => log.endOffset(topic, partition),
    subscribe: (topic, partition, wake) => log.subscribe(topic, partition, wake),
    close: () => log.close(),
  };
}
