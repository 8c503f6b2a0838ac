// The processor loop: keeps one partition of one stage running, through failures of the world, until it is stopped.
// P1 After a failure everything in memory is thrown away and the next incarnation starts from the partition document.
// P2 A halt (a stamp far ahead, a bug) is final: it is reported and needs a person.
import { PartitionRun } from './partition-run.js';
import type { LoopOptions } from './loop-options.js';
import { RetryableError } from './ports.js';
import { StampAheadError } from './stamp-ahead-error.js';

export type LoopStatus = 'stopped' | 'running' | 'backing-off' | 'halted';

export interface LoopEvents {
  /** The world failed; the loop goes on after `pauseMs`. */
  failed?(error: unknown, pauseMs: number): void;
  /** The loop stands still until a person acts. */
  halted?(error: unknown): void;
}

export class ProcessorLoop<Document, Definitions, State> {
  status: LoopStatus = 'stopped';
  private current: PartitionRun<Document, Definitions, State> | undefined;
  private stopping = new AbortController();
  private finished: Promise<void> = Promise.resolve();

  constructor(
    readonly options: LoopOptions<Document, Definitions, State>,
    private readonly events: LoopEvents = {},
  ) {}

  get position(): { readonly nextOffset: number; readonly logTimeMs: number } | undefined {
    return this.current?.position;
  }

  /** Everything read is stepped, written and acknowledged; nothing is due. */
  get idle(): boolean {
    return this.status === 'running' && this.current?.idling === true;
  }

  start(): void {
    this.stopping = new AbortController();
    this.status = 'running';
    this.finished = this.supervise();
  }

  /** Stops fetching, drains, writes, and resolves when all of it is durable. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.finished;
  }

  private async supervise(): Promise<void> {
    const { clock, limits, ledger } = this.options;
    let pauseMs = limits.backoffMs;
    while (!this.stopping.signal.aborted) {
      this.status = 'running';
      const run = new PartitionRun(this.options, this.stopping.signal);
      const before = ledger.checkpoints;
      this.current = run;
      try {
        await run.run();
        break;
      } catch (error) {
        if (error instanceof StampAheadError || !(error instanceof RetryableError)) {
          this.status = 'halted';
          this.events.halted?.(error);
          return;
        }
        if (ledger.checkpoints > before) pauseMs = limits.backoffMs;
        ledger.restarts += 1;
        this.status = 'backing-off';
        this.events.failed?.(error, pauseMs);
        await clock.wait(pauseMs, this.stopping.signal);
        pauseMs = Math.min(pauseMs * 2, limits.backoffMsMax);
      }
    }
    this.status = 'stopped';
  }
}
