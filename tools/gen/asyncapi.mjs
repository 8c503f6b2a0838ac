// docs/asyncapi.yaml: the public topics as an AsyncAPI 3.0 document, from the tables of libs/contracts, the comments in proto/ and the
// examples that the tests use.
// A1 Every public topic is a channel, every record and every tombstone on it a message: what is not in the tables is not here.
// A2 Tessera sends; who reads the document receives.
import { stringify } from 'yaml';
import { recordSchema } from './json-schema.mjs';
import { messagesOf } from './messages.mjs';

/** Of the contract, not of a release: the middle number rises with every addition (docs/compatibility.md). */
const CONTRACT_VERSION = '1.1.0';
const BINDING = '0.5.0';
const DAY_MS = 86_400_000;
/** Partitions of a wide topic where the deployment does not say otherwise. */
const WIDE = 64;
/** Where an example tells no time of its own. */
const EXAMPLE_TIME_MS = Date.parse('2026-01-05T09:30:00.250Z');

const INTRODUCTION = `What Tessera tells data teams: changes of segments, present memberships, values of features, identities and
decisions. Messages are CloudEvents 1.0 in binary mode of the Kafka protocol binding: attributes are headers, the value is the record as
JSON. \`tessera\` in the address of a channel is the prefix of the deployment. Within v1 contracts only grow: pass over fields, headers and
values that you do not know.`;

/** The text of the document. */
export function asyncApiText(tree, contracts) {
  const comment = '# Written by `npm run generate` from libs/contracts, proto/ and libs/contracts/examples.\n';
  return comment + stringify(asyncApi(tree, contracts), { aliasDuplicateObjects: false, lineWidth: 0 });
}

/**
 * The document as an object.
 * @param contracts the module @tessera/contracts
 */
export function asyncApi(tree, contracts) {
  const ids = contracts.TOPIC_IDS.filter(contracts.isPublic);
  const parts = { tree, contracts, messages: messagesOf(tree) };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tessera, public topics',
      version: CONTRACT_VERSION,
      description: INTRODUCTION.replaceAll('\n', ' '),
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      tags: [{ name: 'public' }],
    },
    defaultContentType: 'application/json',
    servers: servers(),
    channels: Object.fromEntries(ids.map((id) => [id, channel(id, parts)])),
    operations: Object.fromEntries(ids.map((id) => [operationId(id), operation(id, contracts)])),
    components: {
      messages: Object.fromEntries(ids.flatMap((id) => messagesOnTopic(id, parts))),
      securitySchemes: { sasl: { type: 'scramSha512', description: 'The mechanism is that of the deployment.' } },
    },
  };
}

function servers() {
  return {
    local: {
      host: 'localhost:9092',
      protocol: 'kafka',
      description: 'The compose file of the repository: no TLS, loopback only.',
    },
    cluster: {
      host: '{bootstrap}',
      protocol: 'kafka-secure',
      description: 'A deployment with TLS and SASL.',
      variables: { bootstrap: { description: 'Bootstrap servers, HOST:PORT.', default: 'kafka.example.com:9093' } },
      security: [{ $ref: '#/components/securitySchemes/sasl' }],
    },
  };
}

function channel(id, { contracts }) {
  const { TOPICS, CLOUD_EVENTS, topicName } = contracts;
  const row = TOPICS[id];
  const names = [CLOUD_EVENTS[id].kind, ...(row.policy === 'compact' ? [tombstoneName(id, contracts)] : [])];
  return {
    address: topicName(id),
    title: capital(id.replaceAll('-', ' ')),
    description: `${capital(row.carries)}. Key: ${row.key}. ${keeping(row)}`,
    messages: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
    bindings: {
      kafka: {
        partitions: contracts.partitionCount(id, WIDE),
        topicConfiguration: {
          'cleanup.policy': [row.policy],
          'retention.ms': row.policy === 'compact' || row.retentionDays === null ? -1 : row.retentionDays * DAY_MS,
        },
        bindingVersion: BINDING,
      },
    },
  };
}

function keeping({ policy, retentionDays }) {
  if (policy === 'compact') return 'Compacted: the last record of each key stays, a null value (tombstone) ends it.';
  return `Records are kept for ${String(retentionDays)} days.`;
}

function operation(id, { CLOUD_EVENTS, TOPICS }) {
  return {
    action: 'send',
    channel: { $ref: `#/channels/${id}` },
    summary: `Sent by ${TOPICS[id].owner}: ${TOPICS[id].carries}.`,
    messages: [{ $ref: `#/channels/${id}/messages/${CLOUD_EVENTS[id].kind}` }].concat(
      TOPICS[id].policy === 'compact' ? [{ $ref: `#/channels/${id}/messages/${CLOUD_EVENTS[id].kind}Ended` }] : [],
    ),
  };
}

