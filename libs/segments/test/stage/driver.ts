// A tiny driver of the stage: the order of effects for one record at a time, over several partitions, with nothing else of the
// runtime. `evict` encodes and decodes every document before it is used, as a cache of no size would.
import { expect } from '@jest/globals';
import { keyOf, type FragmentsRecord, type Key, type TopicId } from '@tessera/contracts';
import type { Partial_ } from '@tessera/features';
import { partitionOf } from '@tessera/hash';
import type { ControlContext, History, Job, LogClock, LogRecord, NewRecord, Outcome } from '@tessera/runtime';
import type { SegmentsPartitionState } from '../../src/activation.js';
import type { CompiledSet } from '../../src/compiled.js';
import type { ProfileDocument } from '../../src/profile-document.js';
import { forEachSlot, partialIn } from '../../src/slot-values.js';
import { createSegmentsStage, type SegmentsStage } from '../../src/segments-stage.js';

export interface Emitted extends NewRecord {
  readonly topic: TopicId;
  readonly partition: number;
}

export interface DriverOptions {
  readonly sets: readonly CompiledSet[];
  readonly partitions?: number;
  readonly sources?: number;
  readonly clock?: LogClock;
  readonly evict?: boolean;
}

interface Partition {
  readonly log: LogRecord[];
  readonly documents: Map<Key, ProfileDocument>;
  state: SegmentsPartitionState;
  logTimeMs: number;
}

export class Driver {
  readonly stage: SegmentsStage;
  readonly emitted: Emitted[] = [];
  readonly outcomes: Outcome[] = [];
  readonly partitions: Partition[];
  private readonly sets: Map<string, CompiledSet>;
  private readonly jobsDone = new Set<string>();
  private indexKey = '';
  private index = 0;

  constructor(private readonly options: DriverOptions) {
    this.sets = new Map(options.sets.map((set) => [set.hash, set]));
    this.stage = createSegmentsStage({
      clock: options.clock ?? 'append',
      definitions: { load: (_workspace, hash) => Promise.resolve(this.setOf(hash)) },
      secretOf: () => 'secret',
    });
    this.partitions = Array.from({ length: options.partitions ?? 1 }, () => ({
      log: [],
      documents: new Map<Key, ProfileDocument>(),
      state: this.stage.partitionState.create(),
      logTimeMs: -Infinity,
    }));
  }

  /** Appends to the partition of the profile and steps it. */
  tell(profile: string, value: FragmentsRecord, stampMs: number): Outcome {
    const key = keyOf('w', 'profile', profile);
    return this.append(partitionOf(key, this.partitions.length), key, value, stampMs);
  }

  control(partition: number, value: FragmentsRecord, stampMs: number): Outcome {
    return this.append(partition, keyOf('', 'workspace', 'tick'), value, stampMs);
  }

  /** Announces a set from every source to every partition. */
  activate(set: CompiledSet, atMs: number): void {
    for (let partition = 0; partition < this.partitions.length; partition++) {
      for (let source = 0; source < (this.options.sources ?? 2); source++) {
        this.control(
          partition,
          { kind: 'definitionsReady', workspace: 'w', set: set.set, hash: set.hash, source, effectiveMs: atMs },
          atMs,
        );
      }
    }
  }

  append(partition: number, key: Key, value: FragmentsRecord, stampMs: number): Outcome {
    const at = this.partitions[partition] as Partition;
    const record: LogRecord = { offset: at.log.length, stampMs, key, value };
    at.log.push(record);
    return this.step(partition, record);
  }

  document(profile: string): ProfileDocument {
    const key = keyOf('w', 'profile', profile);
    const { documents } = this.partitions[partitionOf(key, this.partitions.length)] as Partition;
    return documents.get(key) ?? this.stage.create(key);
  }

  get dueMs(): number {
    return Math.min(...this.partitions.flatMap(({ documents }) => [...documents.values()].map((document) => document.dueMs)));
  }

  of<K extends FragmentsRecordKind>(topic: TopicId, kind: K): Extract<NonNullable<Emitted['value']>, { kind: K }>[] {
    return this.emitted
      .filter((output) => output.topic === topic && output.value?.kind === kind)
      .map((output) => output.value as Extract<NonNullable<Emitted['value']>, { kind: K }>);
  }

  /** Runs what is owed now and tells the results; the number of jobs that ran. */
  async runJobs(stampMs: number): Promise<number> {
    const results = await this.prepareJobs();
    this.deliver(results, stampMs);
    return results.length;
  }

  /** Runs what is owed now, and keeps the results back. */
  async prepareJobs(): Promise<readonly { readonly partition: number; readonly records: readonly NewRecord[] }[]> {
    const results = [];
    for (const [partition, { documents }] of this.partitions.entries()) {
      for (const [key, document] of documents) {
        const job = this.stage.documentJob?.(document, key);
        if (job === undefined || this.jobsDone.has(job.id)) continue;
        results.push({ partition, records: await this.recordsOf(partition, job) });
        this.jobsDone.add(job.id);
      }
    }
    return results;
  }

