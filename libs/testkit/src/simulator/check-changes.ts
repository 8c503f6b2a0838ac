// I5: what a data team sees. Per profile the sequence rises by one, entered and exited alternate, and a repeated record is equal;
// the compacted twin says the same as the changes; nothing changes by a record that is not newer than what its fragment said before.
import { compareVersions, type SegmentMembershipRecord, type SegmentsChangedRecord, type Version } from '@tessera/contracts';
import { canonicalText } from './canonical-text.js';
import type { World } from './world.js';

/** Members told by the changes: profile to segments. */
export function membersTold(world: World, violations: string[] = []): Map<string, Set<string>> {
  const members = new Map<string, Set<string>>();
  for (let partition = 0; partition < world.log.partitions('segment-changes'); partition++) {
    const seen = new Map<string, Map<number, string>>();
    for (const { value } of world.log.records('segment-changes', partition)) {
      const record = value as SegmentsChangedRecord;
      const sequences = seen.get(record.profile) ?? new Map<number, string>();
      seen.set(record.profile, sequences);
      const text = canonicalText(record);
      const before = sequences.get(record.sequence);
      if (before !== undefined) {
        if (before !== text) violations.push(`I5 ${record.profile}: sequence ${String(record.sequence)} has two meanings`);
        continue;
      }
      if (record.sequence !== sequences.size + 1)
        violations.push(`I5 ${record.profile}: sequence ${String(record.sequence)} after ${String(sequences.size)}`);
      sequences.set(record.sequence, text);
      apply(record, members, violations);
    }
  }
  return members;
}

export function checkChanges(world: World): string[] {
  const violations: string[] = [];
  checkTwin(world, membersTold(world, violations), violations);
  checkCauses(world, violations);
  return violations;
}

/** Changes lie in the partition of their profile, as its fragments do, and carry the offset of their cause there. */
function checkCauses(world: World, violations: string[]): void {
  for (let partition = 0; partition < world.log.partitions('fragments'); partition++) {
    const stale = staleOffsets(world, partition);
    for (const { value } of world.log.records('segment-changes', partition)) {
      const record = value as SegmentsChangedRecord;
      if (record.cause?.topic === 'events' && stale.has(record.offset)) {
        violations.push(
          `I5 ${record.profile}: sequence ${String(record.sequence)} comes of a stale record at ${String(record.offset)}`,
        );
      }
    }
  }
}

function staleOffsets(world: World, partition: number): ReadonlySet<number> {
  const newest = new Map<string, Version>();
  const stale = new Set<number>();
  for (const { value, offset } of world.log.records('fragments', partition)) {
    if (value?.kind !== 'fragmentChanged' && value?.kind !== 'fragmentDetached') continue;
    const name = `${value.profile} ${value.fragment}`;
    const held = newest.get(name);
    if (held && compareVersions(value, held) <= 0) stale.add(offset);
    else newest.set(name, value);
  }
  return stale;
}

function apply(record: SegmentsChangedRecord, members: Map<string, Set<string>>, violations: string[]): void {
  const segments = members.get(record.profile) ?? new Set<string>();
  members.set(record.profile, segments);
  for (const { segment, kind } of record.changes) {
    if (kind === 'entered') {
      if (segments.has(segment))
        violations.push(`I5 ${record.profile} entered ${segment} twice (sequence ${String(record.sequence)})`);
      segments.add(segment);
    } else if (kind === 'exited') {
      if (!segments.delete(segment))
        violations.push(`I5 ${record.profile} left ${segment} without being in it (sequence ${String(record.sequence)})`);
    }
  }
}

/** A consumer that reads the twin from its beginning, dropping what is not newer by version. */
function checkTwin(world: World, members: ReadonlyMap<string, ReadonlySet<string>>, violations: string[]): void {
  const twin = new Map<string, { version: readonly number[]; member: string | undefined }>();
  for (let partition = 0; partition < world.log.partitions('segment-memberships'); partition++) {
    for (const { key, value, headers } of world.log.records('segment-memberships', partition)) {
      const record = value as SegmentMembershipRecord | null;
      const version = record
        ? [record.generation, record.offset, record.index]
        : (headers?.['version'] ?? '').split('.').map(Number);
      const held = twin.get(key);
      if (held && compare(held.version, version) >= 0) continue;
      twin.set(key, { version, member: record ? `${record.profile} ${record.segment}` : undefined });
    }
  }
  const told = [...twin.values()].flatMap(({ member }) => (member === undefined ? [] : [member])).sort();
  const want = [...members].flatMap(([profile, segments]) => [...segments].map((segment) => `${profile} ${segment}`)).sort();
  if (told.join('\n') !== want.join('\n'))
    violations.push(`I5 the compacted twin says [${told.join(', ')}], the changes say [${want.join(', ')}]`);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < 3; i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0);
  return 0;
}
