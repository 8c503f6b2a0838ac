// libs/contracts/src/generated/record-checks.ts: one function per record that tells whether a value has the form of its message.
// Straight code and no table that is walked: it runs for every record that is read from a broker.
// R1 A field without `optional` in proto/ is always written, so it is required. A message, a Struct or a time may be absent, as the
//    generated types have it.
// R2 So a field that a message gets later is `optional` (or a message): records written before it stay readable, and the log holds them
//    for ever. `newlyRequired` tells where that is not so.
// R3 Whole numbers are not negative; what may be -1 is named here. Names that end in _ms are times.
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor/index.js';

export const CHECKS_PATH = 'libs/contracts/src/generated/record-checks.ts';

/** Fields that say "none" by -1. */
const OR_NONE = new Set([
  'tessera.log.v1.Tick.source',
  'tessera.changes.v1.DeadLetter.partition',
  'tessera.changes.v1.DeadLetter.offset',
]);
const STRUCT = 'google.protobuf.Struct';
const TIMESTAMP = 'google.protobuf.Timestamp';
const VALUE = 'google.protobuf.Value';
const HEADER = `// Written by \`npm run generate\` from proto/ and the table of records. DO NOT EDIT.

/* eslint-disable */
import { flawAt, flawIn, flawInFlags, flawInList, flawInMap, flawInTexts, isFields, isShort, isTime, isWhole, type FlawOf } from '../field-flaws.js';
`;

/** The text of the file. */
export function recordChecks(messages, { RECORDS }) {
  const kinds = Object.entries(RECORDS);
  const types = reached(
    kinds.map(([, { message }]) => messages.get(message)),
    messages,
  );
  const table = kinds.map(([kind, { message }]) => `  ${kind}: ${nameOf(messages.get(message))},`);
  // By any name: a kind that is new in the table compiles before its check is written.
  const checks = `/** By kind. The value has the form of JSON, but bytes are bytes. */\nexport const RECORD_CHECKS: { readonly [kind: string]: FlawOf } = {\n${table.join('\n')}\n};\n`;
  return [HEADER, ...types.map((type) => checkOf(type, messages)), checks].join('\n');
}

/**
 * Fields that records must have now and that the released messages did not have, or left open.
 * @param baseline bytes of proto/baseline.binpb
 */
export function newlyRequired(baseline, messages, { RECORDS }) {
  const released = protobuf.Root.fromDescriptor(baseline).resolveAll();
  const types = reached(
    Object.values(RECORDS).map(({ message }) => messages.get(message)),
    messages,
  );
  return types.flatMap((type) => {
    const before = released.lookup(type.fullName);
    if (!(before instanceof protobuf.Type)) return [];
    return Object.values(type.fields)
      .filter((field) => isRequired(field, type, messages))
      .filter(({ id }) => !wasRequired(Object.values(before.fields).find((field) => field.id === id)))
      .map(
        ({ name }) =>
          `${full(type)}.${name} is newly required: records in the logs do not have it; make it optional (a list or map: part of a message)`,
      );
  });
}

/** Of a field of a descriptor, whose types are resolved. */
function wasRequired(field) {
  if (field === undefined || field.options?.proto3_optional === true || field.partOf !== null) return false;
  return field.map || field.repeated || !(field.resolvedType instanceof protobuf.Type);
}

function isRequired(field, type, messages) {
  if (field.options?.proto3_optional === true) return false;
  return field.map || field.repeated || isPlain(field.type, type, messages);
}

function isPlain(name, type, messages) {
  return ![STRUCT, TIMESTAMP, VALUE].includes(name) && messageNamed(name, type, messages) === undefined;
}

/** The messages of the records and of their parts, parts first. */
function reached(roots, messages) {
  const found = new Set();
  const visit = (type) => {
    if (found.has(type)) return;
    for (const field of Object.values(type.fields)) {
      const part = messageNamed(field.type, type, messages);
      if (part !== undefined) visit(part);
    }
    found.add(type);
  };
  for (const root of roots) visit(root);
  return [...found];
}

function checkOf(type, messages) {
  const lines = Object.values(type.fields).map((field) => `  ${lineOf(field, type, messages)}`);
  return `function ${nameOf(type)}(it: any): string | undefined {\n${flawsDeclared(lines)}${lines.join('\n')}\n  return undefined;\n}\n`;
}

function flawsDeclared(lines) {
  return lines.some((line) => line.includes('(flaw =')) ? '  let flaw: string | undefined;\n' : '';
}

function lineOf(field, type, messages) {
  const { name } = field;
  const at = `it.${name}`;
  const part = messageNamed(field.type, type, messages);
  const of = part === undefined ? '' : `, ${nameOf(part)}`;
  const inner = (helper) => `if ((flaw = ${helper}('${name}', ${at}${of})) !== undefined) return flaw;`;
  if (field.map && part !== undefined) return inner('flawInMap');
  if (field.map && field.type === 'bool') return inner('flawInFlags');
  if (field.repeated && part !== undefined) return inner('flawInList');
  if (field.repeated && field.type === 'string') return inner('flawInTexts');
  if (field.map || field.repeated) throw unknown(field, type);
  if (part !== undefined) return inner('flawIn');
  if (field.type === VALUE) return `// ${name}: any value`;
  const [sound, wanted] = formOf(field, type, at);
  const mayBeAbsent = !isRequired(field, type, messages);
  return `if (${mayBeAbsent ? `${at} !== undefined && ` : ''}!(${sound})) return flawAt('${name}', ${at}, '${wanted}');`;
}

/** [an expression that is true of a sound value, what is wanted in words] */
function formOf(field, type, at) {
  const least = OR_NONE.has(`${full(type)}.${field.name}`) ? '-1' : '0';
  switch (field.type) {
    case 'string':
      return [`typeof ${at} === 'string'`, 'a text'];
    case TIMESTAMP:
      return [`typeof ${at} === 'string'`, 'a time as text'];
    case 'bool':
      return [`typeof ${at} === 'boolean'`, 'true or false'];
    case 'bytes':
      return [`${at} instanceof Uint8Array`, 'bytes as base64'];
    case STRUCT:
      return [`isFields(${at})`, 'an object'];
    case 'int32':
      return [`isShort(${at}, ${least})`, `a whole number from ${least} to 2^31 - 1`];
    case 'int64':
      if (field.name.endsWith('Ms')) return [`isTime(${at})`, 'milliseconds since the epoch'];
      return [`isWhole(${at}, ${least})`, `a whole number from ${least} to 2^53 - 1`];
    default:
      throw unknown(field, type);
  }
}

function unknown(field, type) {
  return new Error(`${full(type)}.${field.name}: no check is known for ${field.type}; add it to tools/gen/record-checks.mjs`);
}

function messageNamed(name, type, messages) {
  return messages.get(`${full(type.parent)}.${name}`) ?? messages.get(name);
}

function nameOf(type) {
  return `flawOf${type.name}`;
}

function full(type) {
  return type.fullName.slice(1);
}
