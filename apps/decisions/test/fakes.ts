// Ports for the tests of this service: a store in a Map that can be slow or broken, a log that records, a clock that is moved.
import type { Key } from '@tessera/contracts';
import type { Clock, EventLog, NewRecord, PartitionDocument, Space, StateDocument, StateStore } from '@tessera/runtime';

export const PARTITIONS = 4;

export class FakeStore implements StateStore {
  readonly documents = new Map<string, StateDocument>();
  readonly partitionDocuments = new Map<string, PartitionDocument>();
  loads: Space[] = [];
  /** What stands before every load: a delay, a failure, nothing. */
  before: () => Promise<void> = () => Promise.resolve();

  async load(space: Space, keys: readonly Key[]): Promise<readonly (StateDocument | undefined)[]> {
    this.loads.push(space);
    const found = keys.map((key) => this.documents.get(`${nameOf(space)} ${key}`));
    await this.before();
    return found;
  }

  async write(space: Space, documents: readonly StateDocument[]): Promise<number> {
    for (const document of documents) this.documents.set(`${nameOf(space)} ${document.key}`, document);
    await Promise.resolve();
    return 0;
  }

  loadPartition(space: Space): Promise<PartitionDocument | undefined> {
    return Promise.resolve(this.partitionDocuments.get(nameOf(space)));
  }

  async writePartition(space: Space, document: PartitionDocument): Promise<void> {
    this.partitionDocuments.set(nameOf(space), document);
    await Promise.resolve();
  }

  async *scan(): AsyncIterable<readonly StateDocument[]> {
    throw new Error('not scanned here');
  }

  async *scanDue(): AsyncIterable<never> {
    throw new Error('not scanned here');
  }

  async clear(space: Space): Promise<void> {
    for (const name of this.documents.keys()) if (name.startsWith(`${nameOf(space)} `)) this.documents.delete(name);
    await Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function nameOf({ stage, partition }: Space): string {
  return `${stage}/${String(partition)}`;
}

/** Only what decisions use of a log. */
export class FakeLog {
  readonly appended: (readonly [partition: number, record: NewRecord])[] = [];
  readonly ends = new Map<string, number>();
  before: () => Promise<void> = () => Promise.resolve();

  readonly port = this as unknown as EventLog;

  partitions(): number {
    return PARTITIONS;
  }

  async append(_: string, partition: number, records: readonly NewRecord[]): Promise<{ firstOffset: number }> {
    await this.before();
    for (const record of records) this.appended.push([partition, record]);
    return { firstOffset: 0 };
  }

  startOffset(): Promise<number> {
    return Promise.resolve(0);
  }

  endOffset(topic: string, partition: number): Promise<number> {
    return Promise.resolve(this.ends.get(`${topic}/${String(partition)}`) ?? 0);
  }
}

/** Stands still until it is moved. */
export class FakeClock implements Clock {
  private readonly waiting = new Set<{ readonly untilMs: number; readonly wake: () => void }>();

  constructor(private timeMs: number) {}

  nowMs(): number {
    return this.timeMs;
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.waiting.delete(entry);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const entry = { untilMs: this.timeMs + ms, wake };
      this.waiting.add(entry);
      signal?.addEventListener('abort', wake);
    });
  }

  get waiters(): number {
    return this.waiting.size;
  }

  async advance(ms: number): Promise<void> {
    this.timeMs += ms;
    for (const entry of [...this.waiting]) {
      if (entry.untilMs <= this.timeMs) entry.wake();
    }
    await settle();
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
