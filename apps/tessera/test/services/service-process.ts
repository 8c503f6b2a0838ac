// A real process of one service: started as a cluster starts it, killed without warning, stopped politely.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export type ServiceName = 'ingestion' | 'identity' | 'features' | 'segments' | 'decisions';

export const SERVICES: readonly ServiceName[] = ['ingestion', 'identity', 'features', 'segments', 'decisions'];

export interface ServicePorts {
  readonly http: number;
  readonly grpc: number;
  readonly ops: number;
}

const APPS = fileURLToPath(new URL('../../../', import.meta.url));
/** Makes the process kill itself at a gap of the order of effects when it is told to; nothing of it is in a shipped file. */
const FAULT_LOADER = fileURLToPath(new URL('./faults/load-faults.mjs', import.meta.url));
const READY_MS = 400_000;
const POLL_MS = 50;
const STARTS_MAX = 10;

export class ServiceProcess {
  private child: ChildProcess | undefined;
  private said = '';
  private startedAgain = 0;

  constructor(
    readonly service: ServiceName,
    readonly instance: number,
    readonly ports: ServicePorts,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  get name(): string {
    return `${this.service}-${String(this.instance)}`;
  }

  /** What the process has said on stderr so far, over all its lives. */
  get journal(): string {
    return this.said;
  }

  get pid(): number {
    return this.child?.pid ?? -1;
  }

  get running(): boolean {
    const { child } = this;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    this.spawn();
    await this.ready();
  }

  spawn(): void {
    const main = `${APPS}${this.service}/dist/main.js`;
    const child = spawn(process.execPath, ['--import', FAULT_LOADER, main], {
      env: this.environment,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    child.stderr.on('data', (bytes: Buffer) => (this.said += bytes.toString('utf8')));
    this.child = child;
  }

  async ready(): Promise<void> {
    const untilMs = performance.now() + READY_MS;
    let last = 'no answer';
    while (performance.now() < untilMs) {
      if (!this.running) this.startAgain();
      const found = await this.readiness();
      if (found === 'ready\n') return;
      last = found;
      await pause(POLL_MS);
    }
    throw new Error(`${this.name} is not ready after ${String(READY_MS)} ms: ${last}\n${this.said.slice(-4_000)}`);
  }

  /** As whoever supervises it does: a process that cannot reach log or store ends with 1. */
  private startAgain(): void {
    if (this.child?.exitCode !== 1 || this.startedAgain++ > STARTS_MAX)
      throw new Error(
        `${this.name} ended (${String(this.child?.exitCode ?? this.child?.signalCode)}): ${this.said.slice(-4_000)}`,
      );
    this.spawn();
  }

  /** Answer of /readyz; what is wrong where there is none. */
  async readiness(): Promise<string> {
    try {
      const answer = await fetch(`http://127.0.0.1:${String(this.ports.ops)}/readyz`, { signal: AbortSignal.timeout(10_000) });
      return await answer.text();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Exit code, or the signal that ended it. */
  async exited(): Promise<number | NodeJS.Signals | null> {
    const { child } = this;
    if (child === undefined) return null;
    if (this.running) await once(child, 'exit');
    return child.exitCode ?? child.signalCode;
  }

  /** kill -9; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited();
  }

  /** Resolves with the exit code. */
  async stop(): Promise<number | NodeJS.Signals | null> {
    this.signal('SIGTERM');
    return this.exited();
  }
}
