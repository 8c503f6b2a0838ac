// CloudEvents 1.0.2 and its Kafka binding, restated from the specification for headers of binary mode: nothing here knows Tessera's
// tables, so that a mistake there cannot repeat itself here.

const REQUIRED = ['ce_specversion', 'ce_type', 'ce_source', 'ce_id'];
/** Attributes that the core specification names; all others are extensions. */
const CORE = new Set(['specversion', 'type', 'source', 'id', 'subject', 'time', 'dataschema', 'datacontenttype']);
/** RFC 3986, URI-reference: its characters, and percent signs only before two hexadecimal digits. */
const URI_REFERENCE = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/;
const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w!#$&^.+-]+=[^;]+)*$/;

/** What the headers of one message break; empty when nothing. */
export function violationsOf(headers: Readonly<Record<string, string>>, message: { hasValue: boolean; key: string }): string[] {
  const found = REQUIRED.filter((name) => (headers[name] ?? '') === '').map((name) => `${name} is missing or empty`);
  if (headers['ce_specversion'] !== '1.0') found.push('ce_specversion is not 1.0');
  for (const [header, value] of Object.entries(headers)) found.push(...violationsOfHeader(header, value));
  if (!URI_REFERENCE.test(headers['ce_source'] ?? '')) found.push('ce_source is no URI-reference');
  if (headers['ce_time'] !== undefined && !isTime(headers['ce_time'])) found.push('ce_time is no RFC 3339 time');
  if (message.hasValue !== (headers['content-type'] !== undefined))
    found.push('content-type stands beside a value and only there');
  if (message.hasValue && !MEDIA_TYPE.test(headers['content-type'] ?? '')) found.push('content-type is no media type');
  if (headers['ce_partitionkey'] !== undefined && headers['ce_partitionkey'] !== message.key)
    found.push('ce_partitionkey is not the key of the message');
  return found;
}

function violationsOfHeader(header: string, value: string): string[] {
  if (header === 'content-type') return [];
  if (!header.startsWith('ce_')) return [`${header} is no attribute`];
  const name = header.slice('ce_'.length);
  const found: string[] = [];
  if (!/^[a-z0-9]+$/.test(name)) found.push(`${header}: a name is of a-z and 0-9`);
  if (!CORE.has(name) && name.length > 20) found.push(`${header}: a name has at most 20 characters`);
  if (name === 'datacontenttype') found.push(`${header}: the Kafka binding calls it content-type`);
  if (value === '') found.push(`${header} is empty`);
  if (![...value].every(isAllowed)) found.push(`${header} holds a forbidden character`);
  return found;
}

function isAllowed(character: string): boolean {
  const code = character.codePointAt(0) as number;
  const control = code <= 0x1f || (code >= 0x7f && code <= 0x9f);
  const halfPair = code >= 0xd800 && code <= 0xdfff;
  const noncharacter = (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe;
  return !control && !halfPair && !noncharacter;
}

function isTime(text: string): boolean {
  const match = RFC3339.exec(text);
  if (match === null) return false;
  const [, , month, day, hour, minute, second] = match.map(Number);
  return (
    within(month, 1, 12) &&
    within(day, 1, 31) &&
    within(hour, 0, 23) &&
    within(minute, 0, 59) &&
    within(second, 0, 60) &&
    !isNaN(Date.parse(text))
  );
}

function within(value: number | undefined, low: number, high: number): boolean {
  return value !== undefined && value >= low && value <= high;
}
