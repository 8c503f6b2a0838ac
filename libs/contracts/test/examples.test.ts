// One example per record: used by the documentation, and proof that code and proto/ say the same.
import { describe, expect, test } from '@jest/globals';
import { hash53 } from '@tessera/hash';
import { RECORD_KINDS, RECORDS } from '../src/record-kinds.js';
import { TOPIC_IDS } from '../src/topics.js';
import { loadProtos, readExamples, throughMessage, type JsonObject } from './proto-mapping.js';

const examples = readExamples();
const protos = loadProtos();

test('every record kind has an example, and every example a record kind', () => {
  expect([...examples.keys()].sort()).toEqual([...RECORD_KINDS].sort());
});

test('every topic carries a record', () => {
  const carried = new Set(RECORD_KINDS.flatMap((kind) => RECORDS[kind].topics));
  expect([...carried].sort()).toEqual([...TOPIC_IDS].sort());
});

test('every message of a log in proto/ that names a workspace is a record', () => {
  const messages = ['tessera.log.v1', 'tessera.changes.v1'].flatMap((namespace) =>
    protos.lookup(namespace) === null ? [] : messagesOf(namespace),
  );
  const records = new Set(RECORD_KINDS.map((kind) => RECORDS[kind].message));
  expect(messages.filter((message) => !records.has(message))).toEqual([]);
});

describe.each([...examples])('%s', (kind, example) => {
  const row = RECORDS[kind as keyof typeof RECORDS];
  const { kind: _kind, ...record } = example as JsonObject & { kind: string };

  test('says its kind', () => expect(example['kind']).toBe(kind));

  test('shows every field of its message', () => {
    expect(Object.keys(record).sort()).toEqual(Object.keys(protos.lookupType(row.message).fields).sort());
  });

  test('equals itself after its way through the bytes of its message', () => {
    expect(throughMessage(protos.lookupType(row.message), record)).toEqual(record);
  });
});

describe('the mapping notices', () => {
  const tick = protos.lookupType('tessera.log.v1.Tick');

  test('a property that is no field', () => {
    expect(() => throughMessage(tick, { closing: true, source: 1, effectiveMs: 0, surplus: 1 })).toThrow(
      'Tick has no field surplus',
    );
  });

  test('a value of another type', () => {
    expect(() => throughMessage(tick, { closing: 'yes' })).toThrow('Tick: closing: boolean expected');
  });

  test('a number that the field cannot hold', () => {
    expect(throughMessage(tick, { closing: true, source: 2 ** 40, effectiveMs: 0 })).not.toEqual({
      closing: true,
      source: 2 ** 40,
      effectiveMs: 0,
    });
  });
});

test('the hash in the example of a tracked event is the one that ingestion computes', () => {
  const tracked = examples.get('tracked') as { messageId: string; messageHash: number };
  expect(tracked.messageHash).toBe(hash53(tracked.messageId));
});

function messagesOf(namespace: string): string[] {
  const found = protos.lookup(namespace) as unknown as {
    nestedArray: readonly { fullName: string; fields?: Record<string, unknown> }[];
  };
  return found.nestedArray
    .filter(({ fields }) => fields !== undefined && 'workspace' in fields)
    .map(({ fullName }) => fullName.slice(1));
}
