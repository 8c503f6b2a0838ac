// docs/asyncapi.yaml against the official schema of AsyncAPI, and against what is really written to the public topics: the examples of
// every record, and every record of every scenario.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as contracts from '@tessera/contracts';
import { CoreWorld, loadScenarios, runScenario, SystemHost } from '@tessera/testkit';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { violationsOf } from '../../../libs/contracts/test/cloud-events-rules.js';
import { treeOf } from '../../repository/tree.mjs';
import { ROOT } from '../../run/root.mjs';
import { asyncApi } from '../asyncapi.mjs';

const { CLOUD_EVENTS, headersOf, isPublic, keyOf, topicName, TOPIC_IDS, TOPICS } = contracts;
const PUBLIC = TOPIC_IDS.filter(isPublic);
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const document = parse(readFileSync(join(ROOT, 'docs/asyncapi.yaml'), 'utf8'));
const example = (kind) => JSON.parse(readFileSync(join(ROOT, `libs/contracts/examples/${kind}.json`), 'utf8'));

// The schema of AsyncAPI brings the meta-schema of draft 07 with it: Ajv is then given none of its own.
function newAjv(options = {}) {
  const ajv = new Ajv({ strict: false, allErrors: true, ...options });
  ajv.addFormat('date-time', RFC3339);
  for (const format of ['uri', 'uri-reference', 'uri-template', 'email', 'regex']) ajv.addFormat(format, () => true);
  return ajv;
}

const compiled = new Map();
function errorsOf(messageName, part, value) {
  const name = `${messageName}.${part}`;
  if (!compiled.has(name)) compiled.set(name, newAjv().compile(document.components.messages[messageName][part]));
  const validate = compiled.get(name);
  return validate(value)
    ? []
    : validate.errors.map(({ instancePath, message }) => `${messageName} ${part}${instancePath} ${message}`);
}

describe('the document', () => {
  const schema = JSON.parse(readFileSync(join(ROOT, 'node_modules/@asyncapi/specs/schemas/3.0.0.json'), 'utf8'));
  const validate = newAjv({ meta: false, validateSchema: false }).compile(schema);
  const errors = (candidate) =>
    validate(candidate) ? [] : validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);

  test('is AsyncAPI 3.0 by the official schema', () => {
    expect(errors(document)).toEqual([]);
  });

  test.each([
    ['an operation that neither sends nor receives', (broken) => (broken.operations.sendDecisions.action = 'publish')],
    ['a message without a form', (broken) => (broken.components.messages.decisionMade.payload = 17)],
    [
      'a topic with a policy that Kafka does not know',
      (broken) => (broken.channels.decisions.bindings.kafka.topicConfiguration['cleanup.policy'] = ['keep']),
    ],
    ['a document without a title', (broken) => delete broken.info.title],
  ])('would not be with %s', (_, spoil) => {
    const broken = structuredClone(document);
    spoil(broken);
    expect(errors(broken)).not.toEqual([]);
  });

  test('refers to nothing that is not in it', () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g);
    const missing = [...references]
      .map(([, path]) => path)
      .filter((path) => path.split('/').reduce((at, part) => at?.[part], document) === undefined);
    expect(missing).toEqual([]);
  });

  test('is what the generator makes of the tables', () => {
    expect(document).toEqual(JSON.parse(JSON.stringify(asyncApi(treeOf(ROOT), contracts))));
  });

  test('has a channel and an operation for each public topic and no other', () => {
    const addresses = Object.values(document.channels).map(({ address }) => address);
    expect(addresses).toEqual(PUBLIC.map((id) => topicName(id)));
    expect(Object.values(document.operations).map(({ channel }) => channel.$ref)).toEqual(PUBLIC.map((id) => `#/channels/${id}`));
  });

  test('has a tombstone on each compacted topic', () => {
    const withTombstone = PUBLIC.filter((id) => Object.keys(document.channels[id].messages).length === 2);
    expect(withTombstone).toEqual(PUBLIC.filter((id) => TOPICS[id].policy === 'compact'));
  });
});

