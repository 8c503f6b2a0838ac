// Laws of the log: stamps under both clocks, and compaction.
import assert from 'node:assert/strict';
import { keyOf } from '@tessera/contracts';
import type { Key } from '@tessera/contracts';
import type { LogRecord, NewRecord } from '@tessera/runtime';
import { newRecord, newRecords, NO_LIMITS, readAll, tracked, TIME_MS } from './event-log-records.js';
import type { EventLogLaw, EventLogSubject } from './event-log.js';

/** A clock that jumps: back after the second append, ahead after the third. */
function jumpingClock(): () => number {
  const times = [1000, 2000, 500, 3000];
  let at = 0;
  return () => times[Math.min(at++, times.length - 1)] as number;
}

export const timeLaws: readonly EventLogLaw[] = [
  { name: 'append clock: stamps never run backwards in a partition', wallClock: jumpingClock, check: stampsRise },
  {
    name: 'append clock: the stamp is the wall clock, or the stamp before where the wall clock went back',
    needs: ['wall-clock'],
    wallClock: jumpingClock,
    check: wallClockStamps,
  },
  { name: 'event clock: the stamp of a record is its own time, late ones too', clock: 'event', check: eventStamps },
  {
    name: 'event clock: topics that are always stamped by the log are',
    clock: 'event',
    wallClock: jumpingClock,
    check: appendTopics,
  },
];

export const compactionLaws: readonly EventLogLaw[] = [
  {
    name: 'compaction keeps the latest record of every key with its offset, tombstones too',
    needs: ['compact'],
    check: compacted,
  },
  { name: 'a compacted topic can be read from any offset, and appended to', needs: ['compact'], check: readWithGaps },
  { name: 'a compacted topic is the same after opening again', needs: ['compact', 'reopen'], check: compactedAndReopened },
];

async function stampsRise({ log }: EventLogSubject): Promise<void> {
  for (let i = 0; i < 6; i++) await log.append('events', 0, newRecords(String(i), 2));
  const stamps = (await readAll(log, 'events', 0)).map(({ stampMs }) => stampMs);
  assert.deepEqual(
    stamps,
    [...stamps].sort((a, b) => a - b),
  );
}

async function wallClockStamps({ log }: EventLogSubject): Promise<void> {
  for (let i = 0; i < 4; i++) await log.append('events', 0, [newRecord(String(i))]);
  assert.deepEqual(
    (await readAll(log, 'events', 0)).map(({ stampMs }) => stampMs),
    [1000, 2000, 2000, 3000],
  );
}

async function eventStamps({ log }: EventLogSubject): Promise<void> {
  const times = [TIME_MS, TIME_MS + 5000, TIME_MS - 7, TIME_MS + 5000, TIME_MS + 1];
  for (const timeMs of times) await log.append('fragments', 0, [{ ...newRecord(String(timeMs)), timeMs }]);
  await log.append(
    'fragments',
    0,
    times.map((timeMs) => ({ ...newRecord(String(timeMs)), timeMs })),
  );
  assert.deepEqual(
    (await readAll(log, 'fragments', 0)).map(({ stampMs }) => stampMs),
    [...times, ...times],
  );
}

async function appendTopics({ log }: EventLogSubject): Promise<void> {
  for (const timeMs of [9, 5, 7]) await log.append('audit', 0, [{ ...newRecord(String(timeMs)), timeMs }]);
  const stamps = (await readAll(log, 'audit', 0)).map(({ stampMs }) => stampMs);
  assert.ok(
    stamps.every((stamp, i) => stamp >= 500 && stamp >= (stamps[i - 1] ?? 0)),
    `stamps ${String(stamps)}`,
  );
}

/** 40 keys, written again and again; every seventh key ends with a tombstone. */
async function appendSuperseded({ log }: EventLogSubject): Promise<void> {
  for (let round = 0; round < 60; round++) {
    const records = Array.from({ length: 50 }, (_, i): NewRecord => {
      const key = keyOf('w', 'profile', `p${String((round * 50 + i * 7) % 40)}`);
      const erased = round === 59 && Number(key.slice('w/profile/p'.length)) % 7 === 0;
      return { key, value: erased ? null : tracked(`${String(round)}.${String(i)}`), timeMs: TIME_MS };
    });
    await log.append('segment-memberships', 0, records);
  }
  // Keys of their own, so that old frames keep something.
  await log.append(
    'segment-memberships',
    0,
    Array.from({ length: 30 }, (_, i) => ({ ...newRecord(String(i)), key: keyOf('w', 'profile', `own${String(i)}`) })),
  );
}

function latestOf(records: readonly LogRecord[]): readonly LogRecord[] {
  const latest = new Map<Key, number>();
  for (const { key, offset } of records) latest.set(key, offset);
  return records.filter(({ key, offset }) => latest.get(key) === offset);
}

async function compacted(subject: EventLogSubject): Promise<void> {
  const { log } = subject;
  await appendSuperseded(subject);
  const expected = latestOf(await readAll(log, 'segment-memberships', 0));
  const end = await log.endOffset('segment-memberships', 0);
  await subject.compact?.('segment-memberships');
  assert.deepEqual(await readAll(log, 'segment-memberships', 0), expected);
  assert.equal(await log.endOffset('segment-memberships', 0), end);
  assert.ok(expected.some(({ value }) => value === null));
  await subject.compact?.('segment-memberships');
  assert.deepEqual(await readAll(log, 'segment-memberships', 0), expected);
}

async function readWithGaps(subject: EventLogSubject): Promise<void> {
  const { log } = subject;
  await appendSuperseded(subject);
  await subject.compact?.('segment-memberships');
  const { firstOffset } = await log.append('segment-memberships', 0, [newRecord('new')]);
  const all = await readAll(log, 'segment-memberships', 0);
  assert.equal(all.at(-1)?.offset, firstOffset);
  for (let offset = 0; offset <= firstOffset; offset += 13) {
    const rest = all.filter((record) => record.offset >= offset);
    assert.deepEqual(await readAll(log, 'segment-memberships', 0, { ...NO_LIMITS, records: 9 }, offset), rest);
  }
  await subject.compact?.('segment-memberships');
  assert.deepEqual(await readAll(log, 'segment-memberships', 0), latestOf(all));
}

async function compactedAndReopened(subject: EventLogSubject): Promise<void> {
  await appendSuperseded(subject);
  await subject.compact?.('segment-memberships');
  const before = await readAll(subject.log, 'segment-memberships', 0);
  const end = await subject.log.endOffset('segment-memberships', 0);
  const again = await subject.reopen?.();
  assert.ok(again);
  assert.deepEqual(await readAll(again.log, 'segment-memberships', 0), before);
  assert.equal(await again.log.endOffset('segment-memberships', 0), end);
  await again.dispose();
}
