// Laws of the log: nothing is acknowledged or read before it is durable, and what is durable stays.
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { journalViolations } from './contract.js';
import { idsOf, newRecord, newRecords, readAll } from './event-log-records.js';
import type { EventLogLaw, EventLogSubject } from './event-log.js';

export const durabilityLaws: readonly EventLogLaw[] = [
  {
    name: 'no append is acknowledged before its flush, and no flush comes before its commit',
    needs: ['journal'],
    check: flushFirst,
  },
  { name: 'what was acknowledged is there after a crash, in its order', needs: ['crash'], check: acknowledgedSurvives },
  {
    name: 'what could be read is there after a crash, and what is there is what was appended first',
    needs: ['crash'],
    check: readSurvives,
  },
  {
    name: 'what was appended is there after closing and opening, and offsets and stamps go on',
    needs: ['reopen'],
    check: reopened,
  },
  { name: 'closing waits for the appends under way', needs: ['reopen'], check: closeWaits },
];

async function flushFirst({ log, conditions, journal = [] }: EventLogSubject): Promise<void> {
  const appends: Promise<unknown>[] = [];
  for (let i = 0; i < 60; i++) {
    const number = i + 1;
    const append = log.append('events', i % conditions.partitions, newRecords(String(i), 1 + (i % 3) * 700));
    appends.push(append.then(() => journal.push({ event: 'resolved', number })));
    if (i % 10 === 0) await nextTurn();
  }
  await Promise.all(appends);
  assert.deepEqual(journalViolations(journal), []);
  for (const event of ['commit', 'flush', 'acknowledge', 'resolved'] as const) {
    assert.equal(
      new Set(journal.filter((entry) => entry.event === event).map(({ number }) => number)).size,
      60,
      `every append has its ${event}`,
    );
  }
}

async function acknowledgedSurvives({ log, crash }: EventLogSubject): Promise<void> {
  const acknowledged: string[] = [];
  const appends: Promise<unknown>[] = [];
  for (let i = 0; i < 40; i++) {
    const append = log.append('events', 0, [newRecord(String(i))]);
    appends.push(append.then(() => acknowledged.push(String(i))));
    if (i % 5 === 4) await nextTurn();
  }
  while (acknowledged.length === 0) await nextTurn();
  const expected = [...acknowledged];
  const after = await crash?.();
  assert.ok(after);
  assert.deepEqual(idsOf(await readAll(after.log, 'events', 0)).slice(0, expected.length), expected);
  await after.dispose();
  await Promise.all(appends);
}

async function readSurvives({ log, crash }: EventLogSubject): Promise<void> {
  const appends: Promise<unknown>[] = [];
  const appended: string[] = [];
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 10; i++) {
      const id = `${String(round)}.${String(i)}`;
      appended.push(id);
      appends.push(log.append('events', 0, [newRecord(id)]));
    }
    for (let turns = 0; turns < round; turns++) await nextTurn();
    const readable = idsOf(await readAll(log, 'events', 0));
    const after = await crash?.();
    assert.ok(after);
    const survived = idsOf(await readAll(after.log, 'events', 0));
    await after.dispose();
    assert.deepEqual(survived.slice(0, readable.length), readable, 'what was read survives');
    assert.deepEqual(survived, appended.slice(0, survived.length), 'what survives is the beginning of what was appended');
  }
  await Promise.all(appends);
}

async function reopened(subject: EventLogSubject): Promise<void> {
  const { log } = subject;
  await log.append('events', 3, newRecords('a', 1200));
  await log.append('definitions', 0, newRecords('d', 2));
  const before = await readAll(log, 'events', 3);
  const end = await log.endOffset('events', 3);
  const again = await subject.reopen?.();
  assert.ok(again);
  assert.deepEqual(await readAll(again.log, 'events', 3), before);
  assert.equal(await again.log.endOffset('events', 3), end);
  assert.equal(await again.log.endOffset('events', 2), 0);
  const { firstOffset } = await again.log.append('events', 3, newRecords('b', 2));
  assert.equal(firstOffset, end);
  const [last] = await readAll(again.log, 'events', 3, undefined, firstOffset);
  assert.ok((last?.stampMs ?? 0) >= (before.at(-1)?.stampMs ?? Infinity), 'stamps go on');
  await again.dispose();
}

async function closeWaits(subject: EventLogSubject): Promise<void> {
  const append = subject.log.append('events', 0, newRecords('a', 10));
  const again = await subject.reopen?.();
  assert.ok(again);
  await append;
  assert.deepEqual(idsOf(await readAll(again.log, 'events', 0)), idsOf(newRecords('a', 10)));
  await again.dispose();
}
