// Each rule of compatibility has a violation planted into the released contract's copy, and each addition passes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as contracts from '@tessera/contracts';
import { treeOf } from '../../repository/tree.mjs';
import { ROOT } from '../../run/root.mjs';
import { asyncApi } from '../asyncapi.mjs';
import { BASELINE, breaks, contractOf, RULES } from '../compatibility.mjs';

const document = asyncApi(treeOf(ROOT), contracts);
const released = contractOf(document);

/** The problems of a document with one change. */
function after(change) {
  const changed = structuredClone(document);
  change(changed);
  return { all: breaks(released, contractOf(changed)), of: (rule) => RULES[rule].check(released, contractOf(changed)) };
}

const payload = (changed, kind) => changed.components.messages[kind].payload;
const changeOf = (changed) => payload(changed, 'segmentsChanged').properties.changes.items;

const PLANTED = [
  ['topics', 'a removed topic', (c) => delete c.channels.decisions, 'topic decisions is gone'],
  [
    'topics',
    'another address',
    (c) => (c.channels.decisions.address = 'tessera.decisions.v2'),
    'topic decisions: address tessera.decisions.v1 became tessera.decisions.v2',
  ],
  [
    'keeping',
    'a compacted topic that is cut off by age',
    (c) => (c.channels['profile-features'].bindings.kafka.topicConfiguration['cleanup.policy'] = ['delete']),
    'topic profile-features: cleanup policy compact became delete',
  ],
  [
    'keeping',
    'a shorter keeping',
    (c) => (c.channels.decisions.bindings.kafka.topicConfiguration['retention.ms'] = 1000),
    'topic decisions: kept 1000 ms instead of 2592000000',
  ],
  [
    'messages',
    'a tombstone that is not told any more',
    (c) => delete c.channels['segment-memberships'].messages.segmentMembershipEnded,
    'topic segment-memberships: segmentMembershipEnded is gone',
  ],
  [
    'types',
    'another CloudEvents type',
    (c) => (c.components.messages.decisionMade.headers.properties.ce_type.const = 'tessera.decision.taken.v1'),
    'decisions decisionMade: ce_type tessera.decision.made.v1 became tessera.decision.taken.v1',
  ],
  [
    'keys',
    'a key of another form',
    (c) => (c.components.messages.decisionMade.bindings.kafka.key.pattern = '^.*$'),
    'decisions decisionMade: key ^[^/]+/profile/[^/]*$ became ^.*$',
  ],
  [
    'fields',
    'a removed field',
    (c) => delete changeOf(c).properties.reason,
    'segment-changes segmentsChanged.changes[].reason is gone',
  ],
  [
    'fields',
    'a renamed field',
    (c) => rename(payload(c, 'decisionMade').properties, 'decided', 'decidedAt'),
    'decisions decisionMade.decided is gone',
  ],
  [
    'fields',
    'a removed header',
    (c) => delete c.components.messages.segmentsChanged.headers.properties.ce_cause,
    'segment-changes segmentsChanged headers.ce_cause is gone',
  ],
  [
    'forms',
    'another type',
    (c) => (payload(c, 'segmentMembership').properties.pending.type = 'string'),
    'segment-memberships segmentMembership.pending: {"type":"boolean"} became {"type":"string"}',
  ],
  [
    'forms',
    'another type of the values of a map',
    (c) => (payload(c, 'profileFeatures').properties.consent.additionalProperties.type = 'string'),
    'profile-features profileFeatures.consent.*: {"type":"boolean"} became {"type":"string"}',
  ],
  [
    'values',
    'a removed value of a closed list',
    (c) => changeOf(c).properties.kind.enum.pop(),
    'segment-changes segmentsChanged.changes[].kind: value updated is gone',
  ],
  [
    'required',
    'a new field that is always there',
    (c) => {
      const schema = payload(c, 'decisionMade');
      schema.properties.channel = { type: 'string' };
      schema.required.push('channel');
    },
    'decisions decisionMade.channel is newly required: make it optional',
  ],
  [
    'required',
    'a field that may now be absent',
    (c) => payload(c, 'decisionMade').required.pop(),
    'decisions decisionMade.slots may now be absent',
  ],
];

function rename(properties, from, to) {
  properties[to] = properties[from];
  delete properties[from];
}

describe('the contract of the public topics', () => {
  test.each(PLANTED)('%s: %s is refused', (rule, _, plant, problem) => {
    const found = after(plant);
    expect(found.of(rule)).toContain(problem);
    expect(found.all).toContain(problem);
  });

  test('has a planted violation for each rule', () => {
    expect([...new Set(PLANTED.map(([rule]) => rule))].sort()).toEqual(Object.keys(RULES).sort());
  });

  test.each([
    ['a topic', (c) => (c.channels.exposures = { ...c.channels.decisions, address: 'tessera.exposures.v1' })],
    ['an optional field', (c) => (payload(c, 'decisionMade').properties.channel = { type: 'string' })],
    ['a value of a closed list', (c) => changeOf(c).properties.reason.enum.push('imported')],
    ['an optional header', (c) => (c.components.messages.decisionMade.headers.properties.traceparent = { type: 'string' })],
    ['a longer keeping', (c) => (c.channels.decisions.bindings.kafka.topicConfiguration['retention.ms'] = -1)],
    ['more partitions', (c) => (c.channels.decisions.bindings.kafka.partitions = 128)],
    ['other words', (c) => (payload(c, 'decisionMade').description = 'What was shown.')],
  ])('may get %s', (_, change) => {
    expect(after(change).all).toEqual([]);
  });

  test('holds what was released last', () => {
    expect(breaks(JSON.parse(readFileSync(join(ROOT, BASELINE), 'utf8')), released)).toEqual([]);
  });
});
