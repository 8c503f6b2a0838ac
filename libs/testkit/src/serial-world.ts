// The serial reference: all stages on one thread, one record at a time, no batch, no cache, no checkpoint, no fault.
// It is the oracle of the simulator and the pure core that runs scenarios.
// W1 A record is stepped as soon as it is appended, stages in the order they were given, partitions in their order.
// W2 Time passes only in `advanceTo`: it stops at every due time and appends the Tick which the owner would append.
// W3 It shares the stages with the shipped loop and nothing else: the order of effects is written here a second time.
import { keyOf, partitionCount, type Key, type TopicId } from '@tessera/contracts';
import type { Cause_ } from './serial-context.js';
import { SerialContexts, type SerialStage } from './serial-context.js';
import type { History, Job, LogClock, LogRecord, NewRecord, Outcome } from '@tessera/runtime';

export interface SerialDocument {
  document: unknown;
  lastOffset: number;
}

export interface SerialPartition {
  readonly stage: SerialStage;
  readonly partition: number;
  readonly documents: Map<Key, SerialDocument>;
  readonly outcomes: Outcome[];
  readonly jobsDone: Set<string>;
  state: unknown;
  nextOffset: number;
  logTimeMs: number;
}

export interface Emission {
  readonly topic: TopicId;
  readonly partition: number;
  readonly record: NewRecord;
}

export interface SerialWorldOptions {
  readonly stages: readonly SerialStage[];
  /** Partitions of the wide topics. */
  readonly partitions: number;
  readonly clock: LogClock;
  readonly startMs: number;
  readonly loadDefinitions: (stage: string, workspace: string, hash: string) => unknown;
}

export class SerialWorld {
  nowMs: number;
  readonly partitions: readonly SerialPartition[];
  private onAppend: ((emission: Emission) => void) | undefined;
  private readonly logs = new Map<string, LogRecord[]>();
  private readonly contexts: SerialContexts;

  constructor(private readonly options: SerialWorldOptions) {
    this.nowMs = options.startMs;
    this.contexts = new SerialContexts(this, options.loadDefinitions);
    this.partitions = options.stages.flatMap((stage) =>
      Array.from({ length: this.partitionsOf(stage.input) }, (_, partition) => ({
        stage,
        partition,
        documents: new Map<Key, SerialDocument>(),
        outcomes: [],
        jobsDone: new Set<string>(),
        state: stage.partitionState.create(),
        nextOffset: 0,
        logTimeMs: -Infinity,
      })),
    );
  }

  partitionsOf(topic: TopicId): number {
    return partitionCount(topic, this.options.partitions);
  }

  records(topic: TopicId, partition: number): LogRecord[] {
    const name = `${topic}/${String(partition)}`;
    let records = this.logs.get(name);
    if (!records) this.logs.set(name, (records = []));
    return records;
  }

  /** All records of a topic, partition after partition. */
  allRecords(topic: TopicId): readonly LogRecord[] {
    return Array.from({ length: this.partitionsOf(topic) }, (_, partition) => this.records(topic, partition)).flat();
  }

  append(topic: TopicId, partition: number, record: NewRecord): void {
    if (this.onAppend) {
      this.onAppend({ topic, partition, record });
      return;
    }
    const { key, value, timeMs, headers } = record;
    const records = this.records(topic, partition);
    const stampMs = this.options.clock === 'event' ? (timeMs ?? this.nowMs) : this.nowMs;
    records.push({ offset: records.length, stampMs, key, value, headers });
  }

  documentOf(stage: string, key: Key): unknown {
    for (const partition of this.partitions) {
      const found = partition.stage.name === stage ? partition.documents.get(key) : undefined;
      if (found) return found.document;
    }
    return undefined;
  }

  /** Steps everything that is there, jobs included, until nothing is left. */
  async settle(): Promise<void> {
    for (;;) {
      let progress = false;
      for (const partition of this.partitions) {
        while (partition.nextOffset < this.records(partition.stage.input, partition.partition).length) {
          this.stepNext(partition);
          progress = true;
        }
      }
      if (progress) continue;
      if (!(await this.runJobs())) return;
    }
  }