  deliver(results: Awaited<ReturnType<Driver['prepareJobs']>>, stampMs: number): void {
    for (const { partition, records } of results) {
      for (const { key, value } of records) this.append(partition, key, value as FragmentsRecord, stampMs);
    }
  }

  async recordsOf(partition: number, job: Job): Promise<readonly NewRecord[]> {
    const all: NewRecord[] = [];
    for await (const records of job.run(this.history(partition), new AbortController().signal)) all.push(...records);
    return all;
  }

  history(partition: number): History {
    const { partitions, options } = this;
    return {
      partition,
      partitions: (topic) => (topic === 'events' ? (options.sources ?? 2) : partitions.length),
      endOffset: (_topic, part) => Promise.resolve((partitions[part] as Partition).log.length),
      async *read(_topic, part, from, to) {
        for (let at = from; at < to; at += 3) yield (partitions[part] as Partition).log.slice(at, Math.min(to, at + 3));
      },
    };
  }

  private step(partition: number, record: LogRecord): Outcome {
    const { stage } = this;
    const at = this.partitions[partition] as Partition;
    if (this.options.evict) at.state = stage.partitionState.decode(stage.partitionState.encode(at.state));
    at.logTimeMs = Math.max(at.logTimeMs, stage.advance?.(at.state, record, at.logTimeMs) ?? record.stampMs);
    const key = stage.keyOf(record);
    let outcome: Outcome;
    if (key === undefined) {
      this.fireOthers(partition, record);
      const workspaces: string[] = [];
      outcome = stage.control(record, this.context(partition, record, '', workspaces));
      for (const workspace of workspaces) {
        expect(workspace).toBe('w');
        for (const each of [...at.documents.keys()].sort()) {
          stage.fire(this.load(at, each), at.logTimeMs, this.context(partition, record, `forced ${each}`));
        }
      }
    } else {
      const own = Math.max(at.logTimeMs, stage.ownTimeMs?.(record, at.logTimeMs) ?? at.logTimeMs);
      const document = this.load(at, key);
      if (document.dueMs <= own) stage.fire(document, own, this.context(partition, record, key));
      outcome = stage.step(this.load(at, key), record, this.context(partition, record, key));
    }
    this.outcomes.push(outcome);
    this.fireOthers(partition, record);
    return outcome;
  }

  private fireOthers(partition: number, record: LogRecord): void {
    const at = this.partitions[partition] as Partition;
    const due = [...at.documents].filter(([, document]) => document.dueMs <= at.logTimeMs);
    due.sort(([a, { dueMs: x }], [b, { dueMs: y }]) => x - y || (a < b ? -1 : 1));
    for (const [key] of due) {
      const document = this.load(at, key);
      this.stage.fire(document, at.logTimeMs, this.context(partition, record, key));
      expect(document.dueMs).toBeGreaterThan(at.logTimeMs);
    }
  }

  private load(at: Partition, key: Key): ProfileDocument {
    const { stage } = this;
    let document = at.documents.get(key) ?? stage.create(key);
    if (this.options.evict) {
      const bytes = stage.encode(document).slice();
      document = stage.decode(bytes, key);
      expect(Buffer.compare(stage.encode(document), bytes)).toBe(0);
    }
    at.documents.set(key, document);
    return document;
  }

  private context(
    partition: number,
    record: LogRecord,
    key: string,
    workspaces: string[] = [],
  ): ControlContext<CompiledSet, SegmentsPartitionState> {
    const at = this.partitions[partition] as Partition;
    const cause = `${key} ${String(partition)} ${String(record.offset)}`;
    if (cause !== this.indexKey) {
      this.indexKey = cause;
      this.index = key.startsWith('forced') ? 1 << 20 : 0;
    }
    return {
      partition,
      offset: record.offset,
      stampMs: record.stampMs,
      logTimeMs: at.logTimeMs,
      generation: 1,
      state: at.state,
      definitions: (_workspace, hash) => this.setOf(hash),
      partitions: (topic) =>
        topic === 'events' ? (this.options.sources ?? 2) : topic === 'definitions' ? 1 : this.partitions.length,
      nextIndex: () => this.index++,
      emit: (topic, target, output) => {
        this.emitted.push({ topic, partition: target, ...output });
      },
      makeAllDue: (workspace) => {
        workspaces.push(workspace);
      },
    };
  }

  private setOf(hash: string): CompiledSet {
    const found = this.sets.get(hash);
    if (found === undefined) throw new Error(`no set ${hash}`);
    return found;
  }
}

/** The partials that each present fragment holds, by slot. */
export function heldBy({ layout, fragments }: ProfileDocument): Record<string, Partial_ | undefined>[] {
  return fragments.map((fragment) => {
    const held: Record<string, Partial_ | undefined> = {};
    forEachSlot(layout, fragment, (slotId) => {
      held[slotId] = partialIn(layout, fragment, slotId);
    });
    return held;
  });
}

type FragmentsRecordKind = NonNullable<Emitted['value']>['kind'];
