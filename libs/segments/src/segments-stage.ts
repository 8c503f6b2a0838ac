// The segments stage: owner of the profiles of one partition of `fragments`.
//   fragmentChanged, fragmentDetached -> the profile's document (fragment-update, evaluation-pass, profile-outputs)
//   pathRestored                      -> path state folded again after an un-merge (path-pending, path-fold, path-restore)
//   definitionsReady, tick            -> the partition's own state (activation, log-time)
// L1 A record whose version is not newer than its fragment's changes nothing.
// L2 A document is evaluated under the active set of its workspace, or under none: before it is stepped or fired it is brought there.
// L3 An un-merge makes path state pending; memberships that are functions of present values are right at once.
import {
  compareVersions,
  keyOf,
  type FragmentChangedRecord,
  type FragmentDetachedRecord,
  type Key,
  type PathRestoredRecord,
} from '@tessera/contracts';
import { profileId } from '@tessera/hash';
import {
  APPLIED,
  DUPLICATE,
  type ControlContext,
  type DefinitionSource,
  type LogClock,
  type LogRecord,
  type Outcome,
  type Stage,
} from '@tessera/runtime';
import { aheadOf, announce, segmentsPartitionState, type ActiveSet, type SegmentsPartitionState } from './activation.js';
import type { CompiledSet } from './compiled.js';
import type { ChangeReason } from './evaluation-pass.js';
import { advanceLogTime, ownTimeOf } from './log-time.js';
import { pathJob } from './path-fold.js';
import { beginPending, journalled, keepInJournal } from './path-pending.js';
import { restorePath } from './path-restore.js';
import { decodeProfile, encodeProfile } from './profile-codec.js';
import { createProfile, findFragment, type ProfileDocument } from './profile-document.js';
import { ProfileOutputs, type SegmentsContext } from './profile-outputs.js';
import { ProfileSteps, type Circumstance } from './profile-steps.js';
import { indexOf, type SetIndex } from './set-index.js';

export interface SegmentsStageOptions {
  /** Clock of the `fragments` log. */
  readonly clock: LogClock;
  /** For the fold of a profile's history, which may go back to sets that are no longer in force. */
  readonly definitions: DefinitionSource<CompiledSet>;
  /** Names what left a profile without telling who it was. */
  readonly secretOf: (workspace: string) => string;
}

export type SegmentsStage = Stage<ProfileDocument, CompiledSet, SegmentsPartitionState>;

const STALE_VERSION: Outcome = { kind: 'drop', reason: 'stale-version' };
const STALE_BASIS: Outcome = { kind: 'drop', reason: 'stale-basis' };
const SET_SEEN: Outcome = { kind: 'drop', reason: 'set-already-seen' };
const UNREADABLE: Outcome = { kind: 'drop', reason: 'unreadable-record' };

const REASONS: Readonly<Record<string, ChangeReason>> = {
  event: 'conditions',
  expiry: 'expiry',
  moved: 'merged',
  unlinked: 'unlinked',
  backfill: 'definitions',
  definitions: 'definitions',
};

export function createSegmentsStage(options: SegmentsStageOptions): SegmentsStage {
  const { clock } = options;
  const profiles = new Profiles(options);
  return {
    name: 'segments',
    input: 'fragments',
    ownsTicks: true,
    partitionState: segmentsPartitionState,
    keyOf: documentOf,
    create: createProfile,
    encode: encodeProfile,
    decode: decodeProfile,
    dueMs: (document) => document.dueMs,
    step: (document, record, context) => profiles.step(document, record, context),
    fire: (document, untilMs, context) => {
      profiles.fire(document, untilMs, context);
    },
    control: (record, context) => control(clock, record, context),
    advance: (state, record, logTimeMs) => advanceLogTime(clock, state, record, logTimeMs),
    ownTimeMs: ownTimeOf,
    definitionsNeededBy: ({ value }) =>
      value?.kind === 'definitionsReady' ? [{ workspace: value.workspace, hash: value.hash }] : [],
    definitionsInForce: (state) => [...state.active].map(([workspace, { hash }]) => ({ workspace, hash })),
    documentJob: (document) => {
      const { pending } = document;
      return pending === undefined ? undefined : (pending.job ??= pathJob(document, pending, options));
    },
  };
}

function documentOf(record: LogRecord): Key | undefined {
  const kind = record.value?.kind;
  return kind === 'fragmentChanged' || kind === 'fragmentDetached' || kind === 'pathRestored' ? record.key : undefined;
}

function control(clock: LogClock, { value }: LogRecord, context: ControlContext<CompiledSet, SegmentsPartitionState>): Outcome {
  const { state } = context;
  state.sources = context.partitions('events');
  if (value?.kind === 'tick') return APPLIED;
  if (value?.kind !== 'definitionsReady') return UNREADABLE;
  const announcement = announce(state, value, state.sources, clock === 'append' ? context.logTimeMs : undefined);
  if (announcement === 'seen') return SET_SEEN;
  if (announcement === 'duplicate') return DUPLICATE;
  if (announcement === 'complete') {
    const { workspace } = value;
    const { set, hash, effectiveMs } = state.active.get(workspace) as ActiveSet;
    context.makeAllDue(workspace);
    context.emit('definitions', 0, {
      key: keyOf(workspace, 'definition', 'activated', String(set), String(context.partition)),
      value: { kind: 'definitionsActivated', workspace, set, hash, partition: context.partition, effectiveMs },
      timeMs: effectiveMs,
    });
  }
  return APPLIED;
}

