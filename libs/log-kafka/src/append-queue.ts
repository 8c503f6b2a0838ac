// The way of appended records to the broker: records of all callers gather per partition and go out as one batch.
// A1 One batch per partition is under way: an append takes effect after those before it, whatever is repeated on the way. Partitions
//    do not wait for each other.
// A2 When a batch fails, everything that waits behind it in its partition is refused too: an append never takes effect after a failed
//    one. The failed one itself may be in the log.
// A3 What waits is bounded in bytes; above, an append is refused at once, as the world's failure.
// A4 An append larger than a batch is several, one behind the other; its offset is that of its first record.
// A5 What comes within `paceMs` of the last request waits till that time is over, unless it is much: at a thousand records a second that is
//    one request for several partitions instead of one for each record, here and in the broker. A record that comes alone never waits.
import { RetryableError } from '@tessera/runtime';
import type { WireRecord } from './client.js';

/** What is much goes at once. */
const PACED_BYTES = 64 << 10;

interface Waiting {
  readonly records: readonly WireRecord[];
  readonly bytes: number;
  sent: number;
  firstOffset: number;
  readonly resolve: (appended: { readonly firstOffset: number }) => void;
  readonly reject: (error: unknown) => void;
}

/** Records of one batch; each `last` names an append whose last record is in it, `first` one whose first is. */
interface Batch {
  readonly records: WireRecord[];
  readonly firsts: { readonly append: Waiting; readonly index: number }[];
  readonly lasts: Waiting[];
}

interface Lane {
  readonly topic: string;
  readonly partition: number;
  queue: Waiting[];
  underWay: Waiting[];
  busy: boolean;
}

export interface AppendLimits {
  /** Of one batch: a greater record goes alone. */
  readonly batchBytes: number;
  readonly batchRecords: number;
  /** Of everything that waits or is under way. */
  readonly waitingBytes: number;
  /** Between two requests that carry little. */
  readonly paceMs: number;
}

export type Produce = (topic: string, partition: number, records: readonly WireRecord[]) => Promise<number>;

export class AppendQueue {
  private readonly lanes = new Map<string, Lane>();
  private readonly ready = new Set<Lane>();
  private turn = false;
  private timer: NodeJS.Timeout | undefined;
  private lastSentMs = -Infinity;
  private bytes = 0;
  private idlers: (() => void)[] = [];

  constructor(
    private readonly produce: Produce,
    private readonly limits: AppendLimits,
    private readonly appended: (topic: string, partition: number, nextOffset: number) => void,
  ) {}

  append(topic: string, partition: number, records: readonly WireRecord[]): Promise<{ readonly firstOffset: number }> {
    const bytes = records.reduce((sum, record) => sum + record.bytes, 0);
    if (this.bytes > 0 && this.bytes + bytes > this.limits.waitingBytes) {
      const full = `${String(this.bytes)} bytes wait for the brokers already, ${String(this.limits.waitingBytes)} may`;
      return Promise.reject(new RetryableError(`the log takes no more for now: ${full}`));
    }
    this.bytes += bytes;
    return new Promise((resolve, reject) => {
      const lane = this.lane(topic, partition);
      lane.queue.push({ records, bytes, sent: 0, firstOffset: -1, resolve, reject });
      this.send(lane);
    });
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while ([...this.lanes.values()].some((lane) => lane.busy || lane.queue.length > 0))
      await new Promise<void>((resolve) => this.idlers.push(resolve));
  }

  /** After this turn, or after the pace: what callers append till then shares a batch, and the batches share a request. */
  private send(lane: Lane): void {
    if (lane.busy) return;
    this.ready.add(lane);
    if (this.turn) return;
    const restMs = this.lastSentMs + this.limits.paceMs - performance.now();
    if (restMs > 0 && this.bytes < PACED_BYTES) {
      this.timer ??= setTimeout(this.sendReady, restMs);
      return;
    }
    this.turn = true;
    setImmediate(this.sendReady);
  }

  private readonly sendReady = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.turn = false;
    if (this.ready.size === 0) return;
    this.lastSentMs = performance.now();
    const lanes = [...this.ready];
    this.ready.clear();
    for (const lane of lanes) void this.sendBatch(lane);
  };

  private async sendBatch(lane: Lane): Promise<void> {
    const batch = this.nextBatch(lane);
    lane.busy = true;
    try {
      const base = await this.produce(lane.topic, lane.partition, batch.records);
      for (const { append, index } of batch.firsts) append.firstOffset = base + index;
      this.appended(lane.topic, lane.partition, base + batch.records.length);
      for (const append of batch.lasts) {
        this.bytes -= append.bytes;
        append.resolve({ firstOffset: append.firstOffset });
      }
      lane.underWay = lane.underWay.filter((append) => !batch.lasts.includes(append));
    } catch (error) {
      this.refuse(lane, error);
    }
    lane.busy = false;
    if (lane.queue.length > 0 || lane.underWay.length > 0) this.send(lane);
    else for (const idle of this.idlers.splice(0)) idle();
  }

  private nextBatch(lane: Lane): Batch {
    const batch: Batch = { records: [], firsts: [], lasts: [] };
    let bytes = 0;
    const { batchBytes, batchRecords } = this.limits;
    for (;;) {
      let append = lane.underWay.find(({ sent, records }) => sent < records.length);
      if (append === undefined) {
        append = lane.queue.shift();
        if (append === undefined) return batch;
        lane.underWay.push(append);
        batch.firsts.push({ append, index: batch.records.length });
      }
      while (append.sent < append.records.length) {
        const record = append.records[append.sent] as WireRecord;
        const full = bytes + record.bytes > batchBytes || batch.records.length >= batchRecords;
        if (full && batch.records.length > 0) {
          if (append.sent === 0 && batch.firsts.at(-1)?.append === append) {
            batch.firsts.pop();
            lane.underWay.pop();
            lane.queue.unshift(append);
          }
          return batch;
        }
        batch.records.push(record);
        bytes += record.bytes;
        append.sent += 1;
      }
      batch.lasts.push(append);
    }
  }

  private refuse(lane: Lane, error: unknown): void {
    const refused = [...lane.underWay, ...lane.queue];
    lane.underWay = [];
    lane.queue = [];
    for (const append of refused) {
      this.bytes -= append.bytes;
      append.reject(error);
    }
  }

  private lane(topic: string, partition: number): Lane {
    const name = `${topic}/${String(partition)}`;
    let lane = this.lanes.get(name);
    if (lane === undefined) this.lanes.set(name, (lane = { topic, partition, queue: [], underWay: [], busy: false }));
    return lane;
  }
}
