// The parent's side of a service in a process of its own (stage-process.ts): started, asked, killed, stopped.
// C1 A process that ends although nobody has ended it fails whatever is asked of it next, with its exit code.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type StageService = 'identity' | 'features' | 'segments' | 'decisions';

/** `begin` sets the CPU seconds to zero. */
export type StageQuestion = 'tell' | 'begin' | 'stop';

export interface StageAnswer {
  /** It is known which partitions are its own. */
  readonly ready: boolean;
  /** Partitions that stand still. */
  readonly problems: readonly string[];
  /** Everything in the logs is stepped, written and acknowledged. */
  readonly quiet: boolean;
  /** Sum of the offsets of all partitions: it rises with every record stepped. */
  readonly position: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

const PROGRAM = fileURLToPath(new URL('./stage-process.js', import.meta.url));
/** As the services are started (deploy/), with the heap of one that has run for a while: no collection for being small as yet. */
const NODE_OPTIONS = ['--max-semi-space-size=64', '--min-semi-space-size=64', '--initial-heap-size=1000'];

export class StageChild {
  private child: ChildProcess;
  private died: Error | undefined;

  constructor(
    readonly service: StageService,
    private readonly what: 'job' | 'whole',
    private readonly settings: Readonly<Record<string, string>>,
  ) {
    this.child = this.fork();
  }

  async ask(question: Exclude<StageQuestion, 'stop'>): Promise<StageAnswer> {
    const { child } = this;
    if (this.died !== undefined) throw this.died;
    child.send(question);
    return new Promise((resolve, reject) => {
      const listen = (answer: StageAnswer): void => {
        child.off('exit', ended);
        resolve(answer);
      };
      const ended = (): void => {
        child.off('message', listen);
        reject(this.died ?? new Error(`the process ${this.service} was ended`));
      };
      child.once('message', listen);
      child.once('exit', ended);
    });
  }

  /** SIGKILL, and another process in its place. */
  async replace(): Promise<void> {
    await this.end('SIGKILL');
    this.child = this.fork();
  }

  /** It drains and writes what it has. */
  async stop(): Promise<void> {
    if (this.died !== undefined) throw this.died;
    this.child.removeAllListeners('exit');
    const exited = once(this.child, 'exit');
    this.child.send('stop');
    await exited;
  }

  /** At once; also where it has ended already. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    child.removeAllListeners('exit');
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  private fork(): ChildProcess {
    const child = fork(PROGRAM, [this.service, this.what], { env: this.settings, execArgv: NODE_OPTIONS });
    child.on('exit', (code, signal) => {
      this.died = new Error(`the process ${this.service} ended by itself (${signal ?? String(code)}); what it said is above`);
    });
    return child;
  }
}
