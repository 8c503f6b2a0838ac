// The features stage: the switch over the records of `events`, and what each does to a sender's document.
// V1 It knows nothing of rules: it keeps every trait and the states that published plans need.
// V2 It emits when a partial, a trait or a choice changed, expiry included; outputs carry absolute values.
// V3 A new definition set folds live from the record that published it; what it needs of the past comes as `Backfilled`
//    records of the partition's own input, and `DefinitionsReady` follows the last of them.
import { choicesOf } from '@tessera/consent';
import { Writer } from '@tessera/codec';
import {
  compareVersions,
  keyOf,
  type BackfilledRecord,
  type EventsRecord,
  type FragmentChangedRecord,
  type FragmentDetachedRecord,
  type ProfileAssignedRecord,
  type TickRecord,
  type TrackedRecord,
} from '@tessera/contracts';
import { partitionOf, profileId } from '@tessera/hash';
import { fragmentId, nodeOfFragment, placeEvent } from '@tessera/identity';
import { APPLIED, DUPLICATE, type LogRecord, type Outcome, type Stage, type StepContext } from '@tessera/runtime';
import { backfillJob, mergeBackfill } from './backfill.js';
import { EMPTY_PLAN, eventNameOf, executable, type ExecutablePlan } from './compile-plan.js';
import {
  attachFragment,
  Changes,
  expire,
  foldEvent,
  keepStates,
  tellAll,
  writeChoices,
  writeTrait,
  type Address,
  type Fragment,
} from './fragment.js';
import {
  complete,
  definitionsInForce,
  featuresPartitionState,
  pendingBackfills,
  publish,
  type FeaturesPartitionState,
} from './partition-state.js';
import type { FeaturePlan } from './plan.js';
import {
  createSenderDocument,
  decodeSenderDocument,
  dueOf,
  encodeSenderDocument,
  fragmentOf,
  inOrder,
  isDuplicate,
  type SenderDocument,
} from './sender-document.js';

export interface FeaturesOptions {
  /** Secret of a workspace: names the default profiles. */
  readonly secretOf: (workspace: string) => string;
}

type Context = StepContext<FeaturePlan, FeaturesPartitionState>;

/** What changed by the event or the moment at hand. */
const scratch = new Changes();
const BY_EXPIRY: Told = { reason: 'expiry' };

export function createFeaturesStage({ secretOf }: FeaturesOptions): Stage<SenderDocument, FeaturePlan, FeaturesPartitionState> {
  const writer = new Writer();
  return {
    name: 'features',
    input: 'events',
    ownsTicks: true,
    partitionState: featuresPartitionState,
    keyOf({ key, value }) {
      const kind = value?.kind;
      return kind === 'tracked' || kind === 'profileAssigned' || kind === 'backfilled' ? key : undefined;
    },
    create: createSenderDocument,
    encode: (document) => encodeSenderDocument(writer, document),
    decode: decodeSenderDocument,
    dueMs: dueOf,
    step(document, record, context) {
      const value = record.value as TrackedRecord | ProfileAssignedRecord | BackfilledRecord;
      const asOf = document.asOfMs;
      document.asOfMs = Math.max(asOf, context.logTimeMs);
      meetPresentSet(document, asOf, context);
      switch (value.kind) {
        case 'tracked':
          return stepTracked(document, value, record, context, asOf, secretOf);
        case 'profileAssigned':
          return stepAssigned(document, value, context, asOf);
        case 'backfilled':
          return stepBackfilled(document, value, context, asOf, secretOf);
      }
    },
    fire(document, untilMs, context) {
      meetPresentSet(document, document.asOfMs, context);
      for (let due = dueOf(document); due <= untilMs; due = dueOf(document)) fireAt(document, due, context);
    },
    control(record, context) {
      const value = record.value as EventsRecord | null;
      switch (value?.kind) {
        case 'definitionsPublished':
          return publish(value, record, context);
        case 'backfillCompleted':
          return complete(value, context);
        case 'tick':
          if (value.closing) passOn(value, context);
          return APPLIED;
        default:
          return { kind: 'drop', reason: 'unreadable-record' };
      }
    },
    definitionsNeededBy({ value }) {
      return value?.kind === 'definitionsPublished' ? [{ workspace: value.workspace, hash: value.hash }] : [];
    },
    definitionsInForce,
    partitionJobs: (state, definitions) => pendingBackfills(state, definitions).map(backfillJob),
  };
}

