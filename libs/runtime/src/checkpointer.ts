// Checkpoints: when they begin, what they write, in which order.
// K1 The outputs of everything stepped are acknowledged before a document is encoded for writing.
// K2 The partition document is written after all documents of the checkpoint are.
// K3 Documents are encoded at one position of the log; stepping goes on while they are written, and one checkpoint is under way
//    at a time: the next one waits for it, and records wait only where dirty memory or the replay budget is used up.
// K4 A stage that gets little writes little: between two records it writes after `idleMs`, and no more often than every
//    `IDLE_WRITES_APART` of them. Else a thousand events a second are a thousand small checkpoints in every stage.
// K5 A stage that gets much, in pieces with pauses between them, is under load and not idle: the more documents a write has, the longer
//    it waits, up to the replay budget, so that a busy document is written once. It is idle when nothing came for `QUIET_PAUSES`.
import type { DocumentCache, Entry } from './document-cache.js';
import type { LoopOptions } from './loop-options.js';
import type { Outbox } from './outbox.js';
import type { StateDocument } from './ports.js';

const IDLE_WRITES_APART = 20;
const QUIET_PAUSES = 50;
/** Longer wait per document that a write has: so from 50 documents a second and partition on, the replay budget decides. */
const DOCUMENT_MS = 20;

export class Checkpointer<Document, Definitions, State> {
  private writtenOffset = 0;
  private beganMs: number | undefined;
  private lastBeganMs = -Infinity;
  private busy = false;
  private underWay: Promise<void> = Promise.resolve();
  private failure: unknown;

  constructor(
    private readonly options: LoopOptions<Document, Definitions, State>,
    private readonly cache: DocumentCache<Document>,
    private readonly outbox: Outbox,
  ) {}

  startFrom(offset: number): void {
    this.writtenOffset = offset;
  }

  /** A checkpoint is being written. */
  get writing(): boolean {
    return this.busy;
  }

  /** There is something that a checkpoint would write. */
  pending(nextOffset: number): boolean {
    return nextOffset > this.writtenOffset || this.cache.dirtyCount > 0;
  }

  /** The replay budget is used up. The clock decides only when state is written, never what is in it. */
  isDue(nextOffset: number): boolean {
    if (this.failure !== undefined) throw this.failure;
    const { limits, clock } = this.options;
    if (!this.pending(nextOffset)) return false;
    const now = clock.nowMs();
    this.beganMs ??= now;
    if (nextOffset - this.writtenOffset >= limits.checkpointRecords || this.mustBegin()) return true;
    return !this.busy && now - this.beganMs >= limits.checkpointMs;
  }

  /** How long a stage that has nothing to read still waits before it writes. */
  idlePauseMs(): number {
    const { limits, clock } = this.options;
    const apartMs = Math.min(
      Math.max(IDLE_WRITES_APART * limits.idleMs, DOCUMENT_MS * this.cache.dirtyCount),
      limits.checkpointMs,
    );
    const leftMs = this.lastBeganMs + apartMs - clock.nowMs();
    return Math.max(limits.idleMs, Math.min(leftMs, QUIET_PAUSES * limits.idleMs));
  }

  /** Dirty memory is at its bound: no further record before a checkpoint. */
  mustBegin(): boolean {
    return this.cache.dirtyCount >= this.options.limits.checkpointDocuments;
  }

  async checkpoint(nextOffset: number, logTimeMs: number, state: State): Promise<void> {
    await this.settled();
    if (!this.pending(nextOffset)) return;
    await this.outbox.drained();
    const { stage, ledger } = this.options;
    const entries = this.cache.takeDirty();
    const documents = entries.map((entry) => this.encode(entry));
    const partition = { nextOffset, logTimeMs, bytes: stage.partitionState.encode(state) };
    this.writtenOffset = nextOffset;
    this.beganMs = undefined;
    this.lastBeganMs = this.options.clock.nowMs();
    ledger.checkpoints += 1;
    this.busy = true;
    this.underWay = this.write(documents, partition).then(
      () => {
        this.cache.flushed(entries);
        this.busy = false;
      },
      (error: unknown) => {
        this.failure = error;
        this.busy = false;
      },
    );
  }

  /** The checkpoint under way is written; rejects if it failed. */
  async settled(): Promise<void> {
    await this.underWay;
    if (this.failure !== undefined) throw this.failure;
  }

  private async write(
    documents: readonly StateDocument[],
    partition: Parameters<LoopOptions<Document, Definitions, State>['store']['writePartition']>[1],
  ): Promise<void> {
    const { store, stage, limits, ledger } = this.options;
    const space = { stage: stage.name, partition: this.options.partition };
    for (let at = 0; at < documents.length; at += limits.writeDocuments) {
      ledger.writesRefused += await store.write(space, documents.slice(at, at + limits.writeDocuments));
    }
    ledger.documentsWritten += documents.length;
    await store.writePartition(space, partition);
  }

  private encode(entry: Entry<Document>): StateDocument {
    const { stage } = this.options;
    return {
      key: entry.key,
      lastOffset: entry.lastOffset,
      dueMs: entry.dueMs,
      jobOwed: stage.documentJob?.(entry.document, entry.key) !== undefined,
      bytes: stage.encode(entry.document),
    };
  }
}
