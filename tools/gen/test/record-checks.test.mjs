// The checks of records hold for all that the logs hold: what a message gets later is not asked of records written before.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as contracts from '@tessera/contracts';
import { treeOf, treeOfTexts } from '../../repository/tree.mjs';
import { ROOT } from '../../run/root.mjs';
import { messagesOf } from '../messages.mjs';
import { PROTO_BASELINE } from '../proto.mjs';
import { newlyRequired, recordChecks } from '../record-checks.mjs';

const tree = treeOf(ROOT);
const baseline = readFileSync(join(ROOT, PROTO_BASELINE));

/** The messages of proto/ with one text in place of another. */
function changed(from, to) {
  const paths = tree.under('proto/', '.proto');
  expect(paths.filter((path) => tree.text(path).includes(from)).length).toBe(1);
  return messagesOf(treeOfTexts(Object.fromEntries(paths.map((path) => [path, tree.text(path).replace(from, to)]))));
}

const problemsWith = (from, to) => newlyRequired(baseline, changed(from, to), contracts);

describe('a record', () => {
  test('may get an optional field, a message, a Struct or a time', () => {
    const more = [
      'optional string note = 91;',
      'Identity other = 92;',
      'google.protobuf.Struct extra = 93;',
      'optional int64 at_ms = 94;',
    ];
    expect(problemsWith('string source = 18;', `string source = 18; ${more.join(' ')}`)).toEqual([]);
  });

  test.each([
    ['a text', 'string note = 91;', 'note'],
    ['a number', 'int32 weight = 91;', 'weight'],
    ['a list', 'repeated Identity others = 91;', 'others'],
    ['a map', 'map<string, bool> flags = 91;', 'flags'],
  ])('may not ask for %s that records of before do not have', (_, field, name) => {
    const problems = problemsWith('string source = 18;', `string source = 18; ${field}`);
    expect(problems).toEqual([expect.stringContaining(`tessera.log.v1.Tracked.${name} is newly required`)]);
  });

  test('may not ask for what records could leave out', () => {
    expect(problemsWith('optional string group_id = 15;', 'string group_id = 15;')).toEqual([
      expect.stringContaining('tessera.log.v1.Tracked.groupId is newly required'),
    ]);
  });

  test('nor may a part of one', () => {
    expect(problemsWith('string namespace = 1;', 'string namespace = 1; string origin = 91;')).toEqual([
      expect.stringContaining('tessera.log.v1.Identity.origin is newly required'),
    ]);
  });
});

test('a field of a type that no check is known for is refused, with its place', () => {
  const messages = changed('string source = 18;', 'string source = 18; optional double weight = 91;');
  expect(() => recordChecks(messages, contracts)).toThrow('tessera.log.v1.Tracked.weight: no check is known for double');
});
