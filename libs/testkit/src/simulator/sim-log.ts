// The simulated log: durable partitions, a broker that stamps, and a door for each process through which faults happen.
// M1 What is in `records` is durable and never changes. A door of a dead process resolves nothing any more; what it had
//    under way may still land.
import { partitionCount, type TopicId } from '@tessera/contracts';
import { RetryableError, type EventLog, type LogRecord, type NewRecord } from '@tessera/runtime';
import type { Faults } from './faults.js';
import type { Scheduler } from './scheduler.js';

export interface Door {
  alive: boolean;
  /** Its requests travel up to this much longer: an owner that was cut off, and does not know it. */
  lagMs: number;
  readonly name: string;
}

export class SimLog {
  private readonly partitionsByName = new Map<string, LogRecord[]>();
  private readonly watchers = new Map<string, Set<() => void>>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly faults: Faults,
    readonly wide: number,
  ) {}

  partitions(topic: TopicId): number {
    return partitionCount(topic, this.wide);
  }

  records(topic: TopicId, partition: number): LogRecord[] {
    const name = `${topic}/${String(partition)}`;
    let records = this.partitionsByName.get(name);
    if (!records) this.partitionsByName.set(name, (records = []));
    return records;
  }

  /** Appends at once, as a client whose request is through; stamps may run backwards. */
  land(topic: TopicId, partition: number, added: readonly NewRecord[]): number {
    const records = this.records(topic, partition);
    const { random } = this.scheduler;
    const first = records.length;
    for (const { key, value, headers } of added) {
      const back = this.faults.stampBackMs > 0 && random.chance(0.2) ? random.int(0, this.faults.stampBackMs) : 0;
      records.push({ offset: records.length, stampMs: Math.floor(this.scheduler.nowMs) - back, key, value, headers });
    }
    this.scheduler.note(`${topic}/${String(partition)}+${String(added.length)}`);
    for (const wake of this.watchers.get(`${topic}/${String(partition)}`) ?? []) wake();
    return first;
  }

  door(door: Door): EventLog {
    const delayed = <T>(label: string, run: () => T): Promise<T> => delay(this.scheduler, this.faults, door, label, run);
    return {
      clock: 'append',
      partitions: (topic) => this.partitions(topic),
      append: (topic, partition, records) => this.append(door, topic, partition, [...records]),
      read: (topic, partition, from, limits) =>
        delayed(`read ${topic}/${String(partition)}`, () => {
          const records = this.records(topic, partition).slice(from, from + limits.records);
          return { records, nextOffset: from + records.length };
        }),
      startOffset: () => delayed('start', () => 0),
      endOffset: (topic, partition) => delayed('end', () => this.records(topic, partition).length),
      subscribe: (topic, partition, wake) => this.subscribe(door, topic, partition, wake),
      close: () => Promise.resolve(),
    };
  }

  private append(door: Door, topic: TopicId, partition: number, records: NewRecord[]): Promise<{ firstOffset: number }> {
    const { scheduler, faults } = this;
    const { random } = scheduler;
    const lands = !random.chance(faults.appendFails);
    const acknowledged = lands && !random.chance(faults.appendAckLost);
    const travel = random.int(0, 2 + door.lagMs) + (random.chance(0.2) ? random.int(0, faults.slowMs) : 0);
    return new Promise((resolve, reject) => {
      scheduler.at(travel, `append ${topic}/${String(partition)} ${door.name}`, () => {
        // A process that died meanwhile: its request may be on the wire, or never have left.
        if (!door.alive && random.chance(0.5)) return;
        const firstOffset = lands ? this.land(topic, partition, records) : -1;
        scheduler.at(random.int(0, 1), 'ack', () => {
          if (!door.alive) return;
          if (acknowledged) resolve({ firstOffset });
          else reject(new RetryableError(`append to ${topic} failed`));
        });
      });
    });
  }

  private subscribe(door: Door, topic: TopicId, partition: number, wake: () => void): () => void {
    const name = `${topic}/${String(partition)}`;
    let watchers = this.watchers.get(name);
    if (!watchers) this.watchers.set(name, (watchers = new Set()));
    const guarded = (): void => {
      if (door.alive) wake();
    };
    watchers.add(guarded);
    return () => watchers.delete(guarded);
  }
}

/** A call that takes a while, and is never answered to a dead process. */
export function delay<T>(scheduler: Scheduler, faults: Faults, door: Door, label: string, run: () => T): Promise<T> {
  const { random } = scheduler;
  const ms = random.chance(0.2) ? random.int(0, 1 + faults.slowMs) : 0;
  return new Promise((resolve) => {
    scheduler.at(ms, `${label} ${door.name}`, () => {
      if (door.alive) resolve(run());
    });
  });
}
