// The life of a process that runs one service, from its settings to its exit.
//   node apps/ingestion/dist/main.js               runs until SIGTERM or SIGINT
//   node apps/ingestion/dist/main.js config print  prints every setting, its value and where it is from; secrets are not shown
// R1 Exit codes: 0 stopped as told, 1 it failed, or its stop took too long, 2 the settings or the command line are wrong.
// R2 SIGTERM: not ready, doors answer what they have taken, stages drain and write, ports close; cut off after TESSERA_STOP_WITHIN.
//    What was acknowledged is durable, whenever the end comes. A second signal ends the process at once.
// R3 Nothing that fails inside is swallowed: an error that nobody took ends the process, which is then started again.
import { ConfigError, describeConfig, readConfigOf, type Config, type ProcessName } from '@tessera/settings';
import { createJournal, TraceConfigError, type Journal, type TraceConfig } from '@tessera/telemetry';
import { archiveMetrics, partsOf } from './archive-metrics.js';
import type { Composition } from './composition.js';
import { accessOf, readCredentialsFile } from './credentials-file.js';
import { readTls } from './doors/tls.js';
import { createGround, type Ground } from './ground.js';
import { openProcess } from './open-process.js';
import { telemetryOf, traceConfigOf } from './process-telemetry.js';
import { closePorts, openPorts, type SystemPorts } from './wiring.js';

export type Compose = (ground: Ground) => Composition;

/** Resolves when the process has been stopped; it has set the exit code. */
export async function runService(name: Exclude<ProcessName, 'tessera'>, compose: Compose): Promise<void> {
  const asked = process.argv.slice(2).join(' ');
  if (asked !== '' && asked !== 'config print')
    return leave(2, `${name}: found "${asked}", allowed is nothing, or: config print`);
  let config: Config;
  let traces: TraceConfig;
  try {
    config = readConfigOf(name);
    traces = traceConfigOf(name);
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof TraceConfigError)) throw error;
    return leave(2, error.problems.map((problem) => `${name}: ${problem}`).join('\n'));
  }
  if (asked === 'config print') {
    process.stdout.write(`${JSON.stringify(describeConfig(), undefined, 2)}\n`);
    return;
  }
  const journal = createJournal(config.logLevel);
  const stopped = stopSignal();
  try {
    const running = await start(name, config, traces, compose, journal);
    const signal = await stopped;
    journal.info('stopping', { signal, withinMs: config.stopWithinMs });
    const cutOff = setTimeout(() => {
      journal.warn('the stop took too long and is cut off; what was acknowledged is durable', { withinMs: config.stopWithinMs });
      process.exit(1);
    }, config.stopWithinMs);
    await running.stop();
    clearTimeout(cutOff);
    journal.info('stopped');
    // Clients of servers that are away may hold timers of their own.
    process.exit(0);
  } catch (error) {
    journal.alert('the process failed', {
      service: name,
      error: error instanceof Error ? error.message : String(error),
      stack: error instanceof Error ? error.stack : undefined,
    });
    process.exit(1);
  }
}

async function start(
  name: ProcessName,
  config: Config,
  traces: TraceConfig,
  compose: Compose,
  journal: Journal,
): Promise<{ stop(): Promise<void> }> {
  const access = accessOf(readCredentialsFile(config.credentialsFile as string));
  const tls = readTls(config);
  journal.info('starting', { service: name, log: config.log, store: config.store });
  const ports = await openPorts(config, { processName: name, journal });
  journal.info('the log and the store are open');
  const telemetry = telemetryOf(config, traces);
  try {
    const ground = createGround({ ...config, ports, access, journal, telemetry });
    const composition = withArchiver(compose(ground), config, ports);
    const running = await openProcess(ground, composition, { ...config, tls, whenBusy: 'fail', reflection: false });
    return {
      async stop() {
        await running.stop();
        await closePorts(ports);
        await telemetry.close();
      },
    };
  } catch (error) {
    await closePorts(ports);
    throw error;
  }
}

/** The one process that is to fill the archive also lets go of what is old in it. */
function withArchiver(composition: Composition, { archiveFill }: Config, { archiver, archiveCleaner }: SystemPorts): Composition {
  if (archiveFill === 'no') return composition;
  const history = { archiver, archiveCleaner };
  return {
    ...composition,
    parts: [...composition.parts, ...partsOf(history)],
    metrics: [...composition.metrics, ...archiveMetrics(history)],
  };
}

/** The first one stops gracefully; a second one ends the process at once, as is usual. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
}

function leave(code: number, text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = code;
}
