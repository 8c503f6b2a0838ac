// google.protobuf.Struct and Timestamp between their messages, as proto-loader has them, and plain JSON.
// G1 Objects are built by definition of own properties: a field `__proto__` is a field.

export interface StructMessage {
  readonly fields?: Readonly<Record<string, ValueMessage>>;
}

/** One of these is set. */
export interface ValueMessage {
  readonly nullValue?: unknown;
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: StructMessage;
  readonly listValue?: { readonly values?: readonly ValueMessage[] };
}

export interface TimestampMessage {
  readonly seconds: number;
  readonly nanos: number;
}

export function structOf(json: Readonly<Record<string, unknown>>): StructMessage {
  return { fields: Object.fromEntries(Object.entries(json).map(([name, value]) => [name, valueOf(value)])) };
}

export function jsonOf(struct: StructMessage): Record<string, unknown> {
  return Object.fromEntries(Object.entries(struct.fields ?? {}).map(([name, value]) => [name, jsonOfValue(value)]));
}

/** Undefined stays undefined: a message field that is not set. */
export function timestampOrNone(instant: string | undefined): TimestampMessage | undefined {
  return instant === undefined ? undefined : timestampOf(instant);
}

/** Of RFC 3339 UTC with milliseconds, as our answers have it. */
export function timestampOf(instant: string): TimestampMessage {
  const ms = Date.parse(instant);
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: (ms - seconds * 1_000) * 1_000_000 };
}

/** google.protobuf.Value of a JSON value. */
export function valueOf(json: unknown): ValueMessage {
  if (typeof json === 'string') return { stringValue: json };
  if (typeof json === 'number') return { numberValue: json };
  if (typeof json === 'boolean') return { boolValue: json };
  if (json === null || json === undefined) return { nullValue: 0 };
  if (Array.isArray(json)) return { listValue: { values: json.map(valueOf) } };
  return { structValue: structOf(json as Readonly<Record<string, unknown>>) };
}

function jsonOfValue(value: ValueMessage): unknown {
  if (value.structValue !== undefined && value.structValue !== null) return jsonOf(value.structValue);
  if (value.listValue !== undefined && value.listValue !== null) return (value.listValue.values ?? []).map(jsonOfValue);
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null;
}
