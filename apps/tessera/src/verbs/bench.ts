// `tessera bench`: what the whole path costs, as one line of figures, and how fresh what it tells is. Embedded with durability on, or on
// Kafka and MongoDB with a process per service.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Option, type Command } from 'commander';
import type { SystemPorts } from '@tessera/service';
import type { Verb, VerbContext } from '../verb.js';
import { wholeNumber } from './output.js';

type Profile = 'embedded' | 'distributed';

interface PipelineCommand {
  readonly events: string;
  readonly definitions: string;
  readonly memberships?: string;
  readonly partitions: number;
  readonly profile: Profile;
  readonly checkpoint: string;
  readonly kills: number;
}

interface SizingCommand extends Pick<PipelineCommand, 'events' | 'definitions' | 'partitions'> {
  readonly cpu: number;
  readonly dearestCpu: number;
}

interface FreshnessCommand {
  readonly rate: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly people: number;
  readonly partitions: number;
  readonly definitions: string;
  readonly profile: Profile;
}

const RULES = fileURLToPath(new URL('../../../../bench/pipeline/definitions', import.meta.url));

export const bench: Verb = {
  register(program, context) {
    const benches = program.command('bench').description('Benchmarks');
    addPipeline(benches, context);
    addFreshness(benches, context);
    addSizing(benches, context);
  },
};

function profileOption(): Option {
  return new Option('--profile <name>', 'embedded, or distributed: Kafka and MongoDB, one process per service')
    .choices(['embedded', 'distributed'])
    .default('embedded');
}

function addPipeline(benches: Command, { print, say }: VerbContext): void {
  benches
    .command('pipeline')
    .description('Feed NDJSON of track calls through identity, features and segments; print one line of figures')
    .requiredOption('--events <file>', 'NDJSON of Segment track calls with userId or anonymousId, messageId and timestamp')
    .requiredOption('--definitions <path>', 'a file or folder of definitions')
    .option('--memberships <file>', 'write the lines person,segment here')
    .option('--partitions <n>', 'partitions of the wide logs', wholeNumber, 8)
    .addOption(profileOption())
    .option('--checkpoint <time>', 'distributed: longest time between two checkpoints of a partition', '5s')
    .option(
      '--kills <n>',
      'distributed: kill -9 so many processes on the way; memberships and changes must be the same',
      wholeNumber,
      0,
    )
    .action(async (options: PipelineCommand) => {
      const run = options.profile === 'embedded' ? runEmbeddedPipeline : runDistributedPipeline;
      print(JSON.stringify(await run(options, say)));
    });
}

async function runEmbeddedPipeline(options: PipelineCommand, say: VerbContext['say']): Promise<object> {
  const { runPipeline } = await import('../bench/pipeline.js');
  const { events, definitions, memberships } = options;
  return onThrowAway(options.partitions, ({ log, store }) =>
    runPipeline({ events, definitions, memberships, log, store, progress: say }),
  );
}

/** Embedded adapters with an event clock, durability on, on a folder that is taken away. */
async function onThrowAway<T>(partitions: number, use: (ports: SystemPorts) => Promise<T>): Promise<T> {
  const { closePorts, openEmbeddedPorts } = await import('@tessera/service');
  const { systemClock } = await import('@tessera/runtime');
  const folder = mkdtempSync(join(tmpdir(), 'tessera-bench-'));
  try {
    const ports = await openEmbeddedPorts(folder, partitions, systemClock, 'event');
    const figures = await use(ports);
    await closePorts(ports);
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runDistributedPipeline(options: PipelineCommand, say: VerbContext['say']): Promise<object> {
  const { openServers } = await import('../bench/servers.js');
  const { runDistributed } = await import('../bench/distributed.js');
  const servers = await openServers(say);
  try {
    return await runDistributed({ ...options, memberships: options.memberships, servers, say });
  } finally {
    await servers.stop();
  }
}

function addFreshness(benches: Command, { print, say }: VerbContext): void {
  benches
    .command('freshness')
    .description('Send tracking calls at a steady rate; print how long it takes until their segment changes can be read')
    .option('--rate <n>', 'calls per second', wholeNumber, 1_000)
    .option('--seconds <n>', 'how long', wholeNumber, 30)
    .option('--warm-up <n>', 'seconds before, which are not in the figures', wholeNumber, 10)
    .option('--people <n>', 'who take turns', wholeNumber, 5_000)
    .option('--partitions <n>', 'partitions of the wide logs', wholeNumber, 8)
    .option('--definitions <path>', 'rules in force beside the watched one', RULES)
    .addOption(profileOption())
    .action(async ({ warmUp, ...options }: FreshnessCommand) => {
      const { runFreshness } = await import('../bench/freshness.js');
      print(JSON.stringify(await runFreshness({ ...options, warmUpSeconds: warmUp, say })));
    });
}

function addSizing(benches: Command, { print, say }: VerbContext): void {
  benches
    .command('sizing')
    .description('Measure what an event and a profile take; print what 1, 10 and 100 billion events a month need')
    .requiredOption('--events <file>', 'NDJSON, as of the pipeline')
    .requiredOption('--definitions <path>', 'a file or folder of definitions')
    .option('--partitions <n>', 'partitions of the wide logs', wholeNumber, 8)
    .requiredOption('--cpu <seconds>', 'whole.cpuSecondsPerMillion of the pipeline, distributed', wholeNumber)
    .requiredOption('--dearest-cpu <seconds>', 'the greatest of whole.processes there', wholeNumber)
    .action(async ({ cpu, dearestCpu, events, definitions, partitions }: SizingCommand) => {
      const { runSizing } = await import('../bench/run-sizing.js');
      const costs = { cpuSecondsPerMillion: cpu, dearestCpuSecondsPerMillion: dearestCpu };
      const figures = await onThrowAway(partitions, ({ log, store }) =>
        runSizing({ events, definitions, log, store, ...costs, say }),
      );
      print(JSON.stringify(figures));
    });
}
