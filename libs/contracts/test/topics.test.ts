import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareVersions } from '../src/records.js';
import { partitionCount, TOPIC_IDS, topicName, TOPICS } from '../src/topics.js';

describe('topics', () => {
  test('have the names that others rely on', () => {
    expect(TOPIC_IDS.map((id) => topicName(id)).sort()).toEqual([
      'tessera.audit.v1',
      'tessera.dead-letters.v1',
      'tessera.decisions.v1',
      'tessera.definitions.v1',
      'tessera.events.v1',
      'tessera.fragments.v1',
      'tessera.identity-assignments.v1',
      'tessera.links.v1',
      'tessera.profile-features.v1',
      'tessera.segment-changes.v1',
      'tessera.segment-memberships.v1',
    ]);
    expect(topicName('events', 'shop')).toBe('shop.events.v1');
  });

  test('know their own id', () => {
    for (const id of TOPIC_IDS) expect(TOPICS[id].id).toBe(id);
  });

  test('have the partitions of the deployment, save definitions: one order for all', () => {
    expect(TOPIC_IDS.filter((id) => partitionCount(id, 64) !== 64)).toEqual(['definitions']);
    expect(partitionCount('definitions', 64)).toBe(1);
  });

  test('keep public changes for thirty days and present states for ever', () => {
    expect(TOPICS['segment-changes']).toMatchObject({ policy: 'delete', retentionDays: 30, audience: 'public' });
    expect(TOPICS['segment-memberships']).toMatchObject({ policy: 'compact', retentionDays: null, audience: 'public' });
  });
});

describe('versions', () => {
  const version = fc.record({ generation: fc.nat(2), offset: fc.nat(2), index: fc.nat(2) });
  const rank = (v: { generation: number; offset: number; index: number }) => v.generation * 9 + v.offset * 3 + v.index;

  test('are in order of generation, then offset, then index', () => {
    fc.assert(
      fc.property(version, version, (a, b) => expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(rank(a) - rank(b)))),
    );
  });
});
