// Appends to one partition for many requests at once: what arrives in one turn, or while an append is under way, goes together.
// B1 One append is under way per partition; records take effect in the order of `add`.
// B2 A request learns that its records are durable from the promise of the append that carried them: one promise per append, none
//    per record.
// B3 A failed append fails the requests it carried and nobody else: the next one is tried.
import type { TopicId } from '@tessera/contracts';
import type { EventLog, NewRecord } from '@tessera/runtime';

interface Group {
  readonly records: NewRecord[];
  readonly durable: PromiseWithResolvers<void>;
}

export class PartitionAppender {
  private waiting: Group | undefined;
  private appending = false;

  constructor(
    private readonly log: EventLog,
    private readonly topic: TopicId,
    private readonly partition: number,
  ) {}

  /** Resolves when the records added so far are durable. */
  add(record: NewRecord): Promise<void> {
    const group = (this.waiting ??= this.newGroup());
    group.records.push(record);
    return group.durable.promise;
  }

  private newGroup(): Group {
    // The end of the turn: other requests that were read in it still join.
    if (!this.appending) setImmediate(() => void this.appendWaiting());
    return { records: [], durable: Promise.withResolvers<void>() };
  }

  private async appendWaiting(): Promise<void> {
    if (this.appending) return;
    this.appending = true;
    for (let group = this.take(); group !== undefined; group = this.take()) {
      try {
        await this.log.append(this.topic, this.partition, group.records);
        group.durable.resolve();
      } catch (error) {
        group.durable.reject(error);
      }
    }
    this.appending = false;
  }

  private take(): Group | undefined {
    const group = this.waiting;
    this.waiting = undefined;
    return group;
  }
}
