// The log of decisions: topic `decisions`, one DecisionMade per answer, behind the answer's back.
// L1 An answer never waits for it and never fails by it: a full queue or a failed append is counted and forgotten.
// L2 The queue is bounded; batches go to their partitions in the order of the answers.
import { type DecideResponse, type DecisionMadeRecord, keyOf, ownerOf } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import type { EventLog, NewRecord } from '@tessera/runtime';
import { carriedTrace } from '@tessera/telemetry';
import type { DecisionCounters } from './decision-counters.js';

const QUEUE_MAX = 10_000;
const BATCH_MAX = 500;

export class DecisionLog {
  private queue: NewRecord[] = [];
  private draining: Promise<void> | undefined;
  private closed = false;
  private readonly partitions: number;

  constructor(
    private readonly log: EventLog,
    private readonly counters: DecisionCounters,
    private readonly queueMax = QUEUE_MAX,
  ) {
    this.partitions = log.partitions('decisions');
  }

  add(workspace: string, answer: DecideResponse): void {
    if (this.closed || this.queue.length >= this.queueMax) {
      this.counters.notLogged++;
      return;
    }
    // A person nobody knows has no profile: such decisions spread by their own id.
    const key = keyOf(workspace, 'profile', answer.profile === '' ? answer.decisionId : answer.profile);
    this.queue.push({ key, value: recordOf(workspace, answer), ...carriedTrace() });
    this.draining ??= this.drain();
  }

  /** Takes no more, and resolves when what was taken is in the log or given up. */
  async close(): Promise<void> {
    this.closed = true;
    await this.draining;
  }

  private async drain(): Promise<void> {
    // The answer that was just logged goes out first.
    await Promise.resolve();
    while (this.queue.length > 0) {
      const batch = this.queue.slice(0, BATCH_MAX);
      this.queue = this.queue.slice(BATCH_MAX);
      await this.append(batch);
    }
    this.draining = undefined;
  }

  private async append(batch: readonly NewRecord[]): Promise<void> {
    const groups = Map.groupBy(batch, (record) => partitionOf(ownerOf(record.key), this.partitions));
    await Promise.all([...groups].map(([partition, records]) => this.appendTo(partition, records)));
  }

  private async appendTo(partition: number, records: readonly NewRecord[]): Promise<void> {
    try {
      await this.log.append('decisions', partition, records);
      this.counters.logged += records.length;
    } catch {
      this.counters.notLogged += records.length;
    }
  }
}

function recordOf(workspace: string, answer: DecideResponse): DecisionMadeRecord {
  return {
    kind: 'decisionMade',
    workspace,
    decisionId: answer.decisionId,
    profile: answer.profile,
    decided: answer.decided,
    slots: answer.slots.map(({ slot, status, content, reason }) => ({ slot, status, content, reason: reason?.code ?? '' })),
  };
}
