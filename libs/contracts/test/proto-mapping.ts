// The proto3 JSON mapping between records as JSON files hold them and messages as protobufjs holds them, by reflection on proto/.
// It exists to prove that the flat objects of the code and the messages in proto/ say the same.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';

const PROTO = join(import.meta.dirname, '../../../proto');
const EXAMPLES = join(import.meta.dirname, '../examples');

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

/** Examples by record kind. */
export function readExamples(): ReadonlyMap<string, JsonObject> {
  const files = readdirSync(EXAMPLES).filter((file) => file.endsWith('.json'));
  return new Map(
    files.map((file) => [file.slice(0, -'.json'.length), JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as JsonObject]),
  );
}

export function loadProtos(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(PROTO, target);
  const files = readdirSync(PROTO, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.proto'));
  root.loadSync(files);
  root.resolveAll();
  return root;
}

/** The record after its way through the bytes of its message. Throws where a property is no field of the message. */
export function throughMessage(type: protobuf.Type, record: JsonObject): JsonObject {
  const plain = toPlain(type, record);
  const problem = type.verify(plain);
  if (problem !== null) throw new Error(`${type.name}: ${problem}`);
  const message = type.decode(type.encode(type.fromObject(plain)).finish());
  return toJson(type, type.toObject(message, { longs: Number, defaults: true }));
}

function toPlain(type: protobuf.Type, value: JsonObject): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => {
      const field = type.fields[name];
      if (!field) throw new Error(`${type.name} has no field ${name}`);
      return [name, eachOf(field, part, (one) => toPlainValue(field, one as Json))];
    }),
  );
}

function toPlainValue(field: protobuf.Field, value: Json): unknown {
  if (field.type === 'bytes') return Buffer.from(value as string, 'base64');
  if (!(field.resolvedType instanceof protobuf.Type)) return value;
  switch (field.resolvedType.fullName) {
    case '.google.protobuf.Struct':
      return toStruct(value as JsonObject);
    case '.google.protobuf.Value':
      return toValue(value);
    case '.google.protobuf.Timestamp':
      return toTimestamp(value as string);
    default:
      return toPlain(field.resolvedType, value as JsonObject);
  }
}

function toJson(type: protobuf.Type, message: Record<string, unknown>): JsonObject {
  return Object.fromEntries(
    Object.entries(message)
      .filter(([, part]) => part !== null)
      .map(([name, part]) => {
        const field = type.fields[name] as protobuf.Field;
        return [name, eachOf(field, part, (one) => toJsonValue(field, one)) as Json];
      }),
  );
}

function toJsonValue(field: protobuf.Field, value: unknown): Json {
  if (field.type === 'bytes') return Buffer.from(value as Uint8Array).toString('base64');
  if (!(field.resolvedType instanceof protobuf.Type)) return value as Json;
  switch (field.resolvedType.fullName) {
    case '.google.protobuf.Struct':
      return fromStruct(value as Struct);
    case '.google.protobuf.Value':
      return fromValue(value as Value);
    case '.google.protobuf.Timestamp':
      return fromTimestamp(value as Timestamp);
    default:
      return toJson(field.resolvedType, value as Record<string, unknown>);
  }
}

function eachOf(field: protobuf.Field, value: unknown, convert: (one: unknown) => unknown): unknown {
  if (field instanceof protobuf.MapField) {
    return Object.fromEntries(Object.entries(value as object).map(([name, one]) => [name, convert(one)]));
  }
  return field.repeated ? (value as unknown[]).map(convert) : convert(value);
}

interface Struct {
  readonly fields?: Readonly<Record<string, Value>>;
}
interface Value {
  readonly nullValue?: unknown;
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: Struct;
  readonly listValue?: { readonly values?: readonly Value[] };
}
interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

function toStruct(value: JsonObject): Struct {
  return { fields: Object.fromEntries(Object.entries(value).map(([name, part]) => [name, toValue(part)])) };
}

function toValue(value: Json): Value {
  if (value === null) return { nullValue: 0 };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Array.isArray(value) ? { listValue: { values: value.map(toValue) } } : { structValue: toStruct(value) };
}

function toTimestamp(text: string): Timestamp {
  const ms = Date.parse(text);
  return { seconds: Math.floor(ms / 1000), nanos: (((ms % 1000) + 1000) % 1000) * 1e6 };
}

function fromStruct(struct: Struct): JsonObject {
  return Object.fromEntries(Object.entries(struct.fields ?? {}).map(([name, part]) => [name, fromValue(part)]));
}

function fromValue(value: Value): Json {
  if (value.numberValue !== undefined) return value.numberValue;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.structValue) return fromStruct(value.structValue);
  return value.listValue ? (value.listValue.values ?? []).map(fromValue) : null;
}

function fromTimestamp({ seconds, nanos }: Timestamp): string {
  return new Date(seconds * 1000 + nanos / 1e6).toISOString();
}