class Profiles {
  private readonly outputs = new ProfileOutputs();
  private readonly steps = new ProfileSteps(this.outputs, false);
  /** Reused from step to step. */
  private readonly why: { -readonly [K in keyof Circumstance]: Circumstance[K] } = {
    reason: 'conditions',
    mergedFrom: undefined,
    mergedInto: undefined,
    ahead: 0,
    basis: -1,
  };

  constructor(private readonly options: SegmentsStageOptions) {}

  step(document: ProfileDocument, record: LogRecord, context: SegmentsContext): Outcome {
    const { value } = record;
    this.outputs.context = context;
    if (value?.kind === 'fragmentChanged') return this.changed(document, value, ownTimeOf(record, context.logTimeMs));
    if (value?.kind === 'fragmentDetached') return this.detached(document, value, ownTimeOf(record, context.logTimeMs));
    if (value?.kind === 'pathRestored') return this.restored(document, value);
    return UNREADABLE;
  }

  fire(document: ProfileDocument, untilMs: number, context: SegmentsContext): void {
    this.outputs.context = context;
    this.outputs.record = undefined;
    const active = this.bring(document);
    if (active !== undefined && document.dueMs <= untilMs)
      this.steps.fire(document, this.indexFor(active, document.workspace), untilMs);
  }

  private changed(document: ProfileDocument, record: FragmentChangedRecord, ownTimeMs: number): Outcome {
    const present = findFragment(document, record.fragment);
    if (present !== undefined ? compareVersions(record, present) <= 0 : this.hasLeft(document, record)) return STALE_VERSION;
    const { why } = this;
    const { state } = this.outputs.context;
    const unlinked = record.reason === 'unlinked';
    const active = this.bring(document);
    why.reason = REASONS[record.reason] ?? 'conditions';
    why.mergedFrom = why.reason === 'merged' ? record.fromProfile : undefined;
    why.ahead = aheadOf(state, document.workspace, record.source);
    why.basis = unlinked ? this.outputs.context.offset : -1;
    this.outputs.record = record;
    const { pending } = document;
    if (pending !== undefined && !unlinked) {
      const entry = { kind: 'update', ownTimeMs, effectiveMs: record.effectiveMs, update: journalled(record) } as const;
      if (keepInJournal(pending, entry)) why.basis = this.outputs.context.offset;
    }
    const index = active && this.indexFor(active, document.workspace);
    this.steps.update(document, record, record.effectiveMs, active, index, why);
    return APPLIED;
  }

  private detached(document: ProfileDocument, record: FragmentDetachedRecord, ownTimeMs: number): Outcome {
    const present = findFragment(document, record.fragment);
    if (present !== undefined ? compareVersions(record, present) <= 0 : this.hasLeft(document, record)) return STALE_VERSION;
    const active = this.bring(document);
    const { generation, offset, index } = record;
    (document.departed ??= new Map()).set(this.nameOf(document, record.fragment), { generation, offset, index });
    if (present === undefined) return APPLIED;
    const { why } = this;
    const unlinked = record.reason === 'unlinked';
    why.reason = unlinked ? 'unlinked' : 'merged';
    why.mergedFrom = undefined;
    why.mergedInto = unlinked ? undefined : record.toProfile;
    why.basis = unlinked ? this.outputs.context.offset : -1;
    this.outputs.record = record;
    const { pending } = document;
    if (pending !== undefined && !unlinked) {
      const entry = { kind: 'leave', ownTimeMs, effectiveMs: record.effectiveMs, fragment: record.fragment } as const;
      if (keepInJournal(pending, entry)) why.basis = this.outputs.context.offset;
    }
    this.steps.leave(document, present, record.effectiveMs, active && this.indexFor(active, document.workspace), why);
    why.mergedInto = undefined;
    return APPLIED;
  }

  private restored(document: ProfileDocument, record: PathRestoredRecord): Outcome {
    const { context } = this.outputs;
    const active = this.bring(document);
    const { pending } = document;
    if (pending === undefined || pending.basis !== record.basis || active === undefined) return STALE_BASIS;
    this.outputs.record = undefined;
    const ownTimeMs = Math.max(document.effectiveMs, context.logTimeMs);
    const changes = restorePath(document, pending, record.path, this.indexFor(active, document.workspace), ownTimeMs);
    if (changes.length > 0) this.outputs.tellChanges(document, changes);
    return APPLIED;
  }

  /** Puts the document under the active set of its workspace, if there is one; returns that. */
  private bring(document: ProfileDocument): ActiveSet | undefined {
    const { context } = this.outputs;
    const { workspace } = document;
    const active = context.state.active.get(workspace);
    if (active === undefined || document.set >= active.set || document.fragments.length === 0) return active;
    this.outputs.record = undefined;
    const previous = document.set === 0 ? undefined : indexOf(context.definitions(workspace, document.hash));
    this.steps.switchTo(document, active, this.indexFor(active, workspace), previous);
    // What is under way was folded under the former set: the fold begins again from here.
    if (document.pending !== undefined) beginPending(document, context.offset);
    return active;
  }

  private indexFor(active: ActiveSet, workspace: string): SetIndex {
    return (active.index ??= indexOf(this.outputs.context.definitions(workspace, active.hash)));
  }

  /** True when what left came after this record. */
  private hasLeft(document: ProfileDocument, record: FragmentChangedRecord | FragmentDetachedRecord): boolean {
    if (document.departed === undefined) return false;
    const name = this.nameOf(document, record.fragment);
    const left = document.departed.get(name);
    if (left !== undefined && compareVersions(record, left) <= 0) return true;
    if (record.kind === 'fragmentChanged') document.departed.delete(name);
    if (document.departed.size === 0) document.departed = undefined;
    return false;
  }

  private nameOf(document: ProfileDocument, fragment: string): string {
    return profileId(this.options.secretOf(document.workspace), `departed ${fragment}`);
  }
}
