// CloudEvents 1.0 over HTTP as tracked events: the type is the event's name, the subject the person.
// L1 userid and anonymousid name the person; without a userid the subject is the user id.
// L2 The message id is source and id together: that pair is what CloudEvents promises to be unique.
// L3 The three forms are told apart as the HTTP binding says: headers `ce-*` (binary), an array (batch), an object (structured).
import type { JsonObject, ParsedCall } from './parse-call.js';
import { describe, Refusal } from './refusal.js';

/** Attributes that are no context of their own: they are the event's fields. */
const FIELDS: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'type',
  'time',
  'subject',
  'userid',
  'anonymousid',
  'data',
  'data_base64',
]);

/** A track call with the same meaning. */
export function callOfCloudEvent(event: JsonObject): ParsedCall | Refusal {
  if (event['specversion'] !== '1.0') {
    return new Refusal(
      'invalid-field',
      'specversion',
      `"1.0" is needed; found ${JSON.stringify(event['specversion'] ?? null).slice(0, 40)}.`,
    );
  }
  for (const field of ['id', 'source', 'type']) {
    const value = event[field];
    if (typeof value !== 'string' || value === '')
      return new Refusal('invalid-field', field, `A text is needed; found ${describe(value)}.`);
  }
  if (event['data_base64'] !== undefined)
    return new Refusal('invalid-field', 'data_base64', 'Send the data as JSON, in the field "data".');
  const { source, id, type, time, data } = event;
  const attributes = Object.fromEntries(Object.entries(event).filter(([name]) => !FIELDS.has(name)));
  return {
    type: 'track',
    event: type,
    messageId: `${String(source)} ${String(id)}`,
    userId: event['userid'] ?? event['subject'],
    anonymousId: event['anonymousid'],
    timestamp: time,
    properties: typeof data === 'object' && data !== null && !Array.isArray(data) ? data : data == null ? undefined : { data },
    context: { cloudEvent: attributes },
  } as unknown as ParsedCall;
}

/** The structured form of a binary request: attributes from the headers, percent-decoded, data from the body. */
export function structuredOf(headers: Readonly<Record<string, unknown>>, data: unknown): JsonObject {
  const event: JsonObject = data === undefined ? {} : { data };
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('ce-') && typeof value === 'string') event[name.slice(3)] = percentDecoded(value);
  }
  return event;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
