// One incarnation of one partition of one stage: from its partition document to a failure, a stop, or the end of time.
// The order of effects, which every file of the runtime serves:
//   read a batch -> step every record -> append the outputs in input order -> at a checkpoint write the changed documents,
//   then the partition's own document.
// L1 No document is written before every output it has caused is acknowledged.
// L2 The partition document never passes an offset with due timers outstanding, and is written last.
// L3 A record at or below a document's lastOffset changes nothing and emits nothing.
// L4 Timers and records of one key have one order: own due timers first; a timer carries the offset and the log time of the
//    first record that made it due, whenever its slice runs.
// L5 Nothing depends on where a batch, a slice or a checkpoint ends.
// L6 Whatever the world does wrong ends this incarnation; memory is thrown away and the next one starts from the store.
import { keyOf, type Key } from '@tessera/contracts';
import { Checkpointer } from './checkpointer.js';
import { DocumentCache, type Entry } from './document-cache.js';
import { DocumentLoader } from './document-loader.js';
import { JobRunner } from './job-runner.js';
import type { LoopOptions } from './loop-options.js';
import { Outbox } from './outbox.js';
import type { LogRecord } from './ports.js';
import { outcomeOf, type DefinitionName, type Outcome } from './stage.js';
import { NeedDocuments, StepContexts, type Cause } from './step-contexts.js';
import { refuseStampsAhead } from './stamp-ahead-error.js';
import { TimerIndex } from './timer-index.js';

const TICK_KEY = keyOf('', 'workspace', 'tick');

export class PartitionRun<Document, Definitions, State> {
  readonly cache: DocumentCache<Document>;
  readonly timers = new TimerIndex();
  readonly outbox: Outbox;
  private readonly contexts: StepContexts<Document, Definitions, State>;
  private readonly loader: DocumentLoader<Document, Definitions, State>;
  private readonly checkpointer: Checkpointer<Document, Definitions, State>;
  private readonly jobs: JobRunner<Document, Definitions, State>;
  /** Moments at which log time rose while timers were due: a timer belongs to the first mark that reached it. */
  private marks: Cause[] = [];
  private nextOffset = 0;
  private logTimeMs = -Infinity;
  private state!: State;
  private tickedForMs = -Infinity;
  /** Everything read is stepped, written and acknowledged; nothing is due. */
  idling = false;
  private wakeUp: AbortController | undefined;
  private woken = false;

  constructor(
    private readonly options: LoopOptions<Document, Definitions, State>,
    private readonly stopping: AbortSignal,
  ) {
    this.cache = new DocumentCache(options.limits.cachedDocuments);
    this.outbox = new Outbox(options.log, options.limits.outboxRecords);
    this.contexts = new StepContexts(options, this.outbox, this.cache);
    this.loader = new DocumentLoader(options, this.cache, (entry) => {
      this.schedule(entry);
    });
    this.checkpointer = new Checkpointer(options, this.cache, this.outbox);
    this.jobs = new JobRunner(options, stopping);
  }

  /** Offset that the next record read will have; everything before it is stepped. */
  get position(): { readonly nextOffset: number; readonly logTimeMs: number } {
    return { nextOffset: this.nextOffset, logTimeMs: this.logTimeMs };
  }

  /** Runs until stopped; rejects with what the world did wrong. A stop drains, writes and commits first. */
  async run(): Promise<void> {
    const { stage, partition, log, limits } = this.options;
    await this.restore();
    const unsubscribe = log.subscribe(stage.input, partition, this.wake);
    this.stopping.addEventListener('abort', this.wake);
    try {
      while (!this.stopping.aborted) {
        this.jobs.check();
        this.woken = false;
        const batch = await log.read(stage.input, partition, this.nextOffset, {
          records: limits.batchRecords,
          bytes: limits.batchBytes,
        });
        if (batch.records.length > 0) await this.stepBatch(batch.records);
        if (batch.nextOffset > this.nextOffset) this.nextOffset = batch.nextOffset;
        if (batch.records.length === 0) await this.idle();
        else {
          this.outbox.send();
          if (this.checkpointer.isDue(this.nextOffset)) await this.checkpoint();
          await this.options.clock.wait(0);
        }
      }
      await this.checkpoint();
      await this.checkpointer.settled();
    } finally {
      unsubscribe();
      this.stopping.removeEventListener('abort', this.wake);
      await this.jobs.stop();
    }
  }

