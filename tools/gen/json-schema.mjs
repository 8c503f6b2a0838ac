// JSON Schema (draft 07) of a record as it stands on a public topic: the proto3 JSON mapping of its message, with its `kind`.
// S1 Whole numbers are JSON numbers of at most 53 bits, times are RFC 3339 UTC with milliseconds, bytes are base64.
// S2 A field without `optional` in proto/ is always written, so it is required; what the schema does not name may come later.
// S3 Comments in proto/ are the descriptions.

const INTEGERS = new Set([
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
]);
const WELL_KNOWN = {
  'google.protobuf.Timestamp': {
    type: 'string',
    format: 'date-time',
    pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$',
  },
  'google.protobuf.Struct': { type: 'object' },
};

/**
 * The schema of one record.
 * @param row of RECORDS: its message
 * @param messages messagesOf(tree)
 * @param values closed lists by field, PUBLIC_VALUES
 */
export function recordSchema(kind, row, messages, values) {
  const schema = messageSchema(messages.get(row.message), messages, values);
  return {
    ...schema,
    required: ['kind', ...schema.required],
    properties: { kind: { type: 'string', const: kind }, ...schema.properties },
  };
}

function messageSchema(type, messages, values) {
  const fields = Object.values(type.fields);
  const properties = fields.map((field) => [field.name, described(fieldSchema(field, type, messages, values), field.comment)]);
  const required = fields.filter((field) => field.options?.proto3_optional !== true).map((field) => field.name);
  return described({ type: 'object', required, properties: Object.fromEntries(properties) }, type.comment);
}

function fieldSchema(field, type, messages, values) {
  const one = valueSchema(field, type, messages, values);
  if (field.map) return { type: 'object', additionalProperties: one };
  return field.repeated ? { type: 'array', items: one } : one;
}

function valueSchema({ type: name, name: field }, type, messages, values) {
  if (INTEGERS.has(name)) return { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };
  if (name === 'bool') return { type: 'boolean' };
  if (name === 'double' || name === 'float') return { type: 'number' };
  if (name === 'bytes') return { type: 'string', contentEncoding: 'base64' };
  if (Object.hasOwn(WELL_KNOWN, name)) return { ...WELL_KNOWN[name] };
  const fullName = type.fullName.slice(1);
  if (name === 'string') return { type: 'string', ...closed(values[`${fullName}.${field}`]) };
  const other = messages.get(`${fullName.slice(0, fullName.lastIndexOf('.'))}.${name}`) ?? messages.get(name);
  if (other === undefined)
    throw new Error(`${fullName}.${field}: no JSON form is known for ${name}; add it to tools/gen/json-schema.mjs`);
  return messageSchema(other, messages, values);
}

function closed(list) {
  return list === undefined ? {} : { enum: [...list] };
}

function described(schema, comment) {
  return comment ? { description: comment.replaceAll('\n', ' '), ...schema } : schema;
}
