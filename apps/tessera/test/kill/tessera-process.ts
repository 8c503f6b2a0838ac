// The real process on a data folder: started as `npm start` does, killed without warning, stopped politely.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../../../tools/services/free-ports.mjs';
import { readEndpoints, type EndpointsFile } from '../../src/endpoints-file.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** As `npm start` has it. */
const HEAP = '--max-semi-space-size=64';
const START_MS = 60_000;

export class TesseraProcess {
  private child: ChildProcess | undefined;
  private said = '';

  private constructor(
    readonly data: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** Chooses the ports; nothing runs yet. */
  static async on(data: string): Promise<TesseraProcess> {
    const [http, grpc, ops] = await freePorts(3);
    return new TesseraProcess(data, {
      ...process.env,
      TESSERA_DATA: data,
      TESSERA_HTTP_PORT: String(http),
      TESSERA_GRPC_PORT: String(grpc),
      TESSERA_OPS_PORT: String(ops),
      TESSERA_LOG_LEVEL: 'warn',
    });
  }

  /** What the process has said on stderr so far, over all its lives. */
  get journal(): string {
    return this.said;
  }

  /** Exit code or signal, once the process has ended. */
  get ended(): number | NodeJS.Signals | undefined {
    return this.child?.exitCode ?? this.child?.signalCode ?? undefined;
  }

  /** Resolves when its doors are open. */
  async start(): Promise<EndpointsFile> {
    const child = spawn(process.execPath, [HEAP, MAIN, 'dev'], { env: this.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    child.stderr.on('data', (bytes: Buffer) => (this.said += bytes.toString('utf8')));
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no panel within ${String(START_MS)} ms: ${this.said}`)), START_MS);
      let printed = '';
      child.stdout.on('data', (bytes: Buffer) => {
        printed += bytes.toString('utf8');
        if (printed.includes('Stop with Ctrl+C')) resolve();
      });
      child.once('exit', (code, signal) => reject(new Error(`it ended (${String(code ?? signal)}): ${this.said}`)));
      child.once('spawn', () => child.once('exit', () => clearTimeout(late)));
    });
    return readEndpoints(this.data) as EndpointsFile;
  }

  /** kill -9; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Resolves with the exit code. */
  async stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  /** Another command of `tessera` on the folder. */
  async run(...words: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, [MAIN, ...words], { env: this.environment, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
      });
    });
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await ended)[0];
  }
}