  private async restore(): Promise<void> {
    const { stage, partition, store } = this.options;
    const space = { stage: stage.name, partition };
    const stored = await store.loadPartition(space);
    this.nextOffset = stored?.nextOffset ?? (await this.options.log.startOffset(stage.input, partition));
    this.logTimeMs = stored?.logTimeMs ?? -Infinity;
    this.state = stored ? stage.partitionState.decode(stored.bytes) : stage.partitionState.create();
    this.contexts.state = this.state;
    this.checkpointer.startFrom(this.nextOffset);
    await this.loadDefinitions(stage.definitionsInForce?.(this.state));
    for await (const chunk of store.scanDue(space)) {
      for (const { key, dueMs, jobOwed } of chunk) {
        if (dueMs !== Infinity) this.timers.add(dueMs, key);
        if (jobOwed) this.jobs.owe((await this.loader.entryOf(key)).document, key);
      }
    }
    this.jobs.oweForPartition(this.state, this.contexts.definitions);
  }

  private async stepBatch(records: readonly LogRecord[]): Promise<void> {
    refuseStampsAhead(this.options, records);
    const { stage } = this.options;
    let entries = await this.loader.prefetch(records);
    for (let i = 0; i < records.length; i++) {
      const record = records[i] as LogRecord;
      if (record.offset < this.nextOffset) continue;
      const cause = this.advance(record);
      const entry = entries[i];
      let madeDue = false;
      if (entry) this.stepDocument(entry, record, cause);
      else if (stage.keyOf(record) === undefined) {
        madeDue = await this.stepControl(record, cause);
      } else await this.stepGraph(record, cause);
      this.nextOffset = record.offset + 1;
      this.options.ledger.read += 1;
      // What made every document due may have dropped some from memory.
      if (madeDue) entries = await this.loader.prefetch(records);
      if (this.timers.nearestMs <= this.logTimeMs) {
        const left = this.fireHeld(this.options.limits.timersPerSlice);
        if (left > 0 && this.timers.nearestMs <= this.logTimeMs) await this.fireSlice(left);
      }
      if (this.marks.length > 0 && this.timers.nearestMs > this.logTimeMs) this.marks.length = 0;
      if (this.outbox.full) await this.outbox.room();
      if (this.checkpointer.mustBegin()) await this.checkpoint();
    }
    this.cache.trim();
  }

  /** Moves log time; it never goes back. */
  private advance(record: LogRecord): Cause {
    const { stage } = this.options;
    const time = stage.advance
      ? Math.max(this.logTimeMs, stage.advance(this.state, record, this.logTimeMs))
      : Math.max(this.logTimeMs, record.stampMs);
    const cause: Cause = { offset: record.offset, stampMs: record.stampMs, logTimeMs: time };
    if (time > this.logTimeMs) {
      this.logTimeMs = time;
      if (this.timers.nearestMs <= time || this.marks.length > 0) this.marks.push(cause);
    }
    return cause;
  }

  private stepDocument(entry: Entry<Document>, record: LogRecord, cause: Cause): void {
    const { stage, ledger } = this.options;
    if (entry.lastOffset >= record.offset) {
      ledger.replayed += 1;
      return;
    }
    const ownTime = stage.ownTimeMs?.(record, this.logTimeMs) ?? this.logTimeMs;
    if (entry.dueMs <= ownTime) this.fireEntry(entry, { ...cause, logTimeMs: Math.max(ownTime, cause.logTimeMs) });
    const outcome = stage.step(entry.document, record, this.contexts.forCause(entry.key, cause));
    entry.dueMs = stage.dueMs(entry.document);
    this.account(outcome, record);
    this.fireWhatIsPast(entry, cause);
    this.changed(entry, record.offset);
  }

  /** A record that comes late may leave a timer that is due already: it belongs to this very record. */
  private fireWhatIsPast(entry: Entry<Document>, cause: Cause): void {
    const { stage, ledger } = this.options;
    if (entry.dueMs > this.logTimeMs) return;
    stage.fire(entry.document, this.logTimeMs, this.contexts.forCause(entry.key, cause));
    ledger.timersFired += 1;
    entry.dueMs = stage.dueMs(entry.document);
    if (entry.dueMs <= this.logTimeMs) throw new Error(`stage ${stage.name}: a due timer of a document did not fire`);
  }

  private async stepGraph(record: LogRecord, cause: Cause): Promise<void> {
    const { stage } = this.options;
    for (;;) {
      const context = this.contexts.forGraph(cause);
      try {
        const outcome = stage.stepGraph?.(record, context) as Outcome;
        for (const entry of this.contexts.commitGraph()) {
          entry.dueMs = stage.dueMs(entry.document);
          this.changed(entry, record.offset);
        }
        this.account(outcome, record);
        return;
      } catch (error) {
        if (!(error instanceof NeedDocuments)) throw error;
        await this.loader.load(error.keys);
      }
    }
  }

