// Drives the features stage over one partition, as the loop does: due timers first, then the record; and keeps what came out.
// After every step it asks what no test may forget: no timer is left in the past.
import { keyOf, type AnyRecord, type FragmentChangedRecord, type Key, type TopicId } from '@tessera/contracts';
import type { History, LogRecord, NewRecord, Outcome, StepContext } from '@tessera/runtime';
import { createFeaturesStage } from '../src/features-stage.js';
import type { FeaturesPartitionState } from '../src/partition-state.js';
import type { FeaturePlan } from '../src/plan.js';
import type { SenderDocument } from '../src/sender-document.js';

export const WORKSPACE = 'w';
export const SECRET = 'the secret of w';

export interface Emitted {
  readonly topic: TopicId;
  readonly partition: number;
  readonly record: NewRecord;
  /** Offset of the causing record. */
  readonly offset: number;
}

export class Driver {
  readonly stage = createFeaturesStage({ secretOf: () => SECRET });
  readonly documents = new Map<Key, SenderDocument>();
  readonly log: LogRecord[] = [];
  readonly outputs: Emitted[] = [];
  readonly outcomes: Outcome[] = [];
  state: FeaturesPartitionState = this.stage.partitionState.create();
  logTimeMs = -Infinity;
  private readonly indexes = new Map<string, number>();
  private readonly jobsTaken = new Set<string>();

  constructor(
    private readonly plans: ReadonlyMap<string, FeaturePlan>,
    private readonly fragmentPartitions = 3,
  ) {}

  /** Appends and steps one record; returns what it caused. */
  step(stampMs: number, key: Key, value: AnyRecord): readonly Emitted[] {
    const record: LogRecord = { offset: this.log.length, stampMs, key, value };
    const before = this.outputs.length;
    this.log.push(record);
    this.logTimeMs = Math.max(this.logTimeMs, stampMs);
    this.indexes.clear();
    const owner = this.stage.keyOf(record);
    if (owner !== undefined) {
      const document = this.document(owner);
      this.fire(owner, document);
      this.outcomes.push(this.stage.step(document, record, this.context(owner)));
      if (this.stage.dueMs(document) <= this.logTimeMs)
        throw new Error(`after offset ${String(record.offset)} a timer of ${owner} is in the past`);
    }
    for (const [other, document] of this.documents) this.fire(other, document);
    if (owner === undefined) this.outcomes.push(this.stage.control(record, { ...this.context(''), makeAllDue: () => undefined }));
    return this.outputs.slice(before);
  }

  /** Lets time pass up to a moment, as the owner's Tick does. */
  tick(stampMs: number): readonly Emitted[] {
    return this.step(stampMs, keyOf('', 'workspace', 'tick'), { kind: 'tick', closing: false, source: -1, effectiveMs: 0 });
  }

  publish(stampMs: number, set: number, hash: string): readonly Emitted[] {
    const value = { kind: 'definitionsPublished', workspace: WORKSPACE, set, hash, evaluator: 1 } as const;
    return this.step(stampMs, keyOf(WORKSPACE, 'workspace', WORKSPACE), value);
  }

  /** The records with which the backfills end that are owed now and were not asked for before. */
  async backfills(again = false): Promise<NewRecord[]> {
    const jobs = this.stage.partitionJobs?.(this.state, (_, hash) => this.planOf(hash)) ?? [];
    const records: NewRecord[] = [];
    for (const job of jobs) {
      if (this.jobsTaken.has(job.id) && !again) continue;
      this.jobsTaken.add(job.id);
      for await (const chunk of job.run(this.history(), new AbortController().signal)) records.push(...chunk);
    }
    return records;
  }

  /** Every document, and the partition's own, goes to the store and comes back. */
  evict(chosen: (key: Key) => boolean = () => true): void {
    for (const [key, document] of this.documents) {
      if (!chosen(key)) continue;
      const bytes = this.stage.encode(document).slice();
      const decoded = this.stage.decode(bytes, key);
      const again = this.stage.encode(decoded);
      if (Buffer.compare(bytes, again) !== 0) throw new Error(`the bytes of ${key} are not canonical`);
      if (this.stage.dueMs(decoded) !== this.stage.dueMs(document)) throw new Error(`the timer of ${key} is not kept`);
      this.documents.set(key, decoded);
    }
    this.state = this.stage.partitionState.decode(this.stage.partitionState.encode(this.state));
  }

  bytes(): ReadonlyMap<Key, string> {
    const keys = [...this.documents.keys()].sort();
    return new Map(
      keys.map((key) => [key, Buffer.from(this.stage.encode(this.documents.get(key) as SenderDocument)).toString('hex')]),
    );
  }

  private document(key: Key): SenderDocument {
    let document = this.documents.get(key);
    if (!document) this.documents.set(key, (document = this.stage.create(key)));
    return document;
  }

  private fire(key: Key, document: SenderDocument): void {
    if (this.stage.dueMs(document) > this.logTimeMs) return;
    this.stage.fire(document, this.logTimeMs, this.context(key));
    if (this.stage.dueMs(document) <= this.logTimeMs) throw new Error(`a timer of ${key} did not fire`);
  }

  private planOf(hash: string): FeaturePlan {
    const plan = this.plans.get(hash);
    if (!plan) throw new Error(`no plan ${hash}`);
    return plan;
  }

  private context(key: string): StepContext<FeaturePlan, FeaturesPartitionState> {
    const record = this.log.at(-1) as LogRecord;
    return {
      partition: 5,
      offset: record.offset,
      stampMs: record.stampMs,
      logTimeMs: this.logTimeMs,
      generation: 2,
      state: this.state,
      definitions: (_, hash) => this.planOf(hash),
      partitions: (topic) => (topic === 'fragments' ? this.fragmentPartitions : 1),
      nextIndex: () => {
        const index = this.indexes.get(key) ?? 0;
        this.indexes.set(key, index + 1);
        return index;
      },
      emit: (topic, partition, emitted) => {
        this.outputs.push({ topic, partition, record: emitted, offset: record.offset });
      },
    };
  }

  private history(): History {
    return {
      partition: 5,
      partitions: () => 1,
      endOffset: () => Promise.resolve(this.log.length),
      read: async function* (this: Driver, _topic: TopicId, _partition: number, from: number, to: number) {
        if (to > from) yield this.log.slice(from, to);
      }.bind(this),
    };
  }
}

/** The changes of fragments among outputs. */
export function changesIn(outputs: readonly Emitted[]): FragmentChangedRecord[] {
  return outputs.flatMap(({ record }) => (record.value?.kind === 'fragmentChanged' ? [record.value] : []));
}
