// CloudEvents 1.0 attributes of the public topics, binary mode: one header per attribute, the value is the record itself.
// E1 A pure function of the record: a record that is written again after a crash has the same headers, `id` included.
// E2 `sequence` has a fixed width, so that it is in order as text (CloudEvents sequence extension) and as a number.
// E3 A tombstone has what its key tells, and the version and sequence that its writer put into its headers: an event without a value.
// E4 `source` and `id` together name one event: the id is the key with the version of the output, and no two outputs share both.
// E5 No attribute holds a character that CloudEvents forbids in a string: it is written as %XX, or %uXXXX, like the escapes of a key.
import { formatInstant } from '@tessera/time';
import { partsOf, type Key } from './keys.js';
import type {
  AnyRecord,
  DecisionMadeRecord,
  IdentityAssignedRecord,
  ProfileFeaturesRecord,
  SegmentMembershipRecord,
  SegmentsChangedRecord,
} from './records.js';
import { TOPICS, type TopicId } from './topics.js';

export type PublicRecord =
  SegmentsChangedRecord | SegmentMembershipRecord | ProfileFeaturesRecord | IdentityAssignedRecord | DecisionMadeRecord;

export type PublicTopicId = 'segment-changes' | 'segment-memberships' | 'profile-features' | 'identity-assignments' | 'decisions';

export interface CloudEventRow {
  /** `ce_type`. */
  readonly type: string;
  /** The one record that the topic carries. */
  readonly kind: PublicRecord['kind'];
}

export const CLOUD_EVENTS: { readonly [Id in PublicTopicId]: CloudEventRow } = {
  'segment-changes': { type: 'tessera.profile.segments-changed.v1', kind: 'segmentsChanged' },
  'segment-memberships': { type: 'tessera.profile.membership-changed.v1', kind: 'segmentMembership' },
  'profile-features': { type: 'tessera.profile.features-changed.v1', kind: 'profileFeatures' },
  'identity-assignments': { type: 'tessera.identity.assigned.v1', kind: 'identityAssigned' },
  decisions: { type: 'tessera.decision.made.v1', kind: 'decisionMade' },
};

/** A record as it is appended; `timeMs` is its effective time. */
export interface OutgoingRecord {
  readonly key: Key;
  readonly value: AnyRecord | null;
  readonly timeMs?: number | undefined;
  /** Those of its writer. Of a tombstone: `version` is its generation, offset and index, `sequence` that of the change which ended a membership. */
  readonly headers?: Headers | undefined;
}

export type Headers = Readonly<Record<string, string>>;

const SEQUENCE_DIGITS = 16;

const PRINTABLE = /^[ -~]*$/;
// CloudEvents 1.0, type String: no control characters, no noncharacters, no half of a surrogate pair.
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu;

/**
 * Headers of a record of a public topic, `ce_…` and `content-type`; undefined for the other topics, which carry none.
 * @param prefix that of the topics: events of two deployments differ in their source
 */
export function headersOf(topic: TopicId, record: OutgoingRecord, prefix = 'tessera'): Headers | undefined {
  if (!isPublic(topic)) return undefined;
  const value = record.value as PublicRecord | null;
  const { workspace } = partsOf(record.key);
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_type: CLOUD_EVENTS[topic].type,
    ce_source: `/${prefix}/${TOPICS[topic].owner}`,
    ce_id: allowed(idOf(record, value)),
    ce_workspace: allowed(workspace),
    ce_partitionkey: allowed(record.key),
  };
  set(headers, 'ce_subject', subjectOf(topic, record.key, value));
  set(headers, 'ce_time', timeOf(record, value));
  const sequence = value === null ? record.headers?.['sequence'] : 'sequence' in value ? String(value.sequence) : undefined;
  if (sequence !== undefined) headers['ce_sequence'] = sequence.padStart(SEQUENCE_DIGITS, '0');
  if (value === null) return headers;
  headers['content-type'] = 'application/json';
  if (value.kind === 'segmentsChanged' && value.cause) {
    headers['ce_cause'] = `${value.cause.topic}/${String(value.cause.partition)}/${String(value.cause.offset)}`;
  }
  return headers;
}

export function isPublic(topic: TopicId): topic is PublicTopicId {
  return Object.hasOwn(CLOUD_EVENTS, topic);
}

// Key and version tell an output from every other one; a decision has a name of its own.
function idOf(record: OutgoingRecord, value: PublicRecord | null): string {
  if (value === null) return `${record.key}@${record.headers?.['version'] ?? String(record.timeMs ?? 0)}`;
  if (value.kind === 'decisionMade') return value.decisionId;
  return `${record.key}@${String(value.generation)}.${String(value.offset)}.${String(value.index)}`;
}

// The profile. A tombstone of an identity names none: its key holds the identifier, which is not for a subject.
function subjectOf(topic: PublicTopicId, key: Key, value: PublicRecord | null): string | undefined {
  if (value !== null) return value.profile === '' ? undefined : value.profile;
  return topic === 'identity-assignments' ? undefined : partsOf(key).id;
}

function timeOf(record: OutgoingRecord, value: PublicRecord | null): string | undefined {
  if (record.timeMs !== undefined) return formatInstant(record.timeMs);
  switch (value?.kind) {
    case 'segmentsChanged':
    case 'segmentMembership':
      return value.effective;
    case 'profileFeatures':
      return value.asOf;
    case 'decisionMade':
      return value.decided;
    default:
      return undefined;
  }
}

function set(headers: Record<string, string>, name: string, value: string | undefined): void {
  if (value !== undefined) headers[name] = allowed(value);
}

function allowed(value: string): string {
  if (PRINTABLE.test(value)) return value;
  return value.replace(FORBIDDEN, (character) =>
    character.isWellFormed() ? encodeURIComponent(character) : `%u${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
