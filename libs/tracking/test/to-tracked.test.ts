import { describe, expect, test } from '@jest/globals';
import { RECORD_CHECKS } from '@tessera/contracts';
import { hash53 } from '@tessera/hash';
import { DEFAULT_IDENTITY_RULES } from '@tessera/identity';
import fc from 'fast-check';
import type { JsonObject, ParsedCall } from '../src/parse-call.js';
import { Refusal } from '../src/refusal.js';
import { toTracked } from '../src/to-tracked.js';
import type { Arrival, CallType } from '../src/to-tracked.js';

const receivedMs = Date.parse('2026-01-05T09:00:00.000Z');
const arrival: Arrival = {
  workspace: 'shop',
  source: 'web',
  rules: DEFAULT_IDENTITY_RULES,
  context: undefined,
  integrations: undefined,
  nextId: () => 'generated',
  receivedMs,
  sentAtMs: undefined,
  clock: 'corrected',
};
const tracked = (call: JsonObject, type?: CallType, over: Partial<Arrival> = {}): JsonObject =>
  toTracked(call as ParsedCall, type, { ...arrival, ...over }) as unknown as JsonObject;
const refusal = (call: JsonObject, type?: CallType): string => {
  const result = toTracked(call as ParsedCall, type, arrival);
  return result instanceof Refusal ? `${result.reason} ${result.field}` : 'accepted';
};

describe('a call becomes a record', () => {
  test('with everything that later stages need and nothing of the envelope', () => {
    const call = {
      type: 'track',
      event: 'Order Completed',
      messageId: 'm-1',
      userId: '42',
      anonymousId: 'dev-1',
      timestamp: '2026-01-05T08:30:00.000Z',
      properties: { revenue: 12.5 },
      context: { campaign: { name: 'winter' }, consent: { categoryPreferences: { Advertising: false, Analytics: true } } },
      integrations: { All: false },
      channel: 'server',
      writeKey: 'k',
      _metadata: { nodeVersion: '24' },
    };
    expect(tracked(call)).toEqual({
      kind: 'tracked',
      workspace: 'shop',
      sender: 'anonymous_id:dev-1',
      messageId: 'm-1',
      messageHash: hash53('m-1'),
      type: 'track',
      event: 'Order Completed',
      userId: '42',
      anonymousId: 'dev-1',
      identities: [],
      timeMs: receivedMs - 1_800_000,
      receivedMs,
      properties: { revenue: 12.5 },
      traits: undefined,
      context: { ...call.context, integrations: { All: false } },
      groupId: undefined,
      previousId: undefined,
      consent: { purposes: { Advertising: false, Analytics: true } },
      source: 'web',
    });
  });

  test.each<[string, JsonObject, JsonObject]>([
    [
      'numbers as ids are texts',
      { type: 'identify', userId: 42, messageId: 7 },
      { userId: '42', sender: 'user_id:42', messageId: '7' },
    ],
    ['a blank message id is replaced', { type: 'page', userId: 'u1', messageId: ' ' }, { messageId: 'generated' }],
    ['no message id is replaced', { type: 'page', userId: 'u1' }, { messageId: 'generated', messageHash: hash53('generated') }],
    [
      'null is absent',
      { type: 'page', anonymousId: 'd1', userId: null, properties: null, traits: null, context: null, groupId: null },
      { userId: undefined, properties: undefined, context: undefined },
    ],
    [
      'a placeholder is absent',
      { type: 'page', anonymousId: 'd1', userId: 'null' },
      { userId: undefined, sender: 'anonymous_id:d1' },
    ],
    ['a huge integer names nobody', { type: 'page', anonymousId: 'd1', userId: 2 ** 60 }, { userId: undefined }],
    ['a cut emoji names nobody', { type: 'page', anonymousId: 'd1', userId: 'u\ud83d' }, { userId: undefined }],
    [
      'an e-mail alone is a sender',
      { type: 'identify', traits: { email: 'A@Shop.Example' } },
      { sender: 'email:a@shop.example', identities: [{ namespace: 'email', value: 'a@shop.example' }] },
    ],
    [
      'the name of a page is its event',
      { type: 'page', userId: 'u1', name: 'Home', category: 'Shop' },
      { event: 'Home', properties: { category: 'Shop' } },
    ],
    [
      'a category in the properties stays',
      { type: 'page', userId: 'u1', category: 'A', properties: { category: 'B' } },
      { properties: { category: 'B' } },
    ],
    [
      'a group',
      { type: 'group', userId: 'u1', groupId: 9, traits: { plan: 'pro' } },
      { type: 'group', groupId: '9', traits: { plan: 'pro' } },
    ],
    [
      'an alias links the device of the previous id',
      { type: 'alias', userId: 'u1', previousId: 'd1', anonymousId: 'other' },
      { type: 'alias', userId: 'u1', anonymousId: 'd1', sender: 'anonymous_id:d1', previousId: 'd1' },
    ],
    [
      'an alias from an e-mail address',
      { type: 'alias', userId: 'u1', previousId: 'a@shop.example' },
      { sender: 'user_id:u1', anonymousId: undefined, identities: [{ namespace: 'email', value: 'a@shop.example' }] },
    ],
    [
      'no choice that can be read is no choice',
      { type: 'page', userId: 'u1', context: { consent: { categoryPreferences: { Ads: 'yes' } } } },
      { consent: undefined },
    ],
    ['empty integrations leave no trace', { type: 'page', userId: 'u1', integrations: {} }, { context: undefined }],
  ])('%s', (_, call, expected) => {
    expect(tracked(call)).toMatchObject(expected);
  });

  test('the endpoint decides the call, whatever the body says', () => {
    expect(tracked({ type: 'identify', event: 'E', userId: 'u1' }, 'track')['type']).toBe('track');
  });

  test('context and integrations of the batch are merged in; the members of the event win', () => {
    const shared = { context: { ip: '1.1.1.1', app: { name: 'shop' } }, integrations: { All: true, Mail: false } };
    const call = { type: 'page', userId: 'u1', context: { ip: '2.2.2.2' }, integrations: { Mail: true } };
    expect(tracked(call, undefined, shared)['context']).toEqual({
      ip: '2.2.2.2',
      app: { name: 'shop' },
      integrations: { All: true, Mail: true },
    });
    expect(tracked({ type: 'page', userId: 'u1' }, undefined, { context: { ip: '1.1.1.1' } })['context']).toEqual({
      ip: '1.1.1.1',
    });
  });
});

