// Long computations owed to a partition or a document. They read the log beside the loop and end with records in its own input.
// J1 A job changes nothing by itself: only its records do, when they are stepped.
// J2 A job runs once at a time; one that was cut off by a crash is owed again and starts from its beginning.
import type { Key, TopicId } from '@tessera/contracts';
import type { LoopOptions } from './loop-options.js';
import type { LogRecord } from './ports.js';
import type { History, Job } from './stage.js';

const READ = { records: 4_000, bytes: 8 << 20 };

export class JobRunner<Document, Definitions, State> {
  failure: unknown;
  onFailure: (() => void) | undefined;
  private readonly begun = new Map<string, Promise<void>>();
  private readonly abort = new AbortController();
  private readonly history: History;
  private readonly abortAll = (): void => {
    this.abort.abort();
  };

  constructor(
    private readonly options: LoopOptions<Document, Definitions, State>,
    private readonly stopping: AbortSignal,
  ) {
    stopping.addEventListener('abort', this.abortAll);
    this.history = this.historyOf();
  }

  /** Rejects the loop with a job's failure. */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  owe(document: Document, key: Key): void {
    const job = this.options.stage.documentJob?.(document, key);
    if (job) this.begin(job);
  }

  oweForPartition(state: State, definitions: (workspace: string, hash: string) => Definitions): void {
    for (const job of this.options.stage.partitionJobs?.(state, definitions) ?? []) this.begin(job);
  }

  async stop(): Promise<void> {
    this.stopping.removeEventListener('abort', this.abortAll);
    this.abort.abort();
    await Promise.all(this.begun.values());
  }

  private begin(job: Job): void {
    if (this.begun.has(job.id) || this.abort.signal.aborted) return;
    this.begun.set(job.id, this.run(job));
  }

  private async run(job: Job): Promise<void> {
    const { stage, partition, log } = this.options;
    try {
      for await (const records of job.run(this.history, this.abort.signal)) {
        if (this.abort.signal.aborted) return;
        await log.append(stage.input, partition, records);
      }
    } catch (error) {
      if (this.abort.signal.aborted) return;
      this.failure = error;
      this.onFailure?.();
    }
  }

  private historyOf(): History {
    const { log, partition, clock } = this.options;
    const { signal } = this.abort;
    async function* read(topic: TopicId, part: number, from: number, to: number): AsyncGenerator<readonly LogRecord[]> {
      for (let at = from; at < to && !signal.aborted;) {
        const batch = await log.read(topic, part, at, READ);
        if (batch.nextOffset <= at) return;
        at = batch.nextOffset;
        const within = batch.records.filter((record) => record.offset < to);
        if (within.length > 0) yield within;
        await clock.wait(0);
      }
    }
    return {
      partition,
      partitions: (topic) => log.partitions(topic),
      endOffset: (topic, part) => log.endOffset(topic, part),
      read,
    };
  }
}