/** At the first touch after a set was published: what is not of the set before it begins empty (see D2 of the document). */
function meetPresentSet(document: SenderDocument, asOf: number, context: Context): void {
  const plans = context.state.workspaces.get(document.workspace);
  const set = plans?.current?.set ?? 0;
  if (document.set === set) return;
  document.set = set;
  const kept = plans?.base ? executable([context.definitions(document.workspace, plans.base.hash)]) : EMPTY_PLAN;
  const plan = planOf(document.workspace, context);
  for (const fragment of document.fragments.values()) {
    keepStates(fragment, kept);
    attachFragment(fragment, plan, asOf);
  }
}

/** The plan in force: the set before, while it is needed, and the present one. */
export function planOf(workspace: string, context: Context): ExecutablePlan {
  const plans = context.state.workspaces.get(workspace);
  if (!plans) return EMPTY_PLAN;
  if (plans.executable) return plans.executable;
  const hashes = [plans.base, plans.current].flatMap((named) => (named ? [named.hash] : []));
  plans.executable = executable(hashes.map((hash) => context.definitions(workspace, hash)));
  return plans.executable;
}

function stepTracked(
  document: SenderDocument,
  event: TrackedRecord,
  record: LogRecord,
  context: Context,
  asOf: number,
  secretOf: FeaturesOptions['secretOf'],
): Outcome {
  const ownTimeMs = Math.min(event.timeMs, record.stampMs);
  // Placed before duplicates are dropped: identity runs the same function over the same records.
  const placement = placeEvent(document.spells, event, ownTimeMs, context.logTimeMs);
  if (isDuplicate(document, event.messageHash, context.logTimeMs)) return DUPLICATE;
  if (!placement) return { kind: 'late', reason: 'late-spell-unknown' };
  const fragment = fragmentOf(document, placement.fragment);
  if (!fragment) {
    const detail = `sender ${event.sender} already has the greatest number of people`;
    return { kind: 'dead-letter', reason: 'sender-fragments-limit', detail };
  }
  const plan = planOf(event.workspace, context);
  attachFragment(fragment, plan, asOf);
  const changes = scratch.reset();
  const states = plan.byEvent.get(eventNameOf(event));
  if (states) foldEvent(fragment, states, event, ownTimeMs, context.logTimeMs, changes);
  foldTraits(fragment, event, ownTimeMs, changes);
  const choices = choicesOf(event, ownTimeMs);
  if (choices) writeChoices(fragment, choices, changes);
  // Its first event tells of a fragment whatever it holds: somebody of whom nothing is counted is a person too.
  if (changes.any || !fragment.told) {
    settleProfile(fragment, event.workspace, event.sender, secretOf);
    tell(
      fragment,
      event.workspace,
      event.sender,
      changes,
      { reason: 'event', messageId: event.messageId, full: !fragment.told },
      context.logTimeMs,
      context,
    );
  }
  return APPLIED;
}

/** identify carries traits itself, other calls in their context; a group call is one trait per group. */
function foldTraits(fragment: Fragment, event: TrackedRecord, ownTimeMs: number, changes: Changes): void {
  const traits = event.type === 'identify' ? event.traits : (event.context?.['traits'] as Record<string, unknown> | undefined);
  if (typeof traits === 'object' && traits !== null && !Array.isArray(traits)) {
    for (const name of Object.keys(traits))
      writeTrait(fragment, name, (traits as Record<string, unknown>)[name], ownTimeMs, event.messageId, changes);
  }
  if (event.type === 'group' && event.groupId !== undefined) {
    const role: unknown = event.traits?.['role'];
    writeTrait(
      fragment,
      `group:${event.groupId}`,
      typeof role === 'string' ? role : 'member',
      ownTimeMs,
      event.messageId,
      changes,
    );
  }
}

function stepAssigned(document: SenderDocument, assigned: ProfileAssignedRecord, context: Context, asOf: number): Outcome {
  const fragment = fragmentOf(document, assigned.fragment);
  if (!fragment) return { kind: 'drop', reason: 'sender-fragments-limit' };
  if (fragment.assigned && compareVersions(assigned, fragment.assigned) <= 0) return { kind: 'drop', reason: 'stale-version' };
  const { generation, offset, index } = assigned;
  fragment.assigned = { generation, offset, index };
  const former = fragment.profile;
  fragment.profile = assigned.profile;
  if (former === assigned.profile || !fragment.told) return APPLIED;
  const plan = planOf(assigned.workspace, context);
  attachFragment(fragment, plan, asOf);
  const reason = assigned.reason === 'unlinked' ? 'unlinked' : 'moved';
  detach(assigned, former, reason, context);
  const cause = { reason, fromProfile: former, full: true };
  tell(fragment, assigned.workspace, assigned.sender, tellAll(fragment, plan), cause, context.logTimeMs, context);
  return APPLIED;
}

