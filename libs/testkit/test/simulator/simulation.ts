// Runs the built simulator in a process of its own, as it ships.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { SimulationSummary } from '../../src/simulator/main.js';

export const LIBS = join(import.meta.dirname, '..', '..', '..');
const MAIN = join(LIBS, 'testkit/dist/simulator/main.js');
/** A young generation that holds a world: most of a run would be the collector's otherwise. */
const FLAGS = ['--max-semi-space-size=64', '--stack-trace-limit=0'];

export interface Simulation {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly errors: string;
}

export type Counts = Omit<SimulationSummary, 'firstBad'> & { readonly firstBadSeed?: number };

export function runSimulator(
  arguments_: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  nodeFlags: readonly string[] = [],
): Promise<Simulation> {
  const child = spawn(process.execPath, [...FLAGS, ...nodeFlags, MAIN, ...arguments_], {
    env: { ...process.env, ...environment },
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, lines: output.split('\n').filter((line) => line !== ''), errors });
    });
  });
}

/** The summary that ends a run; throws with what the process said when there is none. */
export function countsOf({ code, lines, errors }: Simulation): Counts {
  const last = lines.at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`the simulator ended with code ${String(code)}: ${errors || last}`);
  return JSON.parse(last) as Counts;
}