function messagesOnTopic(id, { tree, contracts, messages }) {
  const { CLOUD_EVENTS, RECORDS, PUBLIC_VALUES, TOPICS } = contracts;
  const { kind } = CLOUD_EVENTS[id];
  const payload = recordSchema(kind, RECORDS[kind], messages, PUBLIC_VALUES);
  const example = tree.json(`libs/contracts/examples/${kind}.json`);
  const key = exampleKey(id, example, contracts);
  const headersOf = (value, headers) => contracts.headersOf(id, { key, value, timeMs: timeOf(example), headers });
  const shared = { contentType: 'application/json', bindings: { kafka: { key: keySchema(id), bindingVersion: BINDING } } };
  const record = {
    name: kind,
    title: capital(words(kind)),
    summary: messages.get(RECORDS[kind].message).comment?.replaceAll('\n', ' '),
    ...shared,
    headers: headersSchema(id, contracts, true),
    payload,
    examples: [{ name: kind, headers: headersOf(example), payload: example }],
  };
  if (TOPICS[id].policy !== 'compact') return [[kind, record]];
  const name = tombstoneName(id, contracts);
  // What the writer puts there, and what comes of it.
  const own = { version: '0.2081.1', ...(isSequenced(id) ? { sequence: '13' } : {}) };
  const tombstone = {
    name,
    title: `${capital(words(kind))}: the end of a key`,
    summary: 'A tombstone: the value is null, and all that is known stands in the key and the headers.',
    ...shared,
    headers: headersSchema(id, contracts, false),
    payload: { type: 'null' },
    examples: [{ name, headers: { ...own, ...headersOf(null, own) } }],
  };
  return [
    [kind, record],
    [name, tombstone],
  ];
}

/** Headers of one message; what `headersOf` gives for its example is held against them in test/asyncapi. */
function headersSchema(id, { CLOUD_EVENTS, TOPICS }, hasValue) {
  const subject = id !== 'identity-assignments' || hasValue;
  const properties = {
    ce_specversion: { type: 'string', const: '1.0' },
    ce_type: { type: 'string', const: CLOUD_EVENTS[id].type },
    ce_source: { type: 'string', format: 'uri-reference', description: `\`/PREFIX/${TOPICS[id].owner}\`.` },
    ce_id: { type: 'string', minLength: 1, description: 'One event, also when it is written again: use it to drop duplicates.' },
    ...(subject ? { ce_subject: { type: 'string', description: 'Profile id.' } } : {}),
    ce_time: { type: 'string', format: 'date-time', description: 'Effective time.' },
    ce_workspace: { type: 'string' },
    ce_partitionkey: { type: 'string', description: 'The key of the message.' },
    ...(isSequenced(id)
      ? { ce_sequence: { type: 'string', pattern: '^\\d{16}$', description: 'Per profile, never reset; in order as text.' } }
      : {}),
    ...(id === 'segment-changes' ? { ce_cause: { type: 'string', description: '`topic/partition/offset` of the cause.' } } : {}),
    ...(hasValue
      ? { 'content-type': { type: 'string', const: 'application/json' } }
      : {
          version: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+$', description: 'Generation, offset and index of the end.' },
          ...(isSequenced(id) ? { sequence: { type: 'string', pattern: '^\\d+$', description: 'As `ce_sequence`, bare.' } } : {}),
        }),
  };
  // Tombstones that an earlier release wrote have no sequence.
  const sometimes = new Set([...(id === 'decisions' ? ['ce_subject'] : []), ...(hasValue ? [] : ['ce_sequence', 'sequence'])]);
  return { type: 'object', required: Object.keys(properties).filter((name) => !sometimes.has(name)), properties };
}

function isSequenced(id) {
  return id === 'segment-changes' || id === 'segment-memberships';
}

function keySchema(id) {
  const more = id === 'segment-memberships' ? '/[^/]+' : '';
  const kind = id === 'identity-assignments' ? 'identity' : 'profile';
  return {
    type: 'string',
    pattern: `^[^/]+/${kind}/[^/]*${more}$`,
    description: 'Workspace, kind and id, with / and % escaped. The partition is murmur2 of the first three parts.',
  };
}

function exampleKey(id, example, { keyOf }) {
  if (id === 'identity-assignments') return keyOf(example.workspace, 'identity', example.identity);
  return keyOf(example.workspace, 'profile', example.profile, ...(id === 'segment-memberships' ? [example.segment] : []));
}

function timeOf({ effective, asOf, decided }) {
  const text = effective ?? asOf ?? decided;
  return text === undefined ? EXAMPLE_TIME_MS : Date.parse(text);
}

function tombstoneName(id, { CLOUD_EVENTS }) {
  return `${CLOUD_EVENTS[id].kind}Ended`;
}

function operationId(id) {
  return `send${id.split('-').map(capital).join('')}`;
}

function words(name) {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
