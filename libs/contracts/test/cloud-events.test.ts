import { describe, expect, test } from '@jest/globals';
import { CLOUD_EVENTS, headersOf, isPublic, type PublicTopicId } from '../src/cloud-events.js';
import { keyOf } from '../src/keys.js';
import { RECORDS } from '../src/record-kinds.js';
import type { AnyRecord } from '../src/records.js';
import { TOPIC_IDS, TOPICS } from '../src/topics.js';
import { violationsOf } from './cloud-events-rules.js';
import { readExamples } from './proto-mapping.js';

const examples = readExamples();
const example = (kind: AnyRecord['kind']) => examples.get(kind) as unknown as AnyRecord;
const profile = 'p_xvknjvzp4qw2cqo37575wh6kra';
const effectiveMs = Date.parse('2026-01-05T09:30:00.250Z');

describe('the table of CloudEvents', () => {
  test('has a row for each public topic and no other', () => {
    expect(TOPIC_IDS.filter(isPublic)).toEqual(TOPIC_IDS.filter((id) => TOPICS[id].audience === 'public'));
  });

  test('names the record that the topic carries', () => {
    for (const [topic, row] of Object.entries(CLOUD_EVENTS)) expect(RECORDS[row.kind].topics).toEqual([topic]);
  });

  test('has a type of its own for each topic, versioned', () => {
    const types = Object.values(CLOUD_EVENTS).map(({ type }) => type);
    expect(new Set(types).size).toBe(types.length);
    for (const type of types) expect(type).toMatch(/^tessera\.[a-z-]+\.[a-z-]+\.v1$/);
  });
});

describe('headers', () => {
  test('of a change of segments', () => {
    const key = keyOf('main', 'profile', profile);
    expect(headersOf('segment-changes', { key, value: example('segmentsChanged'), timeMs: effectiveMs })).toEqual({
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_type: 'tessera.profile.segments-changed.v1',
      ce_source: '/tessera/segments',
      ce_id: `main/profile/${profile}@0.2081.0`,
      ce_subject: profile,
      ce_time: '2026-01-05T09:30:00.250Z',
      ce_workspace: 'main',
      ce_partitionkey: `main/profile/${profile}`,
      ce_sequence: '0000000000000012',
      ce_cause: 'fragments/2/2081',
    });
  });

  test.each<[PublicTopicId, string, string | undefined]>([
    ['segment-memberships', `main/profile/${profile}/cart-abandoners@0.2081.1`, '2026-01-05T09:30:00.250Z'],
    ['profile-features', `main/profile/${profile}@0.2081.2`, '2026-01-05T09:30:00.250Z'],
    ['identity-assignments', 'main/identity/email:ada@example.com@0.17.3', undefined],
    ['decisions', 'd_01kh3v5s9t', '2026-01-05T09:30:01.150Z'],
  ])('of %s take id and time from the record', (topic, id, time) => {
    const headers = headersOf(topic, { key: keyOfExample(topic), value: example(CLOUD_EVENTS[topic].kind) });
    expect(headers).toMatchObject({ ce_id: id, ce_subject: profile, ce_workspace: 'main' });
    expect(headers?.['ce_time']).toBe(time);
  });

  test('of a tombstone tell what its key and its writer tell', () => {
    const key = keyOf('main', 'profile', profile, 'cart-abandoners');
    const headers = { version: '0.2081.1', sequence: '12' };
    expect(headersOf('segment-memberships', { key, value: null, timeMs: effectiveMs, headers })).toEqual({
      ce_specversion: '1.0',
      ce_type: 'tessera.profile.membership-changed.v1',
      ce_source: '/tessera/segments',
      ce_id: `main/profile/${profile}/cart-abandoners@0.2081.1`,
      ce_subject: profile,
      ce_time: '2026-01-05T09:30:00.250Z',
      ce_workspace: 'main',
      ce_partitionkey: `main/profile/${profile}/cart-abandoners`,
      ce_sequence: '0000000000000012',
    });
  });

  test('tell two tombstones of one key at one time apart, and a tombstone from the value that it ends', () => {
    const key = keyOf('main', 'profile', profile, 'cart-abandoners');
    const idOf = (version: string, value: AnyRecord | null) =>
      headersOf('segment-memberships', { key, value, timeMs: effectiveMs, headers: { version } })?.['ce_id'];
    const ids = [idOf('0.2081.2', null), idOf('0.2082.2', null), idOf('0.2081.1', example('segmentMembership'))];
    expect(new Set(ids).size).toBe(3);
  });

  test('name the deployment by its prefix, so that two of them share no source', () => {
    const key = keyOf('main', 'profile', profile);
    expect(headersOf('profile-features', { key, value: example('profileFeatures') }, 'shop-eu')?.['ce_source']).toBe(
      '/shop-eu/segments',
    );
  });

  test('name no subject for a decision about nobody known, nor for the tombstone of an identity', () => {
    const unknown = { ...example('decisionMade'), profile: '' } as AnyRecord;
    expect(headersOf('decisions', { key: keyOf('main', 'profile', ''), value: unknown })).not.toHaveProperty('ce_subject');
    const forgotten = { key: keyOf('main', 'identity', 'email:ada@example.com'), value: null, timeMs: 0 };
    expect(headersOf('identity-assignments', forgotten)).not.toHaveProperty('ce_subject');
  });

  test('tell the workspace as it was written, not as the key escapes it', () => {
    const key = keyOf('shop/eu', 'profile', profile);
    expect(headersOf('segment-changes', { key, value: example('segmentsChanged') })?.['ce_workspace']).toBe('shop/eu');
  });

  test('are put on public topics only', () => {
    expect(headersOf('events', { key: keyOf('main', 'sender', 'anonymous_id:d0'), value: example('tracked') })).toBeUndefined();
  });

  test('carry sequences that are in order as text', () => {
    const headersAt = (sequence: number) =>
      headersOf('segment-changes', {
        key: keyOf('main', 'profile', profile),
        value: { ...example('segmentsChanged'), sequence } as AnyRecord,
      })?.['ce_sequence'] as string;
    const sequences = [1, 9, 10, 99, 12345, Number.MAX_SAFE_INTEGER];
    expect(sequences.map(headersAt).sort().map(Number)).toEqual(sequences);
  });
});

