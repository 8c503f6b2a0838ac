// `--seed N`: one world from a seed, with its timeline of faults; `--from K --seeds N` runs many, quietly. `--stop` ends at the first
// violation, `--traces` prints the hash of every trace.
import { pathToFileURL } from 'node:url';
import { runWorld, type WorldReport } from './world.js';

export interface SimulationSummary {
  readonly worlds: number;
  readonly violations: number;
  readonly firstBad: WorldReport | undefined;
  readonly events: number;
  readonly crashes: number;
  readonly rebalances: number;
  readonly restarts: number;
  readonly steps: number;
}

/** Runs worlds one after another; stops at the first violation when asked to. */
export async function simulate(
  from: number,
  count: number,
  options: {
    readonly stopAtFirst: boolean;
    readonly progress?: (done: number) => void;
    readonly told?: (report: WorldReport) => void;
  },
): Promise<SimulationSummary> {
  const summary = {
    worlds: 0,
    violations: 0,
    firstBad: undefined as WorldReport | undefined,
    events: 0,
    crashes: 0,
    rebalances: 0,
    restarts: 0,
    steps: 0,
  };
  for (let seed = from; seed < from + count; seed++) {
    const report = await runWorld(seed);
    options.told?.(report);
    summary.worlds += 1;
    summary.events += report.counts.events;
    summary.crashes += report.counts.crashes;
    summary.rebalances += report.counts.rebalances;
    summary.restarts += report.counts.restarts;
    summary.steps += report.steps;
    if (report.violations.length > 0) {
      summary.violations += 1;
      summary.firstBad ??= report;
      if (options.stopAtFirst) break;
    }
    options.progress?.(summary.worlds);
  }
  return summary;
}

async function main(arguments_: readonly string[]): Promise<number> {
  const option = (name: string): number | undefined => {
    const at = arguments_.indexOf(name);
    return at < 0 ? undefined : Number(arguments_[at + 1]);
  };
  const seed = option('--seed');
  if (seed !== undefined) {
    const report = await runWorld(seed);
    process.stdout.write(`${report.timeline.join('\n')}\n`);
    for (const violation of report.violations) process.stdout.write(`VIOLATION ${violation}\n`);
    process.stdout.write(
      `${JSON.stringify({ seed, trace: report.traceHash, steps: report.steps, ...report.counts, violations: report.violations.length })}\n`,
    );
    return report.violations.length > 0 ? 1 : 0;
  }
  const traces = arguments_.includes('--traces');
  const summary = await simulate(option('--from') ?? 1, option('--seeds') ?? 100, {
    stopAtFirst: arguments_.includes('--stop'),
    told: (report) => {
      if (traces)
        process.stdout.write(`seed ${String(report.seed)} trace ${report.traceHash} after ${String(report.steps)} steps\n`);
    },
  });
  const { firstBad, ...counts } = summary;
  for (const violation of firstBad?.violations ?? [])
    process.stdout.write(`seed ${String(firstBad?.seed)} VIOLATION ${violation}\n`);
  process.stdout.write(`${JSON.stringify({ ...counts, firstBadSeed: firstBad?.seed })}\n`);
  return summary.violations > 0 ? 1 : 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exitCode = await main(process.argv.slice(2));
