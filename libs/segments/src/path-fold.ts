// The job that folds a profile's history again: its path state as if its present fragments had always been in it.
// H1 The result is a function of the log alone: for each fragment the records up to the version it had at the basis, to
//    whatever profile they were addressed, and the sets that this partition had activated by then.
// H2 Order: sets by the partition's own log, then (effective time, source, generation, offset, index); a fragment's own records
//    stay in the order of their versions. Records of other partitions stand before or after an activation by their stamps.
// H3 A fragment's owner tells the profile that it leaves and the one that it joins in one step. Where the second is there and
//    the first is not yet, the log is incomplete: the job fails as the world's fault and is done again.
// H4 It ends with one PathRestored in the own partition, and appends none where one with this basis is there already.
import {
  keyOf,
  compareVersions,
  type FragmentChangedRecord,
  type FragmentDetachedRecord,
  type Key,
  type PathRestoredRecord,
  type Version,
} from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import {
  RetryableError,
  type DefinitionSource,
  type History,
  type Job,
  type LogClock,
  type LogRecord,
  type NewRecord,
} from '@tessera/runtime';
import { announce, segmentsPartitionState, type ActiveSet } from './activation.js';
import type { CompiledSet } from './compiled.js';
import { advanceLogTime, ownTimeOf } from './log-time.js';
import type { PendingPath } from './path-pending.js';
import { SHADOW, shadowSteps } from './path-restore.js';
import { encodeProfile } from './profile-codec.js';
import { createProfile, type ProfileDocument } from './profile-document.js';
import { indexOf, type SetIndex } from './set-index.js';

export interface FoldOptions {
  readonly clock: LogClock;
  readonly definitions: DefinitionSource<CompiledSet>;
}

/** A fragment's record with its place in the order. */
interface Told {
  readonly record: FragmentChangedRecord;
  readonly ownTimeMs: number;
  /** Number of sets that were active before it. */
  epoch: number;
  effectiveMs: number;
}

interface Activation extends ActiveSet {
  readonly offset: number;
  readonly stampMs: number;
  readonly ownTimeMs: number;
}

interface Found {
  readonly activations: Activation[];
  readonly told: {
    readonly log: LogRecord;
    readonly partition: number;
    readonly record: FragmentChangedRecord;
    readonly ownTimeMs: number;
  }[];
  /** `fragment generation offset` of each departure. */
  readonly departures: Set<string>;
  /** Partitions whose beginning is beyond retention. */
  readonly trimmed: Set<number>;
  done: boolean;
}

export function pathJob(document: ProfileDocument, pending: PendingPath, options: FoldOptions): Job {
  const { key, workspace, profile } = document;
  const { basis, effectiveMs, versions } = pending;
  const owed = { key, workspace, profile, basis, effectiveMs, versions };
  return { id: `path ${key} ${String(basis)}`, run: (history, signal) => fold(owed, options, history, signal) };
}

type Owed = Pick<PendingPath, 'basis' | 'effectiveMs' | 'versions'> & Pick<ProfileDocument, 'key' | 'workspace' | 'profile'>;

async function* fold(
  owed: Owed,
  options: FoldOptions,
  history: History,
  signal: AbortSignal,
): AsyncGenerator<readonly NewRecord[]> {
  const found: Found = { activations: [], told: [], departures: new Set(), trimmed: new Set(), done: false };
  for (let partition = 0; partition < history.partitions('fragments'); partition++) {
    await collect(owed, options, history, partition, found);
    if (signal.aborted || found.done) return;
  }
  requireDepartures(owed, found, history.partitions('fragments'));
  const indexes: SetIndex[] = [];
  for (const { hash } of found.activations) indexes.push(indexOf(await options.definitions.load(owed.workspace, hash)));
  const shadow = foldRecords(owed, inOrder(found, history.partition), found.activations, indexes);
  const { workspace, profile, basis } = owed;
  const value: PathRestoredRecord = { kind: 'pathRestored', workspace, profile, basis, path: encodeProfile(shadow) };
  yield [{ key: owed.key, value, timeMs: owed.effectiveMs }];
}

