// Who is in one segment, as a fold over records: no Kafka and no database in here.
//
// Two topics tell the same story in two ways:
//   segment-memberships   what is true now, one record per person and segment; a tombstone (null) when the membership ends
//   segment-changes       what happened, one record per person and cause, numbered per person by `sequence`
// The first gives a start without reading history, the second every step from there.

/** What is known of one person. `enteredAt` is null for somebody who left: the row stays, so that an old record is known to be old. */
export interface Standing {
  readonly enteredAt: string | null;
  readonly sequence: number;
}

/** What one record says of one person. */
export interface Update extends Standing {
  readonly profile: string;
}

/** The one segment that is followed. */
export interface Wanted {
  readonly workspace: string;
  readonly segment: string;
}

/** A record of `segment-memberships`. */
export interface MembershipMessage {
  readonly key: string;
  readonly value: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * From `segment-memberships`; undefined for another segment. A tombstone has its sequence in its header; one that a release before 1.1 of the
 * contract wrote has none, and counts as older than any change.
 */
export function fromMembership({ key, value, headers }: MembershipMessage, wanted: Wanted): Update | undefined {
  const [workspace, kind, profile, segment] = key.split('/').map(unescapePart);
  if (kind !== 'profile' || profile === undefined || workspace !== wanted.workspace || segment !== wanted.segment)
    return undefined;
  if (value === undefined) return { profile, enteredAt: null, sequence: Number(headers.get('ce_sequence') ?? 0) };
  const { enteredAt, sequence } = JSON.parse(value) as { enteredAt: string; sequence: number };
  return { profile, enteredAt, sequence };
}

interface SegmentsChanged {
  readonly workspace: string;
  readonly profile: string;
  readonly sequence: number;
  readonly changes: readonly { readonly segment: string; readonly kind: string; readonly enteredAt: string }[];
}

/** From `segment-changes`; undefined where the record does not touch the segment. A kind of a later release is passed over. */
export function fromChanges(value: string, wanted: Wanted): Update | undefined {
  const { workspace, profile, sequence, changes } = JSON.parse(value) as SegmentsChanged;
  if (workspace !== wanted.workspace) return undefined;
  const change = changes.findLast(({ segment, kind }) => segment === wanted.segment && KINDS.has(kind));
  if (change === undefined) return undefined;
  return { profile, enteredAt: change.kind === 'exited' ? null : change.enteredAt, sequence };
}

const KINDS = new Set(['entered', 'updated', 'exited']);

/** The rule that makes reading twice harmless: a change counts only if it is newer than what is known of the person. */
export function isNews(known: Standing | undefined, update: Update): boolean {
  return known === undefined || update.sequence > known.sequence;
}

// Keys are `workspace/kind/id/more`; what would be mistaken for a slash is written as %2F.
function unescapePart(part: string): string {
  return part.replace(/%([0-9A-F]{2})|%u([0-9A-F]{4})/g, (_, two?: string, four?: string) =>
    String.fromCharCode(parseInt(two ?? four ?? '', 16)),
  );
}
