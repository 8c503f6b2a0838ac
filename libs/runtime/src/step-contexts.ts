// The contexts that steps get: one reused object per kind, filled in before each call (no allocation per record).
// X1 The index of an output's version restarts with each (document, cause).
// X2 A graph step that asks for a document that is not loaded is repeated from its beginning, with its outputs forgotten.
import { partitionOf } from '@tessera/hash';
import { asUnreadable, keyOf, ownerOf, partsOf, type DeadLetterRecord, type Key, type TopicId } from '@tessera/contracts';
import type { DocumentCache, Entry } from './document-cache.js';
import type { LoopOptions } from './loop-options.js';
import type { Outbox } from './outbox.js';
import type { LogRecord, NewRecord } from './ports.js';
import type { ControlContext, GraphContext, Outcome, StepContext } from './stage.js';

/** A record as a cause. */
export interface Cause {
  readonly offset: number;
  readonly stampMs: number;
  readonly logTimeMs: number;
}

/** Thrown by a graph context; the loop loads the keys and steps again. */
export class NeedDocuments extends Error {
  constructor(readonly keys: readonly Key[]) {
    super('documents are not loaded');
  }
}

/** First index of what a document emits because a control record made it due. */
const FORCED_INDEX = 1 << 20;

/** As base64 in JSON still within what every log takes for a record. */
const ORIGINAL_BYTES_MAX = 4 << 20;

interface Buffered {
  readonly topic: TopicId;
  readonly partition: number;
  readonly record: NewRecord;
}

type MutableContext<Definitions, State> = {
  -readonly [K in keyof StepContext<Definitions, State>]: StepContext<Definitions, State>[K];
};

export class StepContexts<Document, Definitions, State> {
  private readonly compiled = new Map<string, Definitions>();
  private readonly context: MutableContext<Definitions, State>;
  private key: Key | undefined;
  private index = 0;
  private buffered: Buffered[] | undefined;
  private graphChanges = new Map<Key, Entry<Document>>();

  constructor(
    private readonly options: LoopOptions<Document, Definitions, State>,
    private readonly outbox: Outbox,
    private readonly cache: DocumentCache<Document>,
  ) {
    this.context = this.create();
  }

  set state(state: State) {
    this.context.state = state;
  }

  addDefinitions(hash: string, definitions: Definitions): void {
    this.compiled.set(hash, definitions);
  }

  readonly definitions = (workspace: string, hash: string): Definitions => {
    const found = this.compiled.get(hash);
    if (found === undefined) throw new Error(`definition set ${hash} of workspace ${workspace} is not loaded`);
    return found;
  };

  forCause(key: Key, cause: Cause): StepContext<Definitions, State> {
    const { context } = this;
    if (this.key !== key || context.offset !== cause.offset) {
      this.key = key;
      this.index = 0;
    }
    context.offset = cause.offset;
    context.stampMs = cause.stampMs;
    context.logTimeMs = cause.logTimeMs;
    return context;
  }

  /** For documents that a control record made due: numbered apart from the timers which the same record made due. */
  forForced(key: Key, cause: Cause): StepContext<Definitions, State> {
    const context = this.forCause(key, cause);
    this.index = FORCED_INDEX;
    return context;
  }

  forControl(cause: Cause): ControlContext<Definitions, State> & { readonly dueWorkspaces: readonly string[] } {
    const dueWorkspaces: string[] = [];
    this.key = undefined;
    this.index = 0;
    Object.assign(this.context, cause);
    return {
      ...this.context,
      dueWorkspaces,
      makeAllDue: (workspace) => {
        dueWorkspaces.push(workspace);
      },
    };
  }

  forGraph(cause: Cause): GraphContext<Document, Definitions, State> {
    this.key = undefined;
    this.index = 0;
    this.buffered = [];
    this.graphChanges = new Map();
    Object.assign(this.context, cause);
    return {
      ...this.context,
      read: (key) => this.graphEntry(key)?.document,
      change: (key) => {
        const entry = this.graphEntry(key);
        if (!entry || entry.lastOffset >= cause.offset) return undefined;
        this.graphChanges.set(key, entry);
        return entry.document;
      },
    };
  }

  /** The graph step is through: its outputs go out, its changes count. */
  commitGraph(): Iterable<Entry<Document>> {
    const buffered = this.buffered ?? [];
    this.buffered = undefined;
    for (const { topic, partition, record } of buffered) this.context.emit(topic, partition, record);
    return this.graphChanges.values();
  }

  /** Keeps the refused record beside its reason and its place: as read, or its bytes where it could not be read. */
  deadLetter(record: LogRecord, outcome: Outcome & { kind: 'dead-letter' }): void {
    const { stage, partition } = this.options;
    const owner = ownerOf(record.key);
    const unreadable = asUnreadable(record.value);
    const workspace = (record.value as { workspace?: string } | null)?.workspace ?? partsOf(record.key).workspace;
    const whole = unreadable?.original ?? new TextEncoder().encode(JSON.stringify(record.value));
    const original = whole.subarray(0, ORIGINAL_BYTES_MAX);
    const value: DeadLetterRecord = {
      kind: 'deadLetter',
      workspace,
      reason: outcome.reason,
      detail:
        original.length === whole.length
          ? outcome.detail
          : `the first ${String(original.length)} of ${String(whole.length)} bytes: ${outcome.detail}`,
      place: `stage ${stage.name}`,
      topic: stage.input,
      partition,
      offset: record.offset,
      received: new Date(this.context.logTimeMs).toISOString(),
      original,
      contentType: unreadable === undefined ? 'application/json' : 'application/octet-stream',
    };
    const key = keyOf(workspace, 'source', `${stage.input}:${String(partition)}:${String(record.offset)}`);
    const target = partitionOf(owner, this.options.log.partitions('dead-letters'));
    this.context.emit('dead-letters', target, { key, value, timeMs: this.context.logTimeMs });
  }

  private graphEntry(key: Key): Entry<Document> | undefined {
    const entry = this.cache.get(key);
    if (!entry) throw new NeedDocuments([key]);
    return entry;
  }

  private create(): MutableContext<Definitions, State> {
    const { options, outbox } = this;
    return {
      partition: options.partition,
      offset: -1,
      stampMs: 0,
      logTimeMs: 0,
      generation: options.generation,
      state: undefined as State,
      definitions: this.definitions,
      partitions: (topic) => options.log.partitions(topic),
      nextIndex: () => this.index++,
      emit: (topic, partition, record) => {
        options.ledger.outputs += 1;
        if (this.buffered) this.buffered.push({ topic, partition, record });
        else outbox.add(topic, partition, record);
      },
    };
  }
}