describe('a call is refused', () => {
  const user = { userId: 'u1' };
  test.each<[JsonObject, string]>([
    [{ ...user, type: 'click' }, 'unknown-type type'],
    [{ ...user, type: 7 }, 'unknown-type type'],
    [{ ...user, type: 'toString' }, 'unknown-type type'],
    [user, 'unknown-type type'],
    [{ ...user, type: 'track' }, 'invalid-field event'],
    [{ ...user, type: 'track', event: '' }, 'invalid-field event'],
    [{ ...user, type: 'track', event: {} }, 'invalid-field event'],
    [{ ...user, type: 'group' }, 'invalid-field groupId'],
    [{ ...user, type: 'group', groupId: true }, 'invalid-field groupId'],
    [{ ...user, type: 'group', groupId: 'g'.repeat(257) }, 'invalid-field groupId'],
    [{ ...user, type: 'alias' }, 'invalid-field previousId'],
    [{ type: 'alias', previousId: 'd1' }, 'invalid-field userId'],
    [{ ...user, type: 'page', properties: [] }, 'invalid-field properties'],
    [{ ...user, type: 'page', traits: 'x' }, 'invalid-field traits'],
    [{ ...user, type: 'page', context: 1 }, 'invalid-field context'],
    [{ ...user, type: 'page', integrations: [] }, 'invalid-field integrations'],
    [{ ...user, type: 'page', messageId: {} }, 'invalid-field messageId'],
    [{ ...user, type: 'page', messageId: 'm'.repeat(257) }, 'invalid-field messageId'],
    [{ ...user, type: 'page', messageId: 'm\u0000' }, 'invalid-field messageId'],
    [{ ...user, type: 'page', timestamp: 'never' }, 'invalid-field timestamp'],
    [{ type: 'page' }, 'missing-identity userId'],
    [{ type: 'page', userId: 'undefined', anonymousId: '' }, 'missing-identity userId'],
  ])('%j: %s', (call, expected) => {
    expect(refusal(call)).toBe(expected);
  });
});

// What was acknowledged must be readable: a reader of Kafka passes by a record that has not the form of its message.
test('whatever a call holds, it is refused or becomes a record of the form of its message', () => {
  const mostly = (...values: readonly unknown[]) =>
    fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: fc.jsonValue() });
  const text = mostly('Order Completed', 'd1', 'ada@example.com', 42, -0, 2 ** 53, '', null);
  const time = mostly('2026-01-05T08:00:00.123456Z', 1e12 + 0.5, 8.64e15, 2 ** 53, receivedMs - 0.25, '2000-01-01', null);
  const choices = fc.dictionary(fc.string(), mostly(true, false, 'yes'), { noNullPrototype: true });
  const part = mostly({ revenue: 12.5, email: 'ada@example.com' }, {}, { constructor: 1 }, null);
  const calls = fc.record(
    {
      type: fc.constantFrom('track', 'identify', 'page', 'screen', 'group', 'alias'),
      ...Object.fromEntries(['event', 'name', 'userId', 'anonymousId', 'groupId', 'previousId'].map((name) => [name, text])),
      ...Object.fromEntries(['messageId', 'category'].map((name) => [name, text])),
      ...Object.fromEntries(['timestamp', 'originalTimestamp', 'sentAt'].map((name) => [name, time])),
      properties: part,
      traits: part,
      context: fc.oneof(
        part,
        choices.map((categoryPreferences) => ({ consent: { categoryPreferences } })),
      ),
    },
    { requiredKeys: ['type'] },
  );
  let accepted = 0;
  fc.assert(
    fc.property(calls, fc.constantFrom<Arrival['clock']>('corrected', 'as-sent'), (call, clock) => {
      const record = toTracked(call as unknown as ParsedCall, undefined, { ...arrival, clock });
      if (record instanceof Refusal) return;
      accepted += 1;
      expect(RECORD_CHECKS['tracked']?.(JSON.parse(JSON.stringify(record)))).toBeUndefined();
    }),
    { numRuns: 2_000 },
  );
  expect(accepted).toBeGreaterThan(100);
});
