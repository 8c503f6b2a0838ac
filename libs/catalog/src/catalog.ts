// The catalog: follows the log `definitions` and answers what is in force, by hash, for every stage and service of a process.
// C1 It holds what the log holds and nothing else: two processes that have read the same records answer alike.
// C2 A set that is asked for by hash is waited for: whoever cannot load it stands still, it is never skipped.
// C3 A set is compiled once per process, when it is first asked for.
// C4 `apply` numbers sets and versions. Two processes may apply at once: of two sets with one number the first in the log is the set,
//    for every reader, and whoever wrote the other one numbers again. Their keys differ, so that compaction keeps the first.
// C5 While the log is away it answers what it holds, and follows again when the log is back.
import { keyOf, type DefinitionSetAppliedRecord, type DefinitionStoredRecord, type DefinitionsRecord } from '@tessera/contracts';
import { ActivationTracker } from '@tessera/decisions';
import {
  RetryableError,
  systemClock,
  type Clock,
  type DefinitionSource,
  type EventLog,
  type LogRecord,
  type NewRecord,
  type Part,
} from '@tessera/runtime';
import {
  compileSet,
  EVALUATOR_VERSION,
  hashOfDocument,
  setHash,
  type CompiledSet,
  type DefinitionDocument,
} from '@tessera/segments';

const READ = { records: 1_000, bytes: 4 << 20 };
const RETRY_MS = { first: 50, most: 5_000 };
/** Others applied a set in between, every time. */
const ATTEMPTS_MAX = 10;

export interface AppliedSet {
  readonly set: number;
  readonly hash: string;
  readonly documents: readonly StoredDocument[];
  readonly actor: string;
  readonly note: string;
  readonly appliedMs: number;
}

export interface StoredDocument {
  readonly version: number;
  readonly hash: string;
  readonly document: DefinitionDocument;
}

export interface ApplyOutcome {
  readonly set: number;
  readonly hash: string;
  /** False when the documents are those of the set already applied last. */
  readonly changed: boolean;
}

