import { describe, expect, test } from '@jest/globals';
import { callOfCloudEvent, structuredOf } from '../src/cloud-events.js';
import { Refusal } from '../src/refusal.js';

const event = {
  specversion: '1.0',
  id: 'A1',
  source: '/shop',
  type: 'com.shop.order',
  subject: 'u1',
  time: '2026-01-05T09:00:00Z',
};
const refusal = (given: Record<string, unknown>): string => {
  const call = callOfCloudEvent(given);
  return call instanceof Refusal ? `${call.reason} ${call.field}` : 'accepted';
};

describe('a CloudEvent', () => {
  test('is a track call of its type by its subject', () => {
    expect(callOfCloudEvent({ ...event, data: { total: 3 }, dataschema: 'urn:x', region: 'eu' })).toEqual({
      type: 'track',
      event: 'com.shop.order',
      messageId: '/shop A1',
      userId: 'u1',
      anonymousId: undefined,
      timestamp: '2026-01-05T09:00:00Z',
      properties: { total: 3 },
      context: { cloudEvent: { source: '/shop', dataschema: 'urn:x', region: 'eu' } },
    });
  });

  test.each([
    [{ userid: 'u2' }, { userId: 'u2' }],
    [
      { subject: undefined, anonymousid: 'd1' },
      { userId: undefined, anonymousId: 'd1' },
    ],
    [{ data: 7 }, { properties: { data: 7 } }],
    [{ data: [1] }, { properties: { data: [1] } }],
    [{ data: null }, { properties: undefined }],
  ])('with %j is a call with %j', (given, expected) => {
    expect(callOfCloudEvent({ ...event, ...given })).toMatchObject(expected);
  });

  test.each([
    [{ specversion: '0.3' }, 'invalid-field specversion'],
    [{ specversion: undefined }, 'invalid-field specversion'],
    [{ id: '' }, 'invalid-field id'],
    [{ source: 5 }, 'invalid-field source'],
    [{ type: undefined }, 'invalid-field type'],
    [{ data_base64: 'AA==' }, 'invalid-field data_base64'],
  ])('with %j is refused: %s', (given, expected) => {
    expect(refusal({ ...event, ...given })).toBe(expected);
  });

  test('in binary form has its attributes in the headers, percent-encoded', () => {
    const headers = {
      'ce-specversion': '1.0',
      'ce-type': 'caf%C3%A9',
      'ce-id': '100%',
      host: 'h',
      'content-type': 'application/json',
    };
    expect(structuredOf(headers, { a: 1 })).toEqual({ specversion: '1.0', type: 'café', id: '100%', data: { a: 1 } });
    expect(structuredOf({ 'ce-id': '1' }, undefined)).toEqual({ id: '1' });
  });
});