  /** A control record waits until no timer is due. True when it made documents due. */
  private async stepControl(record: LogRecord, cause: Cause): Promise<boolean> {
    const { stage, ledger } = this.options;
    while (this.timers.nearestMs <= this.logTimeMs) await this.fireSlice(this.options.limits.timersPerSlice);
    await this.loadDefinitions(stage.definitionsNeededBy?.(record));
    const context = this.contexts.forControl(cause);
    const outcome = outcomeOf(stage.control(record, context), record);
    for (const workspace of context.dueWorkspaces) await this.fireAll(workspace, cause);
    if (outcome.kind === 'dead-letter') this.account(outcome, record);
    else ledger.countControl(outcome);
    this.jobs.oweForPartition(this.state, this.contexts.definitions);
    return context.dueWorkspaces.length > 0;
  }

  private async loadDefinitions(names: readonly DefinitionName[] = []): Promise<void> {
    for (const { workspace, hash } of names)
      this.contexts.addDefinitions(hash, await this.options.definitions.load(workspace, hash));
  }

  /** Fires up to `count` entries that are due, as far as their documents are held. Returns how many of the count are left. */
  private fireHeld(count: number): number {
    const { timers } = this;
    for (let left = count; left > 0; left--) {
      const dueMs = timers.nearestMs;
      if (dueMs > this.logTimeMs) return left;
      const entry = this.cache.get(timers.nearestKey);
      if (!entry) return left;
      timers.pop();
      this.firePopped(entry, dueMs);
    }
    return 0;
  }

  /** Fires up to `count` entries that are due; the rest follow between the next records. */
  private async fireSlice(count: number): Promise<void> {
    const keys: Key[] = [];
    const hints: number[] = [];
    while (keys.length < count && this.timers.nearestMs <= this.logTimeMs) {
      hints.push(this.timers.nearestMs);
      keys.push(this.timers.pop());
    }
    await this.loader.load(keys);
    for (let i = 0; i < keys.length; i++) this.firePopped(await this.loader.entryOf(keys[i] as Key), hints[i] as number);
    if (this.timers.nearestMs > this.logTimeMs) this.marks.length = 0;
    if (this.outbox.full) await this.outbox.room();
  }

  /** An entry of the timer index; a stale one does nothing. */
  private firePopped(entry: Entry<Document>, dueMs: number): void {
    if (entry.scheduledMs !== dueMs) return;
    entry.scheduledMs = Infinity;
    this.fireEntry(entry, undefined);
    this.schedule(entry);
  }

  /** All due timers of a document, each group under the record that made it due. `last` stands for the record being stepped. */
  private fireEntry(entry: Entry<Document>, last: Cause | undefined): void {
    const { stage, ledger } = this.options;
    const until = last?.logTimeMs ?? this.logTimeMs;
    for (let due = entry.dueMs; due <= until;) {
      const cause = this.markOf(due) ?? last;
      if (!cause) throw new Error(`stage ${stage.name}: no record made a timer due`);
      stage.fire(entry.document, Math.min(cause.logTimeMs, until), this.contexts.forCause(entry.key, cause));
      ledger.timersFired += 1;
      const next = (entry.dueMs = stage.dueMs(entry.document));
      this.changed(entry, Math.max(entry.lastOffset, cause === last ? cause.offset - 1 : cause.offset));
      if (next <= due && next <= cause.logTimeMs) throw new Error(`stage ${stage.name}: a due timer of a document did not fire`);
      due = next;
    }
  }

  private markOf(dueMs: number): Cause | undefined {
    for (const mark of this.marks) if (mark.logTimeMs >= dueMs) return mark;
    return undefined;
  }

  /** Every document of a workspace, in slices: the store's in key order, then those that only memory has. */
  private async fireAll(workspace: string, cause: Cause): Promise<void> {
    const { stage, partition, store } = this.options;
    // A document whose write is under way may be missing in the scan, and be dropped from memory before its turn.
    await this.checkpointer.settled();
    const prefix = keyOf(workspace, 'sender', '').split('/')[0] as string;
    const seen = new Set<Key>();
    for await (const chunk of store.scan({ stage: stage.name, partition })) {
      const keys = chunk.map((document) => document.key).filter((key) => key.startsWith(`${prefix}/`));
      await this.fireForced(keys, cause, seen);
    }
    const held = [...this.cache.keys()].filter((key) => key.startsWith(`${prefix}/`) && !seen.has(key)).sort();
    await this.fireForced(held, cause, seen);
  }