function detach(assigned: ProfileAssignedRecord, former: string, reason: string, context: Context): void {
  const key = keyOf(assigned.workspace, 'profile', former);
  const value: FragmentDetachedRecord = {
    kind: 'fragmentDetached',
    workspace: assigned.workspace,
    profile: former,
    fragment: fragmentId(assigned.sender, assigned.fragment),
    source: context.partition,
    generation: context.generation,
    offset: context.offset,
    index: context.nextIndex(),
    effectiveMs: context.logTimeMs,
    toProfile: assigned.profile,
    reason,
  };
  context.emit('fragments', partitionOf(key, context.partitions('fragments')), { key, value, timeMs: context.logTimeMs });
}

function stepBackfilled(
  document: SenderDocument,
  record: BackfilledRecord,
  context: Context,
  asOf: number,
  secretOf: FeaturesOptions['secretOf'],
): Outcome {
  const plans = context.state.workspaces.get(record.workspace);
  if (plans?.current?.set !== record.set || plans.current.completed) return { kind: 'drop', reason: 'stale-basis' };
  if (document.backfilledSet >= record.set) return { kind: 'drop', reason: 'already-merged' };
  document.backfilledSet = record.set;
  const plan = planOf(record.workspace, context);
  for (const fragment of document.fragments.values()) attachFragment(fragment, plan, asOf);
  for (const id of mergeBackfill(document, record.state, plan, context.logTimeMs)) {
    const fragment = document.fragments.get(id) as Fragment;
    settleProfile(fragment, record.workspace, record.sender, secretOf);
    const cause = { reason: 'backfill', full: true };
    tell(fragment, record.workspace, record.sender, tellAll(fragment, plan), cause, context.logTimeMs, context);
  }
  return APPLIED;
}

function fireAt(document: SenderDocument, dueMs: number, context: Context): void {
  const { workspace, sender, asOfMs: asOf } = document;
  const plan = planOf(workspace, context);
  document.asOfMs = Math.max(asOf, dueMs);
  for (const fragment of inOrder(document)) {
    if (fragment.dueMs > dueMs) continue;
    attachFragment(fragment, plan, asOf);
    const changes = scratch.reset();
    expire(fragment, plan, dueMs, changes);
    if (changes.any) tell(fragment, workspace, sender, changes, BY_EXPIRY, dueMs, context);
  }
}

interface Told {
  readonly reason: string;
  readonly messageId?: string;
  readonly full?: boolean;
  readonly fromProfile?: string;
}

function tell(
  fragment: Fragment,
  workspace: string,
  sender: string,
  changes: Changes,
  cause: Told,
  effectiveMs: number,
  context: Context,
): void {
  fragment.told = true;
  const address = addressOf(fragment, workspace, sender, context);
  const value: FragmentChangedRecord = {
    kind: 'fragmentChanged',
    workspace,
    profile: fragment.profile,
    fragment: address.fragment,
    source: context.partition,
    generation: context.generation,
    offset: context.offset,
    index: context.nextIndex(),
    effectiveMs,
    reason: cause.reason,
    messageId: cause.messageId,
    full: cause.full === true,
    fromProfile: cause.fromProfile,
    partials: changes.partials,
    traits: changes.traits ?? NOTHING,
    consent: changes.consent ?? NOTHING,
  };
  context.emit('fragments', address.partition, { key: address.key, value, timeMs: effectiveMs });
}

function addressOf(fragment: Fragment, workspace: string, sender: string, context: Context): Address {
  const known = fragment.address;
  if (known?.profile === fragment.profile) return known;
  const key = keyOf(workspace, 'profile', fragment.profile);
  const partition = partitionOf(key, context.partitions('fragments'));
  fragment.address = { profile: fragment.profile, key, partition, fragment: fragmentId(sender, fragment.id) };
  return fragment.address;
}

const NOTHING: Record<string, never> = Object.freeze({});

function settleProfile(fragment: Fragment, workspace: string, sender: string, secretOf: FeaturesOptions['secretOf']): void {
  if (fragment.profile === '') fragment.profile = profileId(secretOf(workspace), nodeOfFragment(sender, fragment.id));
}

function passOn(tick: TickRecord, context: Context): void {
  const key = keyOf('', 'workspace', 'tick');
  const value: TickRecord = { kind: 'tick', closing: true, source: context.partition, effectiveMs: context.logTimeMs };
  for (let partition = 0; partition < context.partitions('fragments'); partition++) {
    context.emit('fragments', partition, { key, value: { ...value, closing: tick.closing }, timeMs: context.logTimeMs });
  }
}