describe('by the rules of CloudEvents and its Kafka binding', () => {
  const publicTopics = Object.keys(CLOUD_EVENTS) as PublicTopicId[];

  test.each(publicTopics)('%s: the headers of a record and of a tombstone are sound', (topic) => {
    const key = keyOfExample(topic);
    for (const value of [example(CLOUD_EVENTS[topic].kind), null]) {
      const headers = headersOf(topic, { key, value, timeMs: effectiveMs, headers: { version: '0.1.2' } }) ?? {};
      expect(violationsOf(headers, { hasValue: value !== null, key })).toEqual([]);
    }
  });

  test('a character that they forbid is escaped in every attribute, one way for one text', () => {
    const odd = ['a\u0085b', 'a%C2%85b', 'a\ufffeb', 'a\u007fb', 'a\u{1ffff}b', 'ümlaut 💡'];
    const ids = odd.map((identity) => {
      const key = keyOf('w\u0090\ud800', 'identity', identity);
      const value = { ...example('identityAssigned'), profile: identity, workspace: 'w\u0090\ud800' } as AnyRecord;
      const headers = headersOf('identity-assignments', { key, value, timeMs: 0 }) ?? {};
      expect(violationsOf(headers, { hasValue: true, key: headers['ce_partitionkey'] as string })).toEqual([]);
      return headers['ce_id'];
    });
    expect(new Set(ids).size).toBe(odd.length);
  });

  test.each<[string, Record<string, string>, string]>([
    ['a missing id', { ce_id: '' }, 'ce_id is missing or empty'],
    ['another version', { ce_specversion: '2.0' }, 'ce_specversion is not 1.0'],
    ['a source with a space', { ce_source: '/my shop' }, 'ce_source is no URI-reference'],
    ['a day that does not exist', { ce_time: '2026-01-32T00:00:00Z' }, 'ce_time is no RFC 3339 time'],
    ['a time without a zone', { ce_time: '2026-01-05T09:30:00' }, 'ce_time is no RFC 3339 time'],
    ['a name in capitals', { ce_cartId: '1' }, 'ce_cartId: a name is of a-z and 0-9'],
    ['a long name', { ce_abcdefghijklmnopqrstu: '1' }, 'ce_abcdefghijklmnopqrstu: a name has at most 20 characters'],
    ['a control character', { ce_subject: 'a\u0085' }, 'ce_subject holds a forbidden character'],
    ['another key', { ce_partitionkey: 'elsewhere' }, 'ce_partitionkey is not the key of the message'],
    ['a header of no specification', { other: '1' }, 'other is no attribute'],
  ])('they would notice %s', (_, planted, violation) => {
    const key = keyOfExample('decisions');
    const headers = { ...headersOf('decisions', { key, value: example('decisionMade') }), ...planted };
    expect(violationsOf(headers, { hasValue: true, key })).toContain(violation);
  });
});

function keyOfExample(topic: PublicTopicId) {
  if (topic === 'identity-assignments') return keyOf('main', 'identity', 'email:ada@example.com');
  const more = topic === 'segment-memberships' ? ['cart-abandoners'] : [];
  return keyOf('main', 'profile', profile, ...more);
}
