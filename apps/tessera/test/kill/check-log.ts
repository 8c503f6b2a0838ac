// The logs in the end, as any consumer reads them.
import { expect } from '@jest/globals';
import type { AnyRecord, SegmentsChangedRecord, TopicId } from '@tessera/contracts';
import type { EventLog } from '@tessera/runtime';
import type { Load } from './load.js';

/**
 * Every acknowledged event is in the log, and the changes of every profile follow one another without a gap, to the members at the end.
 * `isForeign`: events that others have sent.
 */
export async function checkLog(
  log: EventLog,
  load: Load,
  members: ReadonlyMap<string, ReadonlySet<string>>,
  isForeign: (messageId: string) => boolean = () => false,
): Promise<void> {
  const stored = new Set<string>();
  for await (const record of recordsOf(log, 'events')) {
    if (record.kind === 'tracked' && !isForeign(record.messageId)) stored.add(record.messageId);
  }
  expect(stored).toEqual(load.acknowledged);
  const changes = new Map<string, SegmentsChangedRecord[]>();
  for await (const record of recordsOf(log, 'segment-changes')) {
    if (record.kind !== 'segmentsChanged') continue;
    const ofProfile = changes.get(record.profile) ?? [];
    changes.set(record.profile, ofProfile);
    const last = ofProfile.at(-1)?.sequence ?? 0;
    if (record.sequence > last) ofProfile.push(record);
    else expect({ ...record, evaluated: '' }).toEqual({ ...ofProfile[record.sequence - 1], evaluated: '' });
  }
  checkChanges(changes, members);
}

/** As a consumer that drops what it has seen by (profile, sequence): no gap, entered and exited in turn, members at the end. */
function checkChanges(
  changes: ReadonlyMap<string, readonly SegmentsChangedRecord[]>,
  members: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const inside = new Map([...members.keys()].map((segment) => [segment, new Set<string>()]));
  let turns = 0;
  for (const [profile, records] of changes) {
    expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, index) => index + 1));
    for (const { segment, kind } of records.flatMap((record) => record.changes)) {
      const of = inside.get(segment) as Set<string>;
      expect({ profile, segment, kind, member: of.has(profile) }).toEqual({ profile, segment, kind, member: kind !== 'entered' });
      if (kind === 'entered') of.add(profile);
      if (kind === 'exited') of.delete(profile);
      turns += 1;
    }
  }
  expect(inside).toEqual(members);
  expect(turns).toBeGreaterThan(100);
}

async function* recordsOf(log: EventLog, topic: TopicId): AsyncGenerator<AnyRecord> {
  for (let partition = 0; partition < log.partitions(topic); partition++) {
    for (let offset = 0, end = await log.endOffset(topic, partition); offset < end;) {
      const batch = await log.read(topic, partition, offset, { records: 1_000, bytes: 4 << 20 });
      for (const { value } of batch.records) if (value !== null) yield value;
      offset = batch.nextOffset;
    }
  }
}
