// Follows `segment-changes` as a data team would, and notes when each change was seen.
import type { SegmentsChangedRecord } from '@tessera/contracts';
import type { EventLog } from '@tessera/runtime';

export interface SeenChange {
  readonly profile: string;
  readonly segment: string;
  readonly kind: string;
  readonly reason: string;
  readonly effectiveMs: number;
  /** Wall clock at which this reader had it. */
  readonly seenMs: number;
}

const READ = { records: 1_000, bytes: 1 << 20 };

export class Watch {
  readonly seen: SeenChange[] = [];
  private readonly unsubscribes: (() => void)[] = [];
  private readonly readers = new Map<number, { offset: number; reading: Promise<void> }>();

  constructor(
    private readonly log: EventLog,
    private readonly tell: (change: SeenChange) => void,
  ) {}

  start(): void {
    for (let partition = 0; partition < this.log.partitions('segment-changes'); partition++) {
      this.readers.set(partition, { offset: 0, reading: Promise.resolve() });
      this.unsubscribes.push(this.log.subscribe('segment-changes', partition, () => this.wake(partition)));
      this.wake(partition);
    }
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.unsubscribes) unsubscribe();
    await Promise.all([...this.readers.values()].map(({ reading }) => reading));
  }

  /** Changes of one person in one segment, in the order they were seen. */
  of(profile: string, segment: string): readonly SeenChange[] {
    return this.seen.filter((change) => change.profile === profile && change.segment === segment);
  }

  private wake(partition: number): void {
    const reader = this.readers.get(partition) as { offset: number; reading: Promise<void> };
    reader.reading = reader.reading.then(async () => {
      for (;;) {
        const batch = await this.log.read('segment-changes', partition, reader.offset, READ);
        const seenMs = Date.now();
        for (const { value } of batch.records) this.note(value as SegmentsChangedRecord, seenMs);
        if (batch.nextOffset <= reader.offset) return;
        reader.offset = batch.nextOffset;
      }
    });
  }

  private note({ profile, effective, changes }: SegmentsChangedRecord, seenMs: number): void {
    for (const { segment, kind, reason } of changes) {
      const change = { profile, segment, kind, reason, effectiveMs: Date.parse(effective ?? ''), seenMs };
      this.seen.push(change);
      this.tell(change);
    }
  }
}