describe.each(PUBLIC)('%s', (topic) => {
  const { kind } = CLOUD_EVENTS[topic];

  test('the example of the record has the form of the document', () => {
    expect(errorsOf(kind, 'payload', example(kind))).toEqual([]);
  });

  test('the examples in the document have it too, headers included', () => {
    for (const name of Object.keys(document.channels[topic].messages)) {
      const message = document.components.messages[name];
      for (const { headers, payload = null } of message.examples) {
        expect([...errorsOf(name, 'headers', headers), ...errorsOf(name, 'payload', payload)]).toEqual([]);
      }
    }
  });

  test('a record without one of its fields has another form, and so has one with a text for a number', () => {
    const { workspace: _, ...without } = example(kind);
    expect(errorsOf(kind, 'payload', without)).not.toEqual([]);
    expect(errorsOf(kind, 'payload', { ...example(kind), workspace: 5 })).not.toEqual([]);
  });

  test('a record with a field of a later release has the form of today', () => {
    expect(errorsOf(kind, 'payload', { ...example(kind), later: true })).toEqual([]);
  });
});

describe('the records of all scenarios', () => {
  const folder = join(ROOT, 'scenarios');
  const scenarios = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => loadScenarios(join(folder, name)));
  let worlds;
  let again;

  beforeAll(async () => {
    worlds = await playAll();
    again = await playAll();
  });

  async function playAll() {
    const played = [];
    for (const scenario of scenarios) {
      const world = new CoreWorld(scenario.startMs);
      await runScenario(scenario, new SystemHost(world));
      const topics = await Promise.all(PUBLIC.map(async (topic) => [topic, await world.records(topic)]));
      played.push(topics.flatMap(([topic, records]) => records.map((record) => ({ topic, ...record }))));
      await world.close();
    }
    return played;
  }

  const headersAt = ({ topic, key, value, headers }) => headersOf(topic, { key, value, timeMs: 0, headers });

  test('are many, of every topic that a stage writes, tombstones included', () => {
    const all = worlds.flat();
    expect(all.length).toBeGreaterThan(400);
    expect([...new Set(all.map(({ topic }) => topic))].sort()).toEqual(PUBLIC.filter((id) => id !== 'decisions').sort());
    expect(all.some(({ value }) => value === null)).toBe(true);
  });

  test('have the form of the document: headers, key and value', () => {
    const errors = worlds.flat().flatMap((record) => {
      const { kind } = CLOUD_EVENTS[record.topic];
      const name = record.value === null ? `${kind}Ended` : kind;
      const headers = { ...record.headers, ...headersAt(record) };
      const { key } = document.components.messages[name].bindings.kafka;
      return [
        ...errorsOf(name, 'headers', headers),
        ...errorsOf(name, 'payload', JSON.parse(JSON.stringify(record.value))),
        ...(new RegExp(key.pattern, 'u').test(record.key) ? [] : [`${name}: key ${record.key}`]),
      ];
    });
    expect([...new Set(errors)]).toEqual([]);
  });

  test('a tombstone of a membership has the sequence of the change that ended it', () => {
    const changes = worlds.flatMap((records, world) =>
      records.flatMap(({ value, key }) =>
        value?.kind === 'segmentsChanged'
          ? value.changes.map(({ segment, kind }) => `${world} ${key}/${segment} ${kind} ${value.sequence}`)
          : [],
      ),
    );
    const ended = worlds.flatMap((records, world) =>
      records
        .filter(({ topic, value }) => topic === 'segment-memberships' && value === null)
        .map((record) => `${world} ${record.key} exited ${Number(headersAt(record).ce_sequence)}`),
    );
    expect(ended.length).toBeGreaterThan(20);
    expect(ended.sort()).toEqual(changes.filter((change) => change.includes(' exited ')).sort());
  });

  test('keep the rules of CloudEvents, and no two of them share source and id', () => {
    for (const records of worlds) {
      const ids = new Set();
      for (const record of records) {
        const headers = headersAt(record);
        expect(violationsOf(headers, { hasValue: record.value !== null, key: record.key })).toEqual([]);
        ids.add(`${headers.ce_source} ${headers.ce_id}`);
      }
      expect(ids.size).toBe(records.length);
    }
  });

  test('have the same ids when all is played again', () => {
    const idsOf = (played) => played.map((records) => records.map((record) => headersAt(record).ce_id));
    expect(idsOf(again)).toEqual(idsOf(worlds));
  });
});

test('a key of the examples is one that the code builds', () => {
  const [{ headers }] = document.components.messages.segmentMembership.examples;
  const { workspace, profile, segment } = example('segmentMembership');
  expect(headers.ce_partitionkey).toBe(keyOf(workspace, 'profile', profile, segment));
});
