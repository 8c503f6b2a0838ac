// One lifecycle for a process: parts start in order, stop in reverse, and a failed start rolls back what had started.
// C1 A part's `stop` is called exactly once if its `start` was called and did not reject.
// C2 Every stop is tried, even when another one fails; the first failure is reported.

export interface Part {
  readonly name: string;
  start(): Promise<void> | void;
  stop(): Promise<void> | void;
}

export class Lifecycle {
  private readonly started: Part[] = [];
  private stopping: Promise<void> | undefined;

  constructor(private readonly parts: readonly Part[]) {}

  async start(): Promise<void> {
    for (const part of this.parts) {
      try {
        await part.start();
        this.started.push(part);
      } catch (error) {
        await this.stop().catch(() => undefined);
        throw new Error(`${part.name} did not start: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
    }
  }

  /** Stops what has started, last first; a second call waits for the first. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  private async stopAll(): Promise<void> {
    let failure: unknown;
    for (let part = this.started.pop(); part; part = this.started.pop()) {
      try {
        await part.stop();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }
}
