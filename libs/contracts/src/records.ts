// The records of each log as the steps see them: the generated message, flat, with its `kind`.
// R1 A record is defined once, in proto/; this file only names the unions.
// R2 Records are never changed once they are read: a co-located reader may hold the same object.
import type {
  BackfillCompleted,
  Backfilled,
  DefinitionsPublished,
  ProfileAssigned,
  Tick,
  Tracked,
} from './generated/tessera/log/v1/events.js';
import type { DefinitionsActivated, DefinitionSetApplied, DefinitionStored } from './generated/tessera/log/v1/definitions.js';
import type { DefinitionsReady, FragmentChanged, FragmentDetached, PathRestored } from './generated/tessera/log/v1/fragments.js';
import type { LinkObserved, LinkRestored, LinkRevoked } from './generated/tessera/log/v1/links.js';
import type {
  AuditRecorded,
  DeadLetter,
  DecisionMade,
  IdentityAssigned,
  ProfileFeatures,
  SegmentMembership,
  SegmentsChanged,
} from './generated/tessera/changes/v1/changes.js';

type Kind<K extends string, T> = Readonly<T> & { readonly kind: K };

export type TrackedRecord = Kind<'tracked', Tracked>;
export type ProfileAssignedRecord = Kind<'profileAssigned', ProfileAssigned>;
export type DefinitionsPublishedRecord = Kind<'definitionsPublished', DefinitionsPublished>;
export type BackfilledRecord = Kind<'backfilled', Backfilled>;
export type BackfillCompletedRecord = Kind<'backfillCompleted', BackfillCompleted>;
export type TickRecord = Kind<'tick', Tick>;

export type EventsRecord =
  TrackedRecord | ProfileAssignedRecord | DefinitionsPublishedRecord | BackfilledRecord | BackfillCompletedRecord | TickRecord;

export type LinkObservedRecord = Kind<'linkObserved', LinkObserved>;
export type LinkRevokedRecord = Kind<'linkRevoked', LinkRevoked>;
export type LinkRestoredRecord = Kind<'linkRestored', LinkRestored>;

export type LinksRecord = LinkObservedRecord | LinkRevokedRecord | LinkRestoredRecord | DefinitionsPublishedRecord | TickRecord;

export type FragmentChangedRecord = Kind<'fragmentChanged', FragmentChanged>;
export type FragmentDetachedRecord = Kind<'fragmentDetached', FragmentDetached>;
export type DefinitionsReadyRecord = Kind<'definitionsReady', DefinitionsReady>;
export type PathRestoredRecord = Kind<'pathRestored', PathRestored>;

export type FragmentsRecord =
  FragmentChangedRecord | FragmentDetachedRecord | DefinitionsReadyRecord | PathRestoredRecord | TickRecord;

export type DefinitionStoredRecord = Kind<'definitionStored', DefinitionStored>;
export type DefinitionSetAppliedRecord = Kind<'definitionSetApplied', DefinitionSetApplied>;
export type DefinitionsActivatedRecord = Kind<'definitionsActivated', DefinitionsActivated>;

export type DefinitionsRecord = DefinitionStoredRecord | DefinitionSetAppliedRecord | DefinitionsActivatedRecord;

export type SegmentsChangedRecord = Kind<'segmentsChanged', SegmentsChanged>;
export type SegmentMembershipRecord = Kind<'segmentMembership', SegmentMembership>;
export type ProfileFeaturesRecord = Kind<'profileFeatures', ProfileFeatures>;
export type IdentityAssignedRecord = Kind<'identityAssigned', IdentityAssigned>;
export type DeadLetterRecord = Kind<'deadLetter', DeadLetter>;
export type DecisionMadeRecord = Kind<'decisionMade', DecisionMade>;
export type AuditRecordedRecord = Kind<'auditRecorded', AuditRecorded>;

export type AnyRecord =
  | EventsRecord
  | LinksRecord
  | FragmentsRecord
  | DefinitionsRecord
  | SegmentsChangedRecord
  | SegmentMembershipRecord
  | ProfileFeaturesRecord
  | IdentityAssignedRecord
  | DeadLetterRecord
  | DecisionMadeRecord
  | AuditRecordedRecord;

/** A cause in the one partition that owns a key: outputs with the same key are ordered by it. */
export interface Version {
  readonly generation: number;
  readonly offset: number;
  readonly index: number;
}

/** Negative, zero or positive, like a comparator. */
export function compareVersions(a: Version, b: Version): number {
  return a.generation - b.generation || a.offset - b.offset || a.index - b.index;
}
