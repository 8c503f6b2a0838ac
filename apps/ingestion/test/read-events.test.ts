import { describe, expect, test } from '@jest/globals';
import { DEFAULT_IDENTITY_RULES } from '@tessera/identity';
import fc from 'fast-check';
import { toTracked, TRACKING_LIMITS } from '@tessera/tracking';
import type { Arrival } from '@tessera/tracking';
import { readBatch } from '../src/tracking/body.js';
import { BodyRefusal } from '../src/tracking/body-refusal.js';
import { readEvents } from '../src/tracking/read-events.js';

const arrival: Arrival = {
  workspace: 'shop',
  source: 'web',
  rules: DEFAULT_IDENTITY_RULES,
  context: undefined,
  integrations: undefined,
  nextId: () => 'generated',
  receivedMs: Date.parse('2026-01-05T09:00:00.000Z'),
  sentAtMs: undefined,
  clock: 'corrected',
};
function read(text: string): ReturnType<typeof readEvents> {
  const body = readBatch(Buffer.from(text), TRACKING_LIMITS);
  if (body instanceof BodyRefusal) return body;
  return readEvents(body, (call) => toTracked(call, undefined, arrival), TRACKING_LIMITS);
}
function mustRead(events: readonly unknown[]): Exclude<ReturnType<typeof readEvents>, BodyRefusal> {
  const result = read(JSON.stringify({ batch: events }));
  if (result instanceof BodyRefusal) throw new Error(result.facts.detail);
  return result;
}
const good = (messageId: string, userId = 'u1'): Record<string, unknown> => ({ type: 'track', event: 'E', messageId, userId });

describe('the events of a request', () => {
  test('each have one outcome, with their place', () => {
    const { records, refused, duplicates } = mustRead([good('a'), { type: 'track' }, good('b'), good('a'), good('a', 'u2')]);
    expect(records.map(({ messageId, sender }) => `${sender} ${messageId}`)).toEqual([
      'user_id:u1 a',
      'user_id:u1 b',
      'user_id:u2 a',
    ]);
    expect(refused.map(({ index, refusal }) => [index, refusal.reason])).toEqual([[1, 'invalid-field']]);
    expect(duplicates).toEqual([{ index: 3, messageId: 'a' }]);
  });

  test('are all refused together when one of them is not JSON', () => {
    const result = read(`{"batch":[${JSON.stringify(good('a'))},{"a":01}]}`);
    expect(result).toMatchObject({ code: 'invalid-json', facts: { field: 'batch[1]' } });
  });

  test('whatever they hold: none crashes, none is lost, and the good one after them goes through', () => {
    const field = fc.constantFrom(
      'type',
      'event',
      'userId',
      'anonymousId',
      'messageId',
      'timestamp',
      'sentAt',
      'properties',
      'traits',
      'context',
      'groupId',
      'previousId',
      'integrations',
      '__proto__',
      'category',
      'name',
    );
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom(
        'track',
        'identify',
        'alias',
        'group',
        'page',
        '2026-01-05T09:00:00Z',
        { consent: { categoryPreferences: { a: true } } },
        { traits: { email: 'a@b.example' } },
        { email: 'x@y.example' },
      ),
      fc.string({ unit: 'binary' }),
    );
    const event = fc.oneof(
      fc.jsonValue(),
      fc.array(fc.tuple(field, value)).map((members) => Object.fromEntries(members) as unknown),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 6 }), (events) => {
        const { records, refused, duplicates } = mustRead([...events, good('last')]);
        expect(records.length + refused.length + duplicates.length).toBe(events.length + 1);
        expect(records.at(-1)).toMatchObject({ messageId: 'last', sender: 'user_id:u1', event: 'E' });
        for (const record of records) {
          expect(record.sender.length).toBeGreaterThan(0);
          expect(record.messageId.length).toBeGreaterThan(0);
          expect(Number.isSafeInteger(record.timeMs) && record.timeMs <= record.receivedMs).toBe(true);
          expect(JSON.parse(JSON.stringify(record))).toEqual(JSON.parse(JSON.stringify(record).toWellFormed()));
        }
        for (const { refusal } of refused) expect(refusal.detail.length).toBeGreaterThan(0);
      }),
      { numRuns: 3000 },
    );
  });
});
