// The generated checks against proto/ itself: every field of every record, and of its parts, once missing and once of every wrong type.
import { describe, expect, test } from '@jest/globals';
import protobuf from 'protobufjs';
import { RECORD_CHECKS } from '../src/generated/record-checks.js';
import { RECORD_KINDS, RECORDS, type RecordKind } from '../src/record-kinds.js';
import { loadProtos, readExamples, type JsonObject } from './proto-mapping.js';

const BYTES = new Uint8Array([1]);
const EVERYTHING: readonly unknown[] = [null, true, 'text', 0, -2, 1.5, 2 ** 31, 2 ** 52, 2 ** 53, Infinity, [], {}, BYTES];
/** What of that a field of this type may hold. */
const SOUND: Readonly<Record<string, readonly unknown[]>> = {
  string: ['text'],
  bool: [true],
  int32: [0],
  int64: [0, 2 ** 31, 2 ** 52],
  time: [0, -2, 2 ** 31],
  bytes: [BYTES],
  '.google.protobuf.Timestamp': ['text'],
  '.google.protobuf.Struct': [{}],
  '.google.protobuf.Value': EVERYTHING,
};

interface Damage {
  /** As a flaw names it. */
  readonly place: string;
  readonly record: object;
  readonly sound: boolean;
}

const protos = loadProtos();
const examples = readExamples();

function exampleOf(kind: RecordKind): JsonObject {
  const fields = Object.values(protos.lookupType(RECORDS[kind].message).fields);
  const bytes = fields.filter(({ type }) => type === 'bytes').map(({ name }) => [name, BYTES]);
  return { ...(examples.get(kind) as JsonObject), ...(Object.fromEntries(bytes) as JsonObject) };
}

/** The record with each field of a message missing, and with everything in its place; `put` makes the record of the message. */
function* damaged(type: protobuf.Type, message: JsonObject, at: string, put: (part: object) => object): Generator<Damage> {
  for (const field of type.fieldsArray) {
    const { name } = field;
    const place = `${at}${name}`;
    const { [name]: present, ...without } = message;
    const isPart = field.resolvedType instanceof protobuf.Type && !field.map && !field.repeated;
    yield { place, record: put(without), sound: isPart || field.options?.['proto3_optional'] === true };
    for (const value of EVERYTHING) yield { place, record: put({ ...message, [name]: value }), sound: isSound(field, value) };
    yield* damagedParts(field, present, place, (part) => put({ ...message, [name]: part }));
  }
}

function* damagedParts(field: protobuf.Field, value: unknown, place: string, put: (value: unknown) => object): Generator<Damage> {
  const { resolvedType: type } = field;
  if (!(type instanceof protobuf.Type) || type.fullName.startsWith('.google.')) {
    if (field.repeated) yield { place: `${place}[1]`, record: put([...(value as unknown[]), 1]), sound: false };
    if (field.map) yield { place: `${place}.*`, record: put({ ...(value as object), more: 1 }), sound: false };
  } else if (field.repeated) {
    const list = value as JsonObject[];
    yield { place: `${place}[0] is null`, record: put([null, ...list.slice(1)]), sound: false };
    yield* damaged(type, list[0] as JsonObject, `${place}[0].`, (part) => put([part, ...list.slice(1)]));
  } else if (field.map) {
    const [name, first] = Object.entries(value as Record<string, JsonObject>)[0] as [string, JsonObject];
    yield { place: `${place}.*`, record: put({ ...(value as object), [name]: null }), sound: false };
    yield* damaged(type, first, `${place}.*.`, (part) => put({ ...(value as object), [name]: part }));
  } else yield* damaged(type, value as JsonObject, `${place}.`, put);
}

function isSound(field: protobuf.Field, value: unknown): boolean {
  if (field.repeated) return Array.isArray(value);
  if (field.map) return isPlain(value);
  const { resolvedType } = field;
  const isTime = field.type === 'int64' && field.name.endsWith('Ms');
  const sound = SOUND[isTime ? 'time' : (resolvedType?.fullName ?? field.type)];
  // A message without any of its fields is none, so {} stays out: its parts are damaged one by one.
  return sound?.includes(value) === true || (isPlain(value) && sound?.some(isPlain) === true);
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

test('every kind has a check', () => {
  expect(Object.keys(RECORD_CHECKS)).toEqual(RECORD_KINDS);
});

describe.each(RECORD_KINDS)('%s', (kind) => {
  const check = (record: object): string | undefined => RECORD_CHECKS[kind]?.(record);
  const example = exampleOf(kind);
  const type = protos.lookupType(RECORDS[kind].message);
  const all = [...damaged(type, example, '', (part) => part)];

  test('is sound as in its example, and with a field of a later release', () => {
    expect([check(example), check({ ...example, later: null })]).toEqual([undefined, undefined]);
  });

  test('with a field missing or of a wrong type has a flaw that begins with its place', () => {
    const broken = all.filter(({ sound }) => !sound);
    expect(broken.length).toBeGreaterThanOrEqual(type.fieldsArray.length);
    const unnamed = broken.filter(({ place, record }) => check(record)?.startsWith(place) !== true);
    expect(unnamed.map(({ place, record }) => ({ place, record, flaw: check(record) }))).toEqual([]);
  });

  test('without what may be absent, and with every other value of the right type, is sound', () => {
    const refused = all.filter(({ sound, record }) => sound && check(record) !== undefined);
    expect(refused.map(({ place, record }) => ({ place, flaw: check(record) }))).toEqual([]);
  });
});

test('a flaw tells the kind of value and never the value', () => {
  const flawOf = (change: object): string | undefined => RECORD_CHECKS['tracked']?.({ ...exampleOf('tracked'), ...change });
  expect(flawOf({ userId: 42 })).toBe('userId is another number, wanted is a text');
  expect(flawOf({ timeMs: 'ada@example.com' })).toBe('timeMs is a text, wanted is milliseconds since the epoch');
  expect(flawOf({ workspace: undefined })).toBe('workspace is missing, wanted is a text');
  expect(flawOf({ consent: { purposes: { 'ada@example.com': 1 } } })).toBe(
    'consent.purposes.* is another number, wanted is true or false',
  );
  expect(flawOf({ identities: [{ namespace: 'email', value: 'a' }, { namespace: 'email' }] })).toBe(
    'identities[1].value is missing, wanted is a text',
  );
});