  /** A document that is at this very offset has fired its due timers under it; a stage fires nothing for a set it is under. */
  private async fireForced(keys: readonly Key[], cause: Cause, seen: Set<Key>): Promise<void> {
    const { stage, limits } = this.options;
    for (let at = 0; at < keys.length; at += limits.timersPerSlice) {
      const slice = keys.slice(at, at + limits.timersPerSlice);
      await this.loader.load(slice);
      for (const key of slice) {
        seen.add(key);
        const entry = this.cache.get(key);
        if (!entry || entry.lastOffset < 0 || entry.lastOffset > cause.offset) continue;
        stage.fire(entry.document, cause.logTimeMs, this.contexts.forForced(key, cause));
        entry.dueMs = stage.dueMs(entry.document);
        this.changed(entry, cause.offset);
      }
      if (this.outbox.full) await this.outbox.room();
      this.cache.trim();
      await this.options.clock.wait(0);
    }
  }

  private changed(entry: Entry<Document>, lastOffset: number): void {
    entry.lastOffset = lastOffset;
    this.cache.markDirty(entry);
    this.schedule(entry);
    if (this.options.stage.documentJob) this.jobs.owe(entry.document, entry.key);
  }

  private schedule(entry: Entry<Document>): void {
    const { dueMs } = entry;
    if (dueMs >= entry.scheduledMs || dueMs === Infinity) return;
    entry.scheduledMs = dueMs;
    this.timers.add(dueMs, entry.key);
  }

  private account(stepped: Outcome, record: LogRecord): void {
    const outcome = outcomeOf(stepped, record);
    this.options.ledger.count(outcome);
    if (outcome.kind === 'dead-letter') this.contexts.deadLetter(record, outcome);
  }

  private async idle(): Promise<void> {
    const { clock, limits } = this.options;
    this.outbox.send();
    while (this.timers.nearestMs <= this.logTimeMs) await this.fireSlice(limits.timersPerSlice);
    if (this.woken || this.stopping.aborted) return;
    // The Tick comes before a write: no timer waits for the disk.
    const now = clock.nowMs();
    const tickInMs = this.tickAtMs() - now;
    if (tickInMs <= 0) return this.tick(now);
    if (this.checkpointer.writing) {
      // A record that comes meanwhile is not kept waiting.
      void this.checkpointer.settled().then(this.wake, this.wake);
      return this.pause(tickInMs);
    }
    if (this.checkpointer.pending(this.nextOffset)) {
      const writeInMs = this.checkpointer.idlePauseMs();
      await this.pause(Math.min(writeInMs, tickInMs));
      if (tickInMs < writeInMs || (this.woken && !this.checkpointer.isDue(this.nextOffset))) return;
      return this.checkpoint();
    }
    await this.checkpointer.settled();
    if (this.woken || this.stopping.aborted) return;
    this.idling = true;
    await this.pause(tickInMs);
    this.idling = false;
  }

  /** When the next Tick is owed; Infinity for a stage that appends none. */
  private tickAtMs(): number {
    const { stage, log } = this.options;
    return stage.ownsTicks && log.clock === 'append' ? Math.max(this.timers.nearestMs, this.tickedForMs) : Infinity;
  }

  /** Appends a Tick to the own input: the wall clock has passed a due time and no record has come. */
  private async tick(now: number): Promise<void> {
    const { stage, partition, log, ledger, limits } = this.options;
    ledger.ticksAppended += 1;
    this.tickedForMs = now + limits.tickPauseMs;
    const value = { kind: 'tick', closing: false, source: -1, effectiveMs: 0 } as const;
    await log.append(stage.input, partition, [{ key: TICK_KEY, value, timeMs: now }]);
  }

  private async pause(ms: number): Promise<void> {
    if (this.woken || this.stopping.aborted || this.jobs.failure !== undefined) return;
    this.wakeUp = new AbortController();
    this.jobs.onFailure = this.wake;
    await this.options.clock.wait(ms, this.wakeUp.signal);
    this.wakeUp = undefined;
  }

  private readonly wake = (): void => {
    this.woken = true;
    // With a reason of ours: without one each wake makes a DOMException and its stack, 4 % of a system at a hundred events a second.
    this.wakeUp?.abort('woken');
  };

  private async checkpoint(): Promise<void> {
    while (this.timers.nearestMs <= this.logTimeMs) await this.fireSlice(this.options.limits.timersPerSlice);
    await this.checkpointer.checkpoint(this.nextOffset, this.logTimeMs, this.state);
  }
}
