// Answers of gRPC as plain JSON: Struct, Value and Timestamp messages become what they stand for.

type Message = Readonly<Record<string, unknown>>;

export function plain(message: unknown): unknown {
  if (Array.isArray(message)) return message.map(plain);
  if (typeof message !== 'object' || message === null) return message;
  if (message instanceof Uint8Array) return Buffer.from(message).toString('base64');
  const fields = message as Message;
  if (isTimestamp(fields)) return new Date(Number(fields['seconds']) * 1_000 + Number(fields['nanos']) / 1_000_000).toISOString();
  if (isStruct(fields)) return mapped(fields['fields'] as Message, plain);
  if (isValue(fields)) return plainValue(fields);
  // `_userId: 'userId'` tells which of a oneof is set: it adds nothing to the field itself.
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => !name.startsWith('_'))
      .map(([name, value]) => [name, plain(value)]),
  );
}

function isTimestamp(fields: Message): boolean {
  return Object.keys(fields).length === 2 && 'seconds' in fields && 'nanos' in fields;
}

function isStruct(fields: Message): boolean {
  return Object.keys(fields).length === 1 && typeof fields['fields'] === 'object' && fields['fields'] !== null;
}

const VALUE_KINDS = ['nullValue', 'numberValue', 'stringValue', 'boolValue', 'structValue', 'listValue'];

function isValue(fields: Message): boolean {
  const kind = fields['kind'];
  return typeof kind === 'string' && VALUE_KINDS.includes(kind) && kind in fields;
}

function plainValue(fields: Message): unknown {
  const kind = fields['kind'] as string;
  if (kind === 'nullValue') return null;
  const value = fields[kind];
  return kind === 'listValue' ? ((value as { values?: unknown[] }).values ?? []).map(plain) : plain(value);
}

function mapped(fields: Message, by: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, by(value)]));
}
