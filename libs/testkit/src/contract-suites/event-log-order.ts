// Laws of the log: order, offsets, reads, wake-ups.
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { until } from './contract.js';
import { idsOf, newRecord, newRecords, NO_LIMITS, readAll } from './event-log-records.js';
import type { EventLogLaw, EventLogSubject } from './event-log.js';

export const orderLaws: readonly EventLogLaw[] = [
  { name: 'a new log is empty, with the partitions of the topic table', check: emptyLog },
  {
    name: 'appends of one caller to one partition take effect in call order, also when none waits for another',
    check: callOrder,
  },
  { name: 'appends to many partitions at once keep the order of each', check: manyPartitions },
  { name: 'an append of thousands of records is one append', check: largeAppend },
  { name: 'an append of no record changes nothing', check: emptyAppend },
  { name: 'a read gives at most its limit of records, and the next read goes on where it ended', check: recordLimit },
  { name: 'a read is bounded by bytes and still gives at least one record', check: byteLimit },
  { name: 'a read at the end or beyond is empty at once, and stays where it is', check: emptyRead },
  { name: 'a read can begin at any offset', check: anyOffset },
  { name: 'a subscriber is woken when records became readable, and not after it has left', check: wakeUps },
  { name: 'a subscriber is not woken by another partition', check: noForeignWakeUp },
];

async function emptyLog({ log, conditions }: EventLogSubject): Promise<void> {
  assert.equal(log.clock, conditions.clock);
  assert.equal(log.partitions('events'), conditions.partitions);
  assert.equal(log.partitions('definitions'), 1);
  for (let partition = 0; partition < conditions.partitions; partition++) {
    assert.equal(await log.startOffset('events', partition), await log.endOffset('events', partition));
    assert.deepEqual((await log.read('events', partition, 0, NO_LIMITS)).records, []);
  }
}

async function callOrder({ log }: EventLogSubject): Promise<void> {
  const sizes = [1, 7, 1, 300, 1000, 2, 1500, 1, 1];
  const appends = sizes.map((size, i) => log.append('events', 1, newRecords(String(i), size)));
  const acknowledged = await Promise.all(appends);
  const records = await readAll(log, 'events', 1);
  assert.deepEqual(
    idsOf(records),
    sizes.flatMap((size, i) => idsOf(newRecords(String(i), size).map(({ value }) => ({ value })))),
  );
  records.reduce((before, { offset }) => (assert.ok(offset > before, 'offsets rise'), offset), -1);
  acknowledged.forEach(({ firstOffset }, i) => {
    const first = records.find((record) => idsOf([record])[0] === `${String(i)}.0`);
    assert.equal(first?.offset, firstOffset, 'firstOffset is the offset of the first record');
  });
  assert.equal(await log.endOffset('events', 1), (records.at(-1)?.offset ?? 0) + 1);
}

async function manyPartitions({ log, conditions }: EventLogSubject): Promise<void> {
  const appends: Promise<unknown>[] = [];
  for (let i = 0; i < 200; i++)
    appends.push(log.append('events', i % conditions.partitions, [newRecord(String(i)), newRecord(`${String(i)}b`)]));
  await Promise.all(appends);
  for (let partition = 0; partition < conditions.partitions; partition++) {
    const expected = Array.from({ length: 200 }, (_, i) => i).filter((i) => i % conditions.partitions === partition);
    assert.deepEqual(
      idsOf(await readAll(log, 'events', partition)),
      expected.flatMap((i) => [String(i), `${String(i)}b`]),
    );
  }
}

async function largeAppend({ log }: EventLogSubject): Promise<void> {
  await log.append('fragments', 2, newRecords('before', 1));
  const { firstOffset } = await log.append('fragments', 2, newRecords('large', 5000));
  const records = await readAll(log, 'fragments', 2, NO_LIMITS, firstOffset);
  assert.deepEqual(idsOf(records), idsOf(newRecords('large', 5000)));
}

async function emptyAppend({ log }: EventLogSubject): Promise<void> {
  await log.append('events', 0, newRecords('a', 2));
  const end = await log.endOffset('events', 0);
  await log.append('events', 0, []);
  assert.equal(await log.endOffset('events', 0), end);
}

async function recordLimit({ log }: EventLogSubject): Promise<void> {
  await log.append('events', 0, newRecords('a', 1200));
  for (const limit of [1, 7, 999, 1000, 1001]) {
    const first = await log.read('events', 0, 0, { ...NO_LIMITS, records: limit });
    assert.ok(first.records.length <= limit, `${String(first.records.length)} records for a limit of ${String(limit)}`);
    assert.deepEqual(
      idsOf(await readAll(log, 'events', 0, { ...NO_LIMITS, records: Math.max(7, limit) })),
      idsOf(newRecords('a', 1200)),
    );
  }
}

async function byteLimit({ log }: EventLogSubject): Promise<void> {
  await log.append('events', 0, newRecords('a', 1000));
  const bounded = await log.read('events', 0, 0, { records: 10_000, bytes: 5000 });
  assert.ok(
    bounded.records.length > 0 && bounded.records.length < 1000,
    `${String(bounded.records.length)} records in 5,000 bytes`,
  );
  const one = await log.read('events', 0, 3, { records: 10_000, bytes: 1 });
  assert.ok(one.records.length > 0);
  assert.equal(idsOf(one.records)[0], 'a.3');
}

async function emptyRead({ log }: EventLogSubject): Promise<void> {
  await log.append('events', 0, newRecords('a', 3));
  const end = await log.endOffset('events', 0);
  for (const offset of [end, end + 10]) {
    assert.deepEqual(await log.read('events', 0, offset, NO_LIMITS), { records: [], nextOffset: offset });
  }
}

async function anyOffset({ log }: EventLogSubject): Promise<void> {
  for (let i = 0; i < 5; i++) await log.append('events', 0, newRecords(String(i), 20));
  const all = await readAll(log, 'events', 0);
  for (let start = 0; start < all.length; start += 7) {
    const batch = await log.read('events', 0, (all[start] as (typeof all)[number]).offset, NO_LIMITS);
    assert.deepEqual(idsOf(batch.records), idsOf(all).slice(start, start + batch.records.length));
  }
}

async function wakeUps({ log }: EventLogSubject): Promise<void> {
  let readableAtWake = 0;
  const leave = log.subscribe('events', 0, () => {
    void log.endOffset('events', 0).then((end) => (readableAtWake = Math.max(readableAtWake, end)));
  });
  for (let i = 1; i <= 3; i++) {
    const { firstOffset } = await log.append('events', 0, [newRecord(String(i))]);
    await until(() => readableAtWake > firstOffset, 'the subscriber was woken to a readable record');
  }
  leave();
  let wakes = 0;
  const stay = log.subscribe('events', 0, () => wakes++);
  const before = readableAtWake;
  await log.append('events', 0, [newRecord('after')]);
  await until(() => wakes > 0, 'the subscriber that stayed was woken');
  await nextTurn();
  assert.equal(readableAtWake, before, 'one that left is not woken');
  stay();
}

async function noForeignWakeUp({ log }: EventLogSubject): Promise<void> {
  let foreign = 0;
  let own = 0;
  const leave = log.subscribe('events', 1, () => foreign++);
  const stay = log.subscribe('events', 0, () => own++);
  await log.append('events', 0, [newRecord('a')]);
  await until(() => own > 0, 'the subscriber was woken');
  assert.equal(foreign, 0);
  leave();
  stay();
}
