// The table of records: one row per kind, for codecs, documentation and checks.
// K1 Every kind of `AnyRecord` has a row, a message in proto/ and an example in examples/: a record without one does not compile
//    or fails the test.
import type { AnyRecord } from './records.js';
import type { TopicId } from './topics.js';

export type RecordKind = AnyRecord['kind'];

export interface RecordRow {
  /** Full name of the message in proto/. */
  readonly message: string;
  /** Logs that carry it. */
  readonly topics: readonly TopicId[];
}

export const RECORDS: { readonly [Kind in RecordKind]: RecordRow } = {
  tracked: row('log', 'Tracked', 'events'),
  profileAssigned: row('log', 'ProfileAssigned', 'events'),
  backfilled: row('log', 'Backfilled', 'events'),
  backfillCompleted: row('log', 'BackfillCompleted', 'events'),
  definitionsPublished: row('log', 'DefinitionsPublished', 'events', 'links'),
  tick: row('log', 'Tick', 'events', 'links', 'fragments'),
  linkObserved: row('log', 'LinkObserved', 'links'),
  linkRevoked: row('log', 'LinkRevoked', 'links'),
  linkRestored: row('log', 'LinkRestored', 'links'),
  fragmentChanged: row('log', 'FragmentChanged', 'fragments'),
  fragmentDetached: row('log', 'FragmentDetached', 'fragments'),
  definitionsReady: row('log', 'DefinitionsReady', 'fragments'),
  pathRestored: row('log', 'PathRestored', 'fragments'),
  definitionStored: row('log', 'DefinitionStored', 'definitions'),
  definitionSetApplied: row('log', 'DefinitionSetApplied', 'definitions'),
  definitionsActivated: row('log', 'DefinitionsActivated', 'definitions'),
  segmentsChanged: row('changes', 'SegmentsChanged', 'segment-changes'),
  segmentMembership: row('changes', 'SegmentMembership', 'segment-memberships'),
  profileFeatures: row('changes', 'ProfileFeatures', 'profile-features'),
  identityAssigned: row('changes', 'IdentityAssigned', 'identity-assignments'),
  decisionMade: row('changes', 'DecisionMade', 'decisions'),
  deadLetter: row('changes', 'DeadLetter', 'dead-letters'),
  auditRecorded: row('changes', 'AuditRecorded', 'audit'),
};

export const RECORD_KINDS = Object.keys(RECORDS) as readonly RecordKind[];

function row(file: 'log' | 'changes', message: string, ...topics: readonly TopicId[]): RecordRow {
  return { message: `tessera.${file}.v1.${message}`, topics };
}
