// An EventLog for tests of ingestion: keeps what is appended, and can be held, failed and watched.
// R1 An append resolves only after `open` was called for it: until then it is not durable.
import type { EventLog, LogRecord, NewRecord } from '@tessera/runtime';
import type { TopicId } from '@tessera/contracts';

export interface Appended {
  readonly topic: TopicId;
  readonly partition: number;
  readonly records: readonly NewRecord[];
}

export class RecordingLog implements EventLog {
  readonly clock = 'append';
  readonly durable: Appended[] = [];
  /** Appends that have been called, durable or not. */
  called = 0;
  fails = false;
  private gate: PromiseWithResolvers<void> | undefined;

  constructor(private readonly wide = 4) {}

  hold(): void {
    this.gate = Promise.withResolvers<void>();
  }

  open(): void {
    this.gate?.resolve();
    this.gate = undefined;
  }

  partitions(): number {
    return this.wide;
  }

  async append(topic: TopicId, partition: number, records: readonly NewRecord[]): Promise<{ firstOffset: number }> {
    this.called += 1;
    const copy = [...records];
    await this.gate?.promise;
    await Promise.resolve();
    if (this.fails) throw new Error('the disk is full');
    this.durable.push({ topic, partition, records: copy });
    return { firstOffset: 0 };
  }

  values<T>(topic: TopicId): T[] {
    return this.durable
      .filter((appended) => appended.topic === topic)
      .flatMap(({ records }) => records.map(({ value }) => value as T));
  }

  clear(): void {
    this.durable.length = 0;
    this.called = 0;
  }

  read(): Promise<{ records: LogRecord[]; nextOffset: number }> {
    return Promise.resolve({ records: [], nextOffset: 0 });
  }
  startOffset(): Promise<number> {
    return Promise.resolve(0);
  }
  endOffset(): Promise<number> {
    return Promise.resolve(0);
  }
  subscribe(): () => void {
    return () => undefined;
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
