// People who come and go in two segments, and the records that Tessera writes about them: same keys, partitions, order, headers and
// tombstones as the segments service, and now and then the last records once more, as after a restart of it.
import { headersOf, keyOf, type Key, type SegmentChange, type TopicId } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';

const WORKSPACE = 'main';
const FIRST_MS = Date.parse('2026-01-05T09:30:00.000Z');
/** What a restart may write a second time. */
const REPEATED = 40;

export interface Told {
  readonly topic: TopicId;
  readonly partition: number;
  readonly key: Key;
  readonly value: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

interface Standing {
  readonly enteredAt: string;
  readonly sequence: number;
}

export class Story {
  private readonly sequences = new Map<string, number>();
  private readonly standing = new Map<string, Map<string, Standing>>();
  private readonly last: Told[][] = [];
  private offset = 0;

  constructor(
    private readonly people: number,
    private readonly partitions: number,
    private seed: number,
  ) {}

  /** Profile, moment of entry and sequence of each member, in the order of the profiles. */
  members(segment: string): string[] {
    const rows = [...(this.standing.get(segment) ?? [])].map(
      ([profile, { enteredAt, sequence }]) => `${profile} ${enteredAt} ${String(sequence)}`,
    );
    return rows.sort();
  }

  /** The records of the next causes: of each its change, then its memberships. */
  tell(causes: number): Told[] {
    const told = Array.from({ length: causes }, () => this.cause());
    this.last.push(...told);
    this.last.splice(0, this.last.length - REPEATED);
    return told.flat();
  }

  /** The last records once more, in their order. */
  tellAgain(): Told[] {
    return this.last.flat();
  }

  private cause(): Told[] {
    this.offset += 1;
    const profile = `p_${String(this.draw(this.people)).padStart(5, '0')}`;
    const effectiveMs = FIRST_MS + this.offset * 250;
    const effective = new Date(effectiveMs).toISOString();
    const sequence = (this.sequences.get(profile) ?? 0) + 1;
    this.sequences.set(profile, sequence);
    const segments = [['vip'], ['news'], ['vip', 'news']][this.draw(3)] as string[];
    const changes = segments.map((segment) => this.change(segment, profile, effective, sequence));
    const common = { workspace: WORKSPACE, profile, sequence, generation: 0, offset: this.offset, effective };
    const cause = { topic: 'fragments', partition: 0, offset: this.offset };
    const change = {
      kind: 'segmentsChanged' as const,
      ...common,
      index: 0,
      evaluated: effective,
      cause,
      changes,
      definitionSet: 1,
    };
    const key = keyOf(WORKSPACE, 'profile', profile);
    const memberships = changes.map(({ segment, kind, enteredAt }, i) => {
      const own = keyOf(WORKSPACE, 'profile', profile, segment);
      const membership = { kind: 'segmentMembership' as const, ...common, segment, enteredAt, index: i + 1, pending: false };
      const headers = { version: `0.${String(this.offset)}.${String(i + 1)}`, sequence: String(sequence) };
      return kind === 'exited'
        ? this.told('segment-memberships', key, { key: own, value: null, timeMs: effectiveMs, headers })
        : this.told('segment-memberships', key, { key: own, value: membership, timeMs: effectiveMs });
    });
    return [this.told('segment-changes', key, { key, value: change, timeMs: effectiveMs }), ...memberships];
  }

  private change(segment: string, profile: string, effective: string, sequence: number): SegmentChange {
    let members = this.standing.get(segment);
    if (members === undefined) this.standing.set(segment, (members = new Map()));
    const before = members.get(profile);
    const kind = before === undefined ? 'entered' : this.draw(5) === 0 ? 'updated' : 'exited';
    const enteredAt = before?.enteredAt ?? effective;
    if (kind === 'exited') members.delete(profile);
    else members.set(profile, { enteredAt, sequence });
    return { segment, kind, reason: 'conditions', enteredAt, pending: false };
  }

  private told(topic: TopicId, owner: Key, record: Parameters<typeof headersOf>[1]): Told {
    return {
      topic,
      partition: partitionOf(owner, this.partitions),
      key: record.key,
      value: record.value === null ? undefined : JSON.stringify(record.value),
      headers: { ...record.headers, ...headersOf(topic, record) },
    };
  }

  // A small generator of its own (mulberry32), so that a seed tells the same story everywhere.
  private draw(below: number): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }
}
