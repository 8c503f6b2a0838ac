// A new record: its message in proto/ and its example; the lines of the tables and unions are named, for a person to place.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the messages of a topic are. */
export const PROTO_OF_TOPIC = {
  events: 'log/v1/events',
  links: 'log/v1/links',
  fragments: 'log/v1/fragments',
  definitions: 'log/v1/definitions',
  'segment-changes': 'changes/v1/changes',
  'segment-memberships': 'changes/v1/changes',
  'profile-features': 'changes/v1/changes',
  'identity-assignments': 'changes/v1/changes',
  decisions: 'changes/v1/changes',
  'dead-letters': 'changes/v1/changes',
  audit: 'changes/v1/changes',
};

/** { written, next } or { refused }. */
export function newRecord(root, name, topic) {
  if (!/^[A-Z][A-Za-z0-9]+$/.test(name)) return { refused: `${name} is no name for a record: PascalCase, in the past tense` };
  if (!Object.hasOwn(PROTO_OF_TOPIC, topic ?? ''))
    return { refused: `--topic must be one of ${Object.keys(PROTO_OF_TOPIC).join(', ')}` };
  const module = PROTO_OF_TOPIC[topic];
  const proto = `proto/tessera/${module}.proto`;
  const kind = name.charAt(0).toLowerCase() + name.slice(1);
  const example = `libs/contracts/examples/${kind}.json`;
  const messages = readFileSync(join(root, proto), 'utf8');
  if (messages.includes(`message ${name} {`) || existsSync(join(root, example))) return { refused: `${name} exists` };
  writeFileSync(
    join(root, proto),
    `${messages.trimEnd()}\n\n// One line on what has happened.\nmessage ${name} {\n  string workspace = 1;\n}\n`,
  );
  writeFileSync(join(root, example), `${JSON.stringify({ kind, workspace: 'main' }, null, 2)}\n`);
  return { written: [proto, example], next: hints(name, kind, topic, module) };
}

function hints(name, kind, topic, module) {
  // Logs of the stages have a union of their own; public records are told apart by their topic.
  const union = module.startsWith('log/') ? `${topic.charAt(0).toUpperCase()}${topic.slice(1)}Record` : 'AnyRecord';
  return `Then, by hand:
  1. fields of ${name} in proto/tessera/${module}.proto and, each one, in the example; npm run generate
  2. libs/contracts/src/records.ts
       import type { ${name} } from './generated/tessera/${module}.js';
       export type ${name}Record = Kind<'${kind}', ${name}>;
       | ${name}Record          in ${union}
  3. libs/contracts/src/record-kinds.ts
       ${kind}: row('${module.split('/')[0]}', '${name}', '${topic}'),
  4. the stages that read ${topic}: the compiler names every switch that does not know ${kind} yet
  5. npm run generate, which writes its check; npm test -- libs/contracts`;
}
