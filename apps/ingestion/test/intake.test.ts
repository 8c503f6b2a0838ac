import { describe, expect, test } from '@jest/globals';
import type { DeadLetterRecord, TrackedRecord } from '@tessera/contracts';
import { keyOf } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import { setImmediate as turn } from 'node:timers/promises';
import { IngestionCounters } from '../src/intake/counters.js';
import { Intake } from '../src/intake/intake.js';
import { RecordingLog } from './recording-log.js';

const recordOf = (sender: string, messageId: string): TrackedRecord => ({
  kind: 'tracked',
  workspace: 'shop',
  sender,
  messageId,
  messageHash: 1,
  type: 'track',
  event: 'E',
  identities: [],
  timeMs: 10,
  receivedMs: 20,
  properties: undefined,
  traits: undefined,
  context: undefined,
  consent: undefined,
  source: 'web',
});
const letter: DeadLetterRecord = {
  kind: 'deadLetter',
  workspace: 'shop',
  reason: 'too-deep',
  detail: '',
  place: 'ingestion',
  topic: '',
  partition: -1,
  offset: -1,
  received: undefined,
  original: new Uint8Array([1]),
  contentType: '',
};
const senders = Array.from({ length: 20 }, (_, i) => `user_id:u${String(i)}`);
const limits = { inFlightEventsMax: 10, inFlightBytesMax: 1000, retryAfterSeconds: 3 };

function setUp(): { log: RecordingLog; counters: IngestionCounters; intake: Intake } {
  const log = new RecordingLog();
  const counters = new IngestionCounters();
  return { log, counters, intake: new Intake(log, limits, counters) };
}
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.finally(() => (done = true)).catch(() => undefined);
  for (let i = 0; i < 5; i++) await turn();
  return done;
}

describe('the intake', () => {
  test('appends each event under its sender, in that partition, with its own time as the stamp', async () => {
    const { log, intake } = setUp();
    await intake.take(
      'web',
      senders.map((sender) => recordOf(sender, 'm')),
      [letter],
    );
    for (const { topic, partition, records } of log.durable.filter(({ topic }) => topic === 'events')) {
      for (const { key, timeMs, value } of records) {
        expect([topic, key, timeMs]).toEqual(['events', keyOf('shop', 'sender', (value as TrackedRecord).sender), 10]);
        expect(partition).toBe(partitionOf(key, 4));
      }
    }
    expect(log.values('events').length).toBe(20);
    expect(log.durable.find(({ topic }) => topic === 'dead-letters')?.records).toEqual([
      { key: 'shop/source/web', value: letter },
    ]);
  });

  test('says nothing before everything is durable', async () => {
    const { log, intake } = setUp();
    log.hold();
    const taken = intake.take('web', [recordOf('user_id:u1', 'm')], [letter]);
    expect([await settled(taken), log.durable.length]).toEqual([false, 0]);
    log.open();
    await taken;
    expect(log.durable.length).toBe(2);
  });

  test('carries the requests of one turn, and those that come while an append is under way, in one append each, in order', async () => {
    const { log, intake } = setUp();
    log.hold();
    const first = ['a', 'b', 'c'].map((id) => intake.take('web', [recordOf('user_id:u1', id)], []));
    await turn();
    const second = ['d', 'e'].map((id) => intake.take('web', [recordOf('user_id:u1', id)], []));
    await turn();
    expect(log.called).toBe(1);
    log.open();
    await Promise.all([...first, ...second]);
    expect(log.durable.map(({ records }) => records.map(({ value }) => (value as TrackedRecord).messageId))).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
  });

  test('tells the requests of a failed append that the log refused, and goes on with the next', async () => {
    const { log, counters, intake } = setUp();
    log.fails = true;
    await expect(intake.take('web', [recordOf('user_id:u1', 'a')], [])).rejects.toMatchObject({
      code: 'unavailable',
      facts: { retryAfterSeconds: 3 },
    });
    log.fails = false;
    await intake.take('web', [recordOf('user_id:u1', 'b')], []);
    expect(log.values<TrackedRecord>('events').map(({ messageId }) => messageId)).toEqual(['b']);
    expect(counters.notDurable).toBe(1);
  });

  test('bounds events and bytes in flight, lets one large request in alone, and has room again after a release', () => {
    const { intake } = setUp();
    const refused = (events: number, bytes: number): string => {
      try {
        intake.reserve({ events, bytes });
        return 'let in';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(refused(8, 100)).toBe('let in');
    expect(refused(3, 100)).toBe('overloaded');
    expect(refused(1, 901)).toBe('overloaded');
    expect(refused(2, 900)).toBe('let in');
    intake.release({ events: 8, bytes: 100 });
    intake.release({ events: 2, bytes: 900 });
    expect(refused(500, 5000)).toBe('let in');
    expect(refused(1, 1)).toBe('overloaded');
  });
});