  /** Lets time pass up to and including `untilMs`. */
  async advanceTo(untilMs: number): Promise<void> {
    await this.settle();
    for (;;) {
      const due = this.nearest();
      if (!due || due.ms > untilMs || this.options.clock === 'event') break;
      this.nowMs = Math.max(this.nowMs, due.ms);
      const value = { kind: 'tick', closing: false, source: -1, effectiveMs: 0 } as const;
      this.append(due.partition.stage.input, due.partition.partition, { key: keyOf('', 'workspace', 'tick'), value });
      await this.settle();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** Folds one partition of the only stage over a given log, and returns what came out: no jobs, no passing of time. */
  foldOne(
    partition: number,
    records: readonly LogRecord[],
  ): { readonly folded: SerialPartition; readonly outputs: readonly Emission[] } {
    const folded = this.partitions[partition] as SerialPartition;
    const own = this.records(folded.stage.input, partition);
    const outputs: Emission[] = [];
    this.onAppend = (emission) => outputs.push(emission);
    own.push(...records);
    while (folded.nextOffset < records.length) this.stepNext(folded);
    this.onAppend = undefined;
    return { folded, outputs };
  }

  private nearest(): { readonly ms: number; readonly partition: SerialPartition } | undefined {
    let nearest: { ms: number; partition: SerialPartition } | undefined;
    for (const partition of this.partitions) {
      if (!partition.stage.ownsTicks) continue;
      for (const { document } of partition.documents.values()) {
        const ms = partition.stage.dueMs(document);
        if (ms !== Infinity && (!nearest || ms < nearest.ms)) nearest = { ms, partition };
      }
    }
    return nearest;
  }

  private stepNext(partition: SerialPartition): void {
    const { stage } = partition;
    const record = this.records(stage.input, partition.partition)[partition.nextOffset] as LogRecord;
    const advanced = stage.advance?.(partition.state, record, partition.logTimeMs) ?? record.stampMs;
    partition.logTimeMs = Math.max(partition.logTimeMs, advanced);
    const cause = { offset: record.offset, stampMs: record.stampMs, logTimeMs: partition.logTimeMs };
    const key = stage.keyOf(record);
    this.contexts.begin(partition);
    if (key === undefined) this.stepControl(partition, record, cause);
    else if (stage.stepGraph) partition.outcomes.push(stage.stepGraph(record, this.contexts.graph(partition, cause)));
    else this.stepDocument(partition, key, record, cause);
    this.fireDue(partition, cause);
    partition.nextOffset += 1;
  }

  private stepDocument(partition: SerialPartition, key: Key, record: LogRecord, cause: Cause_): void {
    const { stage } = partition;
    const held = this.contexts.document(partition, key);
    const own = stage.ownTimeMs?.(record, cause.logTimeMs) ?? cause.logTimeMs;
    this.fire(partition, key, held, cause, cause.logTimeMs);
    if (own > cause.logTimeMs) this.fire(partition, key, held, { ...cause, logTimeMs: own }, own);
    partition.outcomes.push(stage.step(held.document, record, this.contexts.step(partition, key, cause)));
    held.lastOffset = record.offset;
  }

  private stepControl(partition: SerialPartition, record: LogRecord, cause: Cause_): void {
    const { stage } = partition;
    this.fireDue(partition, cause);
    for (const { workspace, hash } of stage.definitionsNeededBy?.(record) ?? []) this.contexts.load(stage.name, workspace, hash);
    const context = this.contexts.control(partition, cause);
    stage.control(record, context);
    for (const workspace of context.dueWorkspaces) {
      const prefix = `${keyOf(workspace, 'sender', '').split('/')[0] as string}/`;
      for (const key of [...partition.documents.keys()].filter((candidate) => candidate.startsWith(prefix)).sort()) {
        const held = partition.documents.get(key) as SerialDocument;
        stage.fire(held.document, cause.logTimeMs, this.contexts.forced(partition, cause));
        held.lastOffset = cause.offset;
      }
    }
  }

  private fireDue(partition: SerialPartition, cause: Cause_): void {
    const due: { ms: number; key: Key; held: SerialDocument }[] = [];
    for (const [key, held] of partition.documents) {
      const ms = partition.stage.dueMs(held.document);
      if (ms <= cause.logTimeMs) due.push({ ms, key, held });
    }
    due.sort((a, b) => a.ms - b.ms || (a.key < b.key ? -1 : 1));
    for (const { key, held } of due) {
      this.fire(partition, key, held, cause, cause.logTimeMs);
      held.lastOffset = Math.max(held.lastOffset, cause.offset);
    }
  }

  private fire(partition: SerialPartition, key: Key, held: SerialDocument, cause: Cause_, untilMs: number): void {
    const { stage } = partition;
    while (stage.dueMs(held.document) <= untilMs) {
      const before = stage.dueMs(held.document);
      stage.fire(held.document, untilMs, this.contexts.step(partition, key, cause));
      if (stage.dueMs(held.document) <= before) throw new Error(`stage ${stage.name}: a timer of ${key} did not fire`);
    }
  }

  private async runJobs(): Promise<boolean> {
    let ran = false;
    for (const partition of this.partitions) {
      const jobs: Job[] = [
        ...(partition.stage.partitionJobs?.(partition.state, this.contexts.lookUp(partition.stage.name)) ?? []),
      ];
      for (const [key, { document }] of partition.documents) {
        const job = partition.stage.documentJob?.(document, key);
        if (job) jobs.push(job);
      }
      for (const job of jobs) {
        if (partition.jobsDone.has(job.id)) continue;
        partition.jobsDone.add(job.id);
        ran = true;
        for await (const records of job.run(this.history(partition.partition), new AbortController().signal)) {
          for (const record of records) this.append(partition.stage.input, partition.partition, record);
        }
      }
    }
    return ran;
  }

  private history(partition: number): History {
    const records = (topic: TopicId, part: number): LogRecord[] => this.records(topic, part);
    return {
      partition,
      partitions: (topic) => this.partitionsOf(topic),
      endOffset: (topic, part) => Promise.resolve(records(topic, part).length),

      async *read(topic, part, from, to) {
        const slice = records(topic, part).slice(from, to);
        if (slice.length > 0) yield slice;
      },
    };
  }
}
