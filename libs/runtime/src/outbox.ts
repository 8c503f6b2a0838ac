// Outputs on their way to the log, in order per target partition.
// O1 One append per target partition is under way at a time; what comes meanwhile goes with the next one. So nothing is
//    ever appended behind a failed append: a later version must not overtake one that was lost.
// O2 After a failure nothing more is sent; `drained` and `room` reject with it.
import type { TopicId } from '@tessera/contracts';
import type { EventLog, NewRecord } from './ports.js';

interface Target {
  readonly topic: TopicId;
  readonly partition: number;
  waiting: NewRecord[];
  sending: boolean;
}

export class Outbox {
  private readonly targets = new Map<TopicId, Target[]>();
  private readonly touched: Target[] = [];
  private failure: unknown;
  private wake: (() => void) | undefined;
  private outstanding = 0;

  constructor(
    private readonly log: EventLog,
    private readonly capacity: number,
  ) {}

  get full(): boolean {
    return this.outstanding >= this.capacity;
  }

  add(topic: TopicId, partition: number, record: NewRecord): void {
    const target = this.target(topic, partition);
    if (target.waiting.length === 0 && !target.sending) this.touched.push(target);
    target.waiting.push(record);
    this.outstanding += 1;
  }

  /** Starts the appends of all that was added since. */
  send(): void {
    for (const target of this.touched) if (!target.sending) void this.sendTo(target);
    this.touched.length = 0;
  }

  /** Everything added so far is acknowledged. */
  async drained(): Promise<void> {
    this.send();
    await this.until(() => this.outstanding === 0);
  }

  /** There is room for more. */
  async room(): Promise<void> {
    this.send();
    await this.until(() => this.outstanding < this.capacity / 2);
  }

  private async until(condition: () => boolean): Promise<void> {
    for (;;) {
      if (this.failure !== undefined) throw this.failure;
      if (condition()) return;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private async sendTo(target: Target): Promise<void> {
    target.sending = true;
    while (target.waiting.length > 0 && this.failure === undefined) {
      const records = target.waiting;
      target.waiting = [];
      try {
        await this.log.append(target.topic, target.partition, records);
        this.outstanding -= records.length;
      } catch (error) {
        this.failure ??= error;
      }
      this.wake?.();
    }
    target.sending = false;
  }

  private target(topic: TopicId, partition: number): Target {
    let partitions = this.targets.get(topic);
    if (!partitions) this.targets.set(topic, (partitions = []));
    return (partitions[partition] ??= { topic, partition, waiting: [], sending: false });
  }
}
