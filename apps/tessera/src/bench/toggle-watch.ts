// The consumer of the freshness benchmark: follows `segment-changes` from its present end and notes when each change of the watched segment
// was there to be read.
// W1 A record that is there twice counts once: a profile's sequence rises with every record.
import type { SegmentsChangedRecord } from '@tessera/contracts';
import type { EventLog } from '@tessera/runtime';
import { monotonicMs } from './latencies.js';
import { TOGGLED } from './load-plan.js';

interface Seen {
  sequence: number;
  readonly atMs: number[];
}

const READ = { records: 1_000, bytes: 4 << 20 };

export class ToggleWatch {
  /** Changes seen, over all profiles. */
  count = 0;
  failure: unknown;
  private readonly seen = new Map<string, Seen>();
  private stopped = false;
  private readonly leave: (() => void)[] = [];
  private readonly following: Promise<void>[] = [];

  private constructor(private readonly log: EventLog) {}

  static async start(log: EventLog): Promise<ToggleWatch> {
    const watch = new ToggleWatch(log);
    for (let partition = 0; partition < log.partitions('segment-changes'); partition++) {
      const end = await log.endOffset('segment-changes', partition);
      watch.following.push(watch.follow(partition, end).catch((error: unknown) => void (watch.failure = error)));
    }
    return watch;
  }

  /** When the changes of a profile were there, in their order. */
  of(profile: string): readonly number[] {
    return this.seen.get(profile)?.atMs ?? [];
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const leave of this.leave) leave();
    await Promise.all(this.following);
  }

  private async follow(partition: number, from: number): Promise<void> {
    let wake: (() => void) | undefined;
    const unsubscribe = this.log.subscribe('segment-changes', partition, () => wake?.());
    this.leave.push(() => {
      unsubscribe();
      wake?.();
    });
    for (let offset = from; !this.stopped;) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      const { records, nextOffset } = await this.log.read('segment-changes', partition, offset, READ);
      const nowMs = monotonicMs();
      for (const { value } of records) this.note(value as SegmentsChangedRecord, nowMs);
      offset = nextOffset;
      if (records.length === 0 && !this.stopped) await woken;
    }
  }

  private note({ profile, sequence, changes }: SegmentsChangedRecord, nowMs: number): void {
    let seen = this.seen.get(profile);
    if (seen === undefined) this.seen.set(profile, (seen = { sequence: 0, atMs: [] }));
    if (sequence <= seen.sequence) return;
    seen.sequence = sequence;
    if (!changes.some(({ segment }) => segment === TOGGLED)) return;
    seen.atMs.push(nowMs);
    this.count += 1;
  }
}