export class DefinitionCatalog implements Part, DefinitionSource<CompiledSet> {
  readonly name = 'definition catalog';
  /** By name and version, then by hash: two processes may have given one version to different documents. */
  private readonly stored = new Map<string, Map<string, StoredDocument>>();
  private readonly sets = new Map<string, AppliedSet[]>();
  private readonly compiled = new Map<string, CompiledSet>();
  private readonly activation: ActivationTracker;
  private readonly waiting = new Set<() => void>();
  /** Offset in `definitions` that is read next. */
  position = 0;
  private reading: Promise<void> = Promise.resolve();
  private applying: Promise<unknown> = Promise.resolve();
  private unsubscribe: (() => void) | undefined;
  private stopped = false;
  private failure: unknown;
  private readonly stopping = new AbortController();

  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock = systemClock,
  ) {
    this.activation = new ActivationTracker(log.partitions('fragments'));
  }

  async start(): Promise<void> {
    this.position = await this.log.startOffset('definitions', 0);
    this.unsubscribe = this.log.subscribe('definitions', 0, () => {
      this.follow();
    });
    this.follow();
    await this.reading;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.stopping.abort();
    this.unsubscribe?.();
    await this.reading;
    this.changed();
  }

  async load(workspace: string, hash: string): Promise<CompiledSet> {
    await this.until(() => this.applied(workspace, hash) !== undefined);
    return this.compile(workspace, this.applied(workspace, hash) as AppliedSet);
  }

  /** The set that every partition works with; undefined before the first. */
  active(workspace: string): CompiledSet | undefined {
    const active = this.activation.activeSet(workspace);
    const set = active && this.history(workspace).find((one) => one.set === active.set);
    return set && this.compile(workspace, set);
  }

  /** Sets of a workspace in the order they were applied. */
  history(workspace: string): readonly AppliedSet[] {
    return this.sets.get(workspace) ?? [];
  }

  latest(workspace: string): AppliedSet | undefined {
    return this.history(workspace).at(-1);
  }

  /** The documents have been compiled without errors by the caller. Resolves when the set is durable in the log. */
  apply(
    workspace: string,
    documents: readonly DefinitionDocument[],
    by: { actor: string; note: string; nowMs: number },
  ): Promise<ApplyOutcome> {
    const done = this.applying.then(() => this.applyNow(workspace, documents, by));
    this.applying = done.catch(() => undefined);
    return done;
  }

  /** Resolves when every partition works with this set or a later one. */
  async activated(workspace: string, set: number): Promise<void> {
    await this.until(() => (this.activation.activeSet(workspace)?.set ?? 0) >= set);
  }

  private async applyNow(
    workspace: string,
    documents: readonly DefinitionDocument[],
    by: { actor: string; note: string; nowMs: number },
  ): Promise<ApplyOutcome> {
    const hash = setHash(documents);
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const latest = this.latest(workspace);
      if (latest?.hash === hash) return { set: latest.set, hash, changed: false };
      const set = (latest?.set ?? 0) + 1;
      await this.append(workspace, set, hash, documents, by);
      await this.until(() => (this.latest(workspace)?.set ?? 0) >= set);
      if (this.history(workspace).find((one) => one.set === set)?.hash === hash) return { set, hash, changed: true };
    }
    throw new RetryableError(`the definitions of ${workspace} are being changed by others all the time`);
  }

  private async append(
    workspace: string,
    set: number,
    hash: string,
    documents: readonly DefinitionDocument[],
    by: { actor: string; note: string; nowMs: number },
  ): Promise<void> {
    const stored = documents.map((document) => this.versioned(workspace, document));
    const records: NewRecord[] = stored
      .filter(({ document: { kind, metadata }, version, hash: of }) => {
        return this.stored.get(nameOf(workspace, kind, metadata.name, version))?.has(of) !== true;
      })
      .map((one) => storedRecord(workspace, one, by.nowMs));
    records.push(appliedRecord(workspace, set, hash, stored, by));
    await this.log.append('definitions', 0, records);
  }

  /** An unchanged document keeps its version; a changed one gets the next that was never used. */
  private versioned(workspace: string, document: DefinitionDocument): StoredDocument {
    const { kind, metadata } = document;
    const hash = hashOfDocument(document);
    for (let version = 1; ; version++) {
      const known = this.stored.get(nameOf(workspace, kind, metadata.name, version));
      if (known === undefined || known.has(hash)) return { version, hash, document };
    }
  }

  private applied(workspace: string, hash: string): AppliedSet | undefined {
    return this.history(workspace).findLast((set) => set.hash === hash);
  }

  /** By number: documents that were in force before, applied again, are another set of the same hash. */
  private compile(workspace: string, applied: AppliedSet): CompiledSet {
    const name = `${workspace}/${String(applied.set)}`;
    let compiled = this.compiled.get(name);
    if (!compiled) {
      const outcome = compileSet(
        workspace,
        applied.set,
        applied.documents.map(({ document }) => document),
        { versionOf: (document) => applied.documents.find((one) => one.document === document)?.version ?? 1 },
      );
      if (!outcome.ok)
        throw new Error(
          `definition set ${String(applied.set)} of ${workspace} does not compile here: ${outcome.errors[0]?.message ?? ''}`,
        );
      compiled = outcome.set;
      this.compiled.set(name, compiled);
    }
    return compiled;
  }

  private follow(): void {
    this.reading = this.reading
      .then(() => this.readOn())
      .catch((error: unknown) => {
        this.failure = error;
        this.changed();
      });
  }

  /** To the end of the log, however long it takes to come back. */
  private async readOn(): Promise<void> {
    for (let pauseMs = RETRY_MS.first; !this.stopped; pauseMs = Math.min(pauseMs * 2, RETRY_MS.most)) {
      try {
        await this.read();
        return;
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        await this.clock.wait(pauseMs, this.stopping.signal);
      }
    }
  }

  private async read(): Promise<void> {
    while (!this.stopped) {
      const batch = await this.log.read('definitions', 0, this.position, READ);
      for (const record of batch.records) this.fold(record);
      if (batch.nextOffset <= this.position) return;
      this.position = batch.nextOffset;
      this.changed();
    }
  }

  private fold({ value }: LogRecord): void {
    const record = value as DefinitionsRecord | null;
    if (record?.kind === 'definitionStored') {
      const document = record.document as unknown as DefinitionDocument;
      const name = nameOf(record.workspace, record.kindOf, record.name, record.version);
      const ofVersion = this.stored.get(name) ?? new Map<string, StoredDocument>();
      ofVersion.set(record.hash, { version: record.version, hash: record.hash, document });
      this.stored.set(name, ofVersion);
    } else if (record?.kind === 'definitionSetApplied') this.foldSet(record);
    else if (record?.kind === 'definitionsActivated') this.activation.apply(record);
  }

  private foldSet(record: DefinitionSetAppliedRecord): void {
    const sets = this.sets.get(record.workspace) ?? [];
    if ((sets.at(-1)?.set ?? 0) >= record.set) return;
    const documents = record.definitions.map((ref) => {
      const found = this.stored.get(nameOf(record.workspace, ref.kindOf, ref.name, ref.version))?.get(ref.hash);
      if (!found)
        throw new Error(
          `definitions: set ${String(record.set)} of ${record.workspace} names ${ref.kindOf}/${ref.name} version ${String(ref.version)}, which is not in the log`,
        );
      return found;
    });
    sets.push({
      set: record.set,
      hash: record.hash,
      documents,
      actor: record.actor,
      note: record.note,
      appliedMs: record.appliedMs,
    });
    this.sets.set(record.workspace, sets);
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.failure !== undefined) throw this.failure;
      if (this.stopped) throw new RetryableError('the definition catalog is stopped');
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  private changed(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const wake of waiting) wake();
  }
}

function nameOf(workspace: string, kind: string, name: string, version: number): string {
  return keyOf(workspace, 'definition', kind, name, String(version));
}

function storedRecord(workspace: string, { document, version, hash }: StoredDocument, nowMs: number): NewRecord {
  const value: DefinitionStoredRecord = {
    kind: 'definitionStored',
    workspace,
    kindOf: document.kind,
    name: document.metadata.name,
    version,
    hash,
    document: document as unknown as Record<string, unknown>,
  };
  const key = keyOf(workspace, 'definition', document.kind, document.metadata.name, String(version), hash);
  return { key, value, timeMs: nowMs };
}

function appliedRecord(
  workspace: string,
  set: number,
  hash: string,
  stored: readonly StoredDocument[],
  by: { actor: string; note: string; nowMs: number },
): NewRecord {
  const value: DefinitionSetAppliedRecord = {
    kind: 'definitionSetApplied',
    workspace,
    set,
    hash,
    evaluator: EVALUATOR_VERSION,
    definitions: stored.map(({ document, version, hash: of }) => ({
      kindOf: document.kind,
      name: document.metadata.name,
      version,
      hash: of,
    })),
    actor: by.actor,
    note: by.note,
    appliedMs: by.nowMs,
  };
  return { key: keyOf(workspace, 'definition', 'set', String(set), hash), value, timeMs: by.nowMs };
}
