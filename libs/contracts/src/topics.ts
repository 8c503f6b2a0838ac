// The table of topics: one row per log, for adapters, documentation and checks.
// T1 A topic is known by its short id inside the code; its full name carries the prefix and the version.
// T2 The partition count of `events` and `fragments` is fixed when a log is created and checked at start.
// T3 `archived` topics are the truth that state is rebuilt from, or must outlive the broker's days: they are copied to the archive, and only
//    then may a log let go of them. All others are made again from these, or are kept for their days only.

export type TopicId =
  | 'events'
  | 'links'
  | 'fragments'
  | 'definitions'
  | 'segment-changes'
  | 'segment-memberships'
  | 'profile-features'
  | 'identity-assignments'
  | 'decisions'
  | 'dead-letters'
  | 'audit';

export type Audience = 'internal' | 'public' | 'operators';

export interface TopicRow {
  readonly id: TopicId;
  /** What the record key names; the partition is murmur2 of its owner part. */
  readonly key: string;
  /** `wide` follows the deployment (64; embedded 8), `one` is a single partition. */
  readonly partitions: 'wide' | 'one';
  /** Follows the log's clock when `stage`; `append` always keeps the broker's stamp. */
  readonly clock: 'stage' | 'append';
  readonly policy: 'delete' | 'compact';
  /** Days kept; null follows the workspace's retention (default 400 days). */
  readonly retentionDays: number | null;
  /** Copied to the archive (libs/log-archive). */
  readonly archived: boolean;
  /** Service that appends to it. */
  readonly owner: string;
  readonly audience: Audience;
  readonly carries: string;
}

export const TOPICS: { readonly [Id in TopicId]: TopicRow } = {
  events: row(
    'events',
    'sender',
    'wide',
    'stage',
    'delete',
    null,
    true,
    'ingestion',
    'internal',
    'tracked events, assignments, definition barriers, backfills, ticks',
  ),
  links: row(
    'links',
    'workspace',
    'wide',
    'stage',
    'delete',
    null,
    true,
    'identity',
    'internal',
    'links with their evidence, revocations, definition barriers',
  ),
  fragments: row(
    'fragments',
    'profile',
    'wide',
    'stage',
    'delete',
    null,
    true,
    'features',
    'internal',
    'mergeable partials that changed, detachments, readiness, restored path state, ticks',
  ),
  definitions: row(
    'definitions',
    'workspace, kind, name and version',
    'one',
    'append',
    'compact',
    null,
    true,
    'segments',
    'internal',
    'immutable documents, applied sets, activations',
  ),
  'segment-changes': row(
    'segment-changes',
    'profile',
    'wide',
    'stage',
    'delete',
    30,
    false,
    'segments',
    'public',
    'one record per profile and cause: segments entered, exited, updated',
  ),
  'segment-memberships': row(
    'segment-memberships',
    'profile and segment',
    'wide',
    'stage',
    'compact',
    null,
    false,
    'segments',
    'public',
    'present memberships; a tombstone on exit',
  ),
  'profile-features': row(
    'profile-features',
    'profile',
    'wide',
    'stage',
    'compact',
    null,
    false,
    'segments',
    'public',
    'values of the features and traits that definitions name',
  ),
  'identity-assignments': row(
    'identity-assignments',
    'identity',
    'wide',
    'stage',
    'compact',
    null,
    false,
    'identity',
    'public',
    'the present profile of each identity',
  ),
  decisions: row(
    'decisions',
    'profile',
    'wide',
    'append',
    'delete',
    30,
    false,
    'decisions',
    'public',
    'what was decided and why',
  ),
  'dead-letters': row(
    'dead-letters',
    'source key',
    'wide',
    'append',
    'delete',
    30,
    false,
    'every service',
    'operators',
    'original bytes, reason and place of what was refused',
  ),
  audit: row('audit', 'workspace', 'wide', 'append', 'delete', null, true, 'every service', 'operators', 'who changed what'),
};

export const TOPIC_IDS = Object.keys(TOPICS) as readonly TopicId[];

/** `tessera.segment-changes.v1` for `segment-changes`. */
export function topicName(id: TopicId, prefix = 'tessera'): string {
  return `${prefix}.${id}.v1`;
}

/** Partitions of a topic in a deployment whose wide topics have `wide` partitions. */
export function partitionCount(id: TopicId, wide: number): number {
  return TOPICS[id].partitions === 'one' ? 1 : wide;
}

function row(
  id: TopicId,
  key: string,
  partitions: TopicRow['partitions'],
  clock: TopicRow['clock'],
  policy: TopicRow['policy'],
  retentionDays: number | null,
  archived: boolean,
  owner: string,
  audience: Audience,
  carries: string,
): TopicRow {
  return { id, key, partitions, clock, policy, retentionDays, archived, owner, audience, carries };
}