async function collect(owed: Owed, options: FoldOptions, history: History, partition: number, found: Found): Promise<void> {
  const state = segmentsPartitionState.create();
  state.sources = history.partitions('events');
  const own = partition === history.partition;
  let logTimeMs = -Infinity;
  let first = true;
  for await (const records of history.read('fragments', partition, 0, await history.endOffset('fragments', partition))) {
    if (first && (records[0] as LogRecord).offset > 0) found.trimmed.add(partition);
    first = false;
    for (const log of records) {
      logTimeMs = Math.max(logTimeMs, advanceLogTime(options.clock, state, log, logTimeMs));
      const record = log.value;
      if (record?.kind === 'fragmentChanged') {
        if (isOwed(owed, record)) found.told.push({ log, partition, record, ownTimeMs: ownTimeOf(log, logTimeMs) });
      } else if (record?.kind === 'fragmentDetached') {
        if (isOwed(owed, record)) found.departures.add(departure(record));
      } else if (record?.kind === 'pathRestored') {
        if (own && log.key === owed.key && record.basis === owed.basis) found.done = true;
      } else if (record?.kind === 'definitionsReady' && own && log.offset <= owed.basis && record.workspace === owed.workspace) {
        if (announce(state, record, state.sources, options.clock === 'append' ? logTimeMs : undefined) !== 'complete') continue;
        const active = state.active.get(owed.workspace) as ActiveSet;
        found.activations.push({ ...active, offset: log.offset, stampMs: log.stampMs, ownTimeMs: logTimeMs });
      }
    }
  }
}

/** A record of a fragment that was present at the basis, not newer than it was known there. */
function isOwed(owed: Owed, record: FragmentChangedRecord | FragmentDetachedRecord): boolean {
  const version = owed.versions.get(record.fragment);
  return version !== undefined && record.workspace === owed.workspace && compareVersions(record, version) <= 0;
}

function requireDepartures(owed: Owed, found: Found, partitions: number): void {
  for (const { record } of found.told) {
    const from = record.fromProfile;
    if (from === undefined || from === record.profile || found.departures.has(departure(record))) continue;
    const key: Key = keyOf(owed.workspace, 'profile', from);
    if (found.trimmed.has(partitionOf(key, partitions))) continue;
    throw new RetryableError(`the history of ${owed.key} is not complete yet: a fragment's departure from ${from} is missing`);
  }
}

function departure({ fragment, generation, offset }: FragmentChangedRecord | FragmentDetachedRecord): string {
  return `${fragment} ${String(generation)} ${String(offset)}`;
}

function inOrder(found: Found, ownPartition: number): readonly Told[] {
  const byFragment = new Map<string, Told[]>();
  for (const { log, partition, record, ownTimeMs } of found.told) {
    const isAfter = ({ offset, stampMs, effectiveMs }: Activation): boolean =>
      partition === ownPartition
        ? log.offset > offset
        : log.stampMs > stampMs || (log.stampMs === stampMs && record.effectiveMs >= effectiveMs);
    const told: Told = { record, ownTimeMs, epoch: found.activations.filter(isAfter).length, effectiveMs: record.effectiveMs };
    const others = byFragment.get(record.fragment);
    if (others) others.push(told);
    else byFragment.set(record.fragment, [told]);
  }
  return [...byFragment.values()].flatMap(inVersionOrder).sort(byPlace);
}

/** A fragment's records by version, each once, none placed before the one that it follows. */
function inVersionOrder(told: Told[]): readonly Told[] {
  told.sort((a, b) => compareVersions(a.record, b.record));
  const once = told.filter((each, i) => i === 0 || compareVersions((told[i - 1] as Told).record, each.record) < 0);
  for (let i = 1; i < once.length; i++) {
    const [before, each] = [once[i - 1] as Told, once[i] as Told];
    each.epoch = Math.max(each.epoch, before.epoch);
    each.effectiveMs = Math.max(each.effectiveMs, before.effectiveMs);
  }
  return once;
}

function byPlace(a: Told, b: Told): number {
  return (
    a.epoch - b.epoch ||
    a.effectiveMs - b.effectiveMs ||
    a.record.source - b.record.source ||
    compareVersions(a.record satisfies Version, b.record) ||
    (a.record.fragment < b.record.fragment ? -1 : 1)
  );
}

function foldRecords(
  owed: Owed,
  told: readonly Told[],
  activations: readonly Activation[],
  indexes: readonly SetIndex[],
): ProfileDocument {
  const shadow = createProfile(owed.key);
  const steps = shadowSteps();
  let epoch = 0;
  const fireUntil = (untilMs: number): void => {
    const index = indexes[epoch - 1];
    if (index !== undefined && shadow.fragments.length > 0) steps.fire(shadow, index, untilMs);
  };
  const enterEpoch = (next: number): void => {
    for (; epoch < next; epoch++) {
      const active = activations[epoch] as Activation;
      fireUntil(active.ownTimeMs);
      if (shadow.fragments.length > 0) steps.switchTo(shadow, active, indexes[epoch] as SetIndex, indexes[epoch - 1]);
    }
  };
  for (const { record, epoch: within, effectiveMs, ownTimeMs } of told) {
    enterEpoch(within);
    fireUntil(ownTimeMs);
    steps.update(shadow, record, effectiveMs, activations[epoch - 1], indexes[epoch - 1], SHADOW);
  }
  enterEpoch(activations.length);
  return shadow;
}
