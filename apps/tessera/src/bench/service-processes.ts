// The five services as a cluster runs them, a process each on Kafka and MongoDB, for the time of a benchmark.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@tessera/service';
import type { OpsDoors } from './metric-pages.js';

const SERVICES = ['ingestion', 'identity', 'features', 'segments', 'decisions'] as const;
const APPS = new URL('../../../', import.meta.url);
const HOST = '127.0.0.1';
/** As deploy/ starts them. */
const NODE_OPTIONS = '--max-semi-space-size=64';
const READY_MS = 120_000;
const STOP_MS = 30_000;

interface Running {
  readonly service: (typeof SERVICES)[number];
  readonly child: ChildProcess;
  readonly http: number;
  readonly ops: number;
}

export class ServiceProcesses {
  private constructor(private readonly running: readonly Running[]) {}

  /** Resolves when all of them are ready. `settings`: what they have in common. */
  static async start(settings: Readonly<Record<string, string>>): Promise<ServiceProcesses> {
    const taken = new Set<number>();
    const port = async (): Promise<number> => {
      const found = await freePort(HOST, 0, taken);
      taken.add(found);
      return found;
    };
    const running: Running[] = [];
    for (const service of SERVICES) {
      const [http, grpc, ops] = [await port(), await port(), await port()];
      const env = {
        ...settings,
        NODE_OPTIONS,
        TESSERA_HTTP_PORT: String(http),
        TESSERA_GRPC_PORT: String(grpc),
        TESSERA_OPS_PORT: String(ops),
      };
      const main = fileURLToPath(new URL(`${service}/dist/main.js`, APPS));
      const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'inherit'] });
      running.push({ service, child, http, ops });
    }
    const processes = new ServiceProcesses(running);
    try {
      await Promise.all(running.map(ready));
    } catch (error) {
      await processes.stop();
      throw error;
    }
    return processes;
  }

  /** Of the tracking API. */
  get url(): string {
    return `http://${HOST}:${String(this.running.find(({ service }) => service === 'ingestion')?.http)}`;
  }

  get doors(): OpsDoors {
    return Object.fromEntries(this.running.map(({ service, ops }) => [service, `http://${HOST}:${String(ops)}`]));
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.running.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        const cutOff = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        await exited;
        clearTimeout(cutOff);
      }),
    );
  }
}

async function ready({ service, child, ops }: Running): Promise<void> {
  const untilMs = performance.now() + READY_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the process ${service} ended by itself; what it said is above`);
    const answer = await fetch(`http://${HOST}:${String(ops)}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (performance.now() > untilMs) throw new Error(`the process ${service} is not ready after ${String(READY_MS)} ms`);
    await pause(100);
  }
}
