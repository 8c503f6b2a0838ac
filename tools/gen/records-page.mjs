// docs/records.md: every topic and record with its meaning and an example, from the tables of libs/contracts, the comments in proto/
// and the examples that the tests use.
import { messagesOf } from './messages.mjs';

/**
 * The text of the page.
 * @param contracts the module @tessera/contracts
 */
export function recordsPage(tree, contracts) {
  const messages = messagesOf(tree);
  const { TOPICS, TOPIC_IDS, RECORDS, RECORD_KINDS } = contracts;
  const sections = TOPIC_IDS.map((id) => {
    const kinds = RECORD_KINDS.filter((kind) => RECORDS[kind].topics[0] === id);
    const elsewhere = RECORD_KINDS.filter((kind) => RECORDS[kind].topics.indexOf(id) > 0);
    return [topicIntroduction(TOPICS[id], elsewhere, contracts), ...kinds.map((kind) => record(kind, tree, messages, contracts))];
  });
  return [introduction(), topicTable(contracts), ...sections.flat()].join('\n\n').concat('\n');
}

function introduction() {
  return `<!-- Written by \`npm run generate\` from libs/contracts, proto/ and libs/contracts/examples. -->

# Topics and records

Every record is a message in [proto/](../proto), flat and with its \`kind\`. Public topics carry the proto3 JSON mapping of it with
CloudEvents headers; internal ones may carry a binary frame of the same. The examples are those of the tests; bytes are shown as base64.`;
}

function topicTable({ TOPICS, TOPIC_IDS, topicName }) {
  const rows = TOPIC_IDS.map((id) => {
    const { key, partitions, clock, policy, retentionDays, owner, audience } = TOPICS[id];
    const kept = retentionDays === null ? (policy === 'compact' ? 'last per key' : 'retention') : `${retentionDays} days`;
    const stamp = clock === 'append' ? 'append' : "the deployment's";
    return `| [\`${topicName(id)}\`](#${id}) | ${key} | ${partitions} | ${stamp} | ${kept} | ${owner} | ${audience} |`;
  });
  const head = '| topic | key | partitions | clock | kept | written by | audience |\n|---|---|---|---|---|---|---|';
  return `${head}\n${rows.join('\n')}`;
}

function topicIntroduction(topic, elsewhere, { CLOUD_EVENTS, isPublic }) {
  const also = elsewhere.map((kind) => `[\`${kind}\`](#${kind.toLowerCase()})`).join(', ');
  const lines = [`## ${topic.id}`, `${capital(topic.carries)}.${also === '' ? '' : ` Also carries ${also}.`}`];
  if (isPublic(topic.id)) lines.push(`\`ce_type\`: \`${CLOUD_EVENTS[topic.id].type}\``);
  return lines.join('\n\n');
}

function record(kind, tree, messages, { RECORDS }) {
  const { message } = RECORDS[kind];
  const example = tree.text(`libs/contracts/examples/${kind}.json`).trimEnd();
  return [
    `### ${kind}`,
    `\`${message}\`. ${messages.get(message)?.comment?.replaceAll('\n', ' ') ?? ''}`.trimEnd(),
    `\`\`\`json\n${example}\n\`\`\``,
  ].join('\n\n');
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
