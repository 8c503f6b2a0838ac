// Laws of the log: a record is read as it was appended, by a reader beside the appender and by one that comes later.
import assert from 'node:assert/strict';
import { keyOf } from '@tessera/contracts';
import type { AnyRecord } from '@tessera/contracts';
import type { NewRecord } from '@tessera/runtime';
import { newRecord, NO_LIMITS, readAll, TIME_MS } from './event-log-records.js';
import type { EventLogLaw, EventLogSubject } from './event-log.js';

/** Names that have tripped encoders: they are properties like any other. */
const TRAPS: readonly unknown[] = [
  JSON.parse(
    '{"__proto__": {"polluted": true}, "constructor": 1, "toJSON": "x", "hasOwnProperty": null, "__keys__": [], "": 0, "1": 2}',
  ),
  { deep: { deeper: { deepest: [[[[{ a: [] }]]]] } }, empty: {}, none: null },
  [2 ** 31, 2 ** 32, 2 ** 53 - 1, -(2 ** 53) + 1, -(2 ** 31), 1e308, 5e-324, 0.1, 255, 256, 65536, 63, 64, -1],
  ['', 'é', '日本語', '👩‍👩‍👧', '\u0000', '\ud800', 'a\udc00b', '\ufffd', 'x'.repeat(300), 'ü'.repeat(300), '€'.repeat(70_000)],
  Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`p${String(i)}`, i])),
];

export function valueLaws(jsonValues: readonly unknown[]): readonly EventLogLaw[] {
  const records = [...TRAPS, ...jsonValues].map((value, i) => newRecord(String(i), { value }));
  return [
    { name: 'any JSON value is read as it was appended', check: (subject) => sameValues(subject, records) },
    {
      name: 'any JSON value is read as it was appended after opening again',
      needs: ['reopen'],
      check: (subject) => sameValuesLater(subject, records),
    },
    { name: 'bytes in a record are read as bytes', check: (subject) => sameValues(subject, withBytes()) },
    {
      name: 'a tombstone is read as null',
      check: (subject) => sameValues(subject, [{ ...newRecord('a'), value: null }, newRecord('b')]),
    },
    { name: 'headers are read as they were appended', check: sameHeaders },
    { name: 'keys of any characters and length are read as they were appended', check: sameKeys },
    { name: 'a record of a megabyte is read as it was appended', check: (subject) => sameValues(subject, largeRecords()) },
    { name: 'appended objects are left as they are', check: (subject) => sameValues(subject, deepFreeze(records.slice(0, 20))) },
  ];
}

async function sameValues({ log }: EventLogSubject, records: readonly NewRecord[]): Promise<void> {
  // A reader that is there already is handed the appended objects by some logs.
  await log.read('events', 0, 0, NO_LIMITS);
  await log.append('events', 0, records);
  assertSame(await readAll(log, 'events', 0), records);
}

async function sameValuesLater(subject: EventLogSubject, records: readonly NewRecord[]): Promise<void> {
  await subject.log.append('events', 0, records);
  const again = await subject.reopen?.();
  assert.ok(again);
  assertSame(await readAll(again.log, 'events', 0), records);
  await again.dispose();
}

function assertSame(read: readonly { readonly value: AnyRecord | null }[], appended: readonly NewRecord[]): void {
  assert.deepEqual(
    read.map(({ value }) => comparable(value)),
    appended.map(({ value }) => comparable(value)),
  );
}

/** A property that is undefined and one that is not there are the same: JSON cannot tell them apart, and no step does. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([name, field]) => [name, comparable(field)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

async function sameHeaders({ log }: EventLogSubject): Promise<void> {
  const headers = { ce_type: 'tessera.profile.segments-changed.v1', ce_subject: 'p_é', empty: '' };
  await log.append('events', 0, [newRecord('a'), { ...newRecord('b'), headers }, newRecord('c')]);
  const records = await readAll(log, 'events', 0);
  for (const [name, value] of Object.entries(headers)) {
    assert.deepEqual(
      records.map((record) => record.headers?.[name]),
      [undefined, value, undefined],
    );
  }
}

async function sameKeys({ log }: EventLogSubject): Promise<void> {
  const keys = ['plain', 'a/b%c', 'é', '日本語', '', 'x'.repeat(400)].map((id) => keyOf('wörk/space', 'profile', id, 'more'));
  await log.append(
    'events',
    0,
    keys.map((key, i) => ({ ...newRecord(String(i)), key })),
  );
  assert.deepEqual(
    (await readAll(log, 'events', 0)).map(({ key }) => key),
    keys,
  );
}

function withBytes(): readonly NewRecord[] {
  const key = keyOf('w', 'sender', 'd0');
  const states = [new Uint8Array(0), new Uint8Array([0, 1, 254, 255]), new Uint8Array(3000).map((_, i) => i)];
  return states.map((state) => ({
    key,
    value: { kind: 'backfilled', workspace: 'w', sender: 'd0', set: 1, hash: 'h', state },
    timeMs: TIME_MS,
  }));
}

function largeRecords(): readonly NewRecord[] {
  const values = Array.from({ length: 20_000 }, (_, i) => `value number ${String(i)} of a large record`);
  return [
    newRecord('small'),
    newRecord('large', { values }),
    newRecord('text', { text: 'é'.repeat(600_000) }),
    newRecord('last'),
  ];
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !ArrayBuffer.isView(value)) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
