// The body of a tracking request: one event, or a batch with fields of its own around the events.
// O1 A body is accepted if and only if it is valid JSON in UTF-8, of the right shape and within the bounds of a batch. Only an event
//    above its own bounds is not parsed: it has to end where its brackets say, and is refused alone.
// O2 Of members with the same name the last one counts, as in JSON.parse.
// O3 Events are parsed one by one, on demand: after the credential of the request is known.
import { isAscii, isUtf8 } from 'node:buffer';
import {
  checkTraps,
  describe,
  eachElement,
  eachMember,
  measureValue,
  newMeasure,
  parseCall,
  Refusal,
  skipSpace,
  sliceText,
} from '@tessera/tracking';
import type { JsonObject, Measure, ParsedCall, TrackingLimits } from '@tessera/tracking';
import { BodyRefusal } from './body-refusal.js';

export interface Body {
  readonly bytes: Buffer;
  /** Its bytes are its characters. */
  readonly ascii: boolean;
  /** Where the events lie. */
  readonly events: readonly Measure[];
  /** Fields of a batch around its events; empty for a single event, which has its own. */
  readonly shared: SharedFields;
}

/** Merged into each event of a batch: an event's own value wins, context and integrations by their members. */
export interface SharedFields {
  readonly sentAt: unknown;
  readonly context: JsonObject | undefined;
  readonly integrations: JsonObject | undefined;
  /** Bytes that the last two add to each event. */
  readonly bytes: number;
}

/** A batch is a handful of fields; an object with more is no tracking call. */
const BATCH_FIELDS_MAX = 64;
const NOTHING_SHARED: SharedFields = { sentAt: undefined, context: undefined, integrations: undefined, bytes: 0 };
const WRITE_KEY = Buffer.from('"writeKey"');
const OPEN_BRACE = 0x7b;

interface Field {
  readonly value: unknown;
  readonly bytes: number;
  readonly traps: number;
}

export function readSingle(bytes: Buffer, limits: TrackingLimits): Body | BodyRefusal {
  const ascii = isAscii(bytes);
  if (!ascii && !isUtf8(bytes)) return notJson('it is not valid UTF-8');
  const whole = newMeasure();
  const start = skipSpace(bytes, 0);
  if (bytes[start] !== OPEN_BRACE || !measureValue(bytes, start, whole)) return notJson('it is not an object');
  if (skipSpace(bytes, whole.end) < bytes.length) return notJson('something follows the object');
  if (whole.end - start > limits.eventBytesMax) return tooLarge('The event', `${String(limits.eventBytesMax)} bytes`);
  return { bytes, ascii, events: [whole], shared: NOTHING_SHARED };
}

export function readBatch(bytes: Buffer, limits: TrackingLimits): Body | BodyRefusal {
  const ascii = isAscii(bytes);
  if (!ascii && !isUtf8(bytes)) return notJson('it is not valid UTF-8');
  const name = newMeasure();
  const fields = new Map<string, Field>();
  let events: Measure[] | undefined;
  let refusal: BodyRefusal | undefined;
  let members = 0;
  const end = eachMember(bytes, skipSpace(bytes, 0), name, (at) => {
    if (++members > BATCH_FIELDS_MAX) return -1;
    const field = parsed(bytes, name, ascii)?.value;
    if (typeof field !== 'string') return -1;
    if (field === 'batch') fields.delete(field);
    if (field === 'batch' && bytes[at] === 0x5b) {
      events = [];
      const after = listEvents(bytes, at, events, limits);
      if (events.length > limits.batchEventsMax) refusal = tooLarge('The batch', `${String(limits.batchEventsMax)} events`);
      return after;
    }
    const value = newMeasure();
    if (!measureValue(bytes, at, value)) return -1;
    if (value.depth > limits.depthMax || value.keys > limits.keysMax) refusal = notAllowed(field, 'too many levels or keys');
    const known = refusal === undefined ? parsed(bytes, value, ascii) : undefined;
    if (known === undefined) return -1;
    if (field === 'batch') events = undefined;
    fields.set(field, known);
    return value.end;
  });
  if (refusal !== undefined) return refusal;
  if (end < 0 || skipSpace(bytes, end) < bytes.length) return notJson('it is not one object of a few fields');
  if (events === undefined) return notAllowed('batch', describe(fields.get('batch')?.value));
  const shared = readShared(fields, events.length, limits);
  return shared instanceof BodyRefusal ? shared : { bytes, ascii, events, shared };
}

/** A bare array of events, as CloudEvents batches have it. */
export function readArray(bytes: Buffer, limits: TrackingLimits): Body | BodyRefusal {
  const ascii = isAscii(bytes);
  if (!ascii && !isUtf8(bytes)) return notJson('it is not valid UTF-8');
  const events: Measure[] = [];
  const end = listEvents(bytes, skipSpace(bytes, 0), events, limits);
  if (events.length > limits.batchEventsMax) return tooLarge('The batch', `${String(limits.batchEventsMax)} events`);
  if (end < 0 || skipSpace(bytes, end) < bytes.length) return notJson('it is not an array');
  return { bytes, ascii, events, shared: NOTHING_SHARED };
}

/** The event, parsed. `not-json` of an event means that the body as a whole is no JSON. */
export function callAt(body: Body, index: number, limits: TrackingLimits): ParsedCall | Refusal {
  const measure = body.events[index] as Measure;
  const call = parseCall(body.bytes, measure, body.ascii, limits);
  if (measure.end - measure.start + body.shared.bytes <= limits.eventBytesMax || call instanceof Refusal) return call;
  return new Refusal(
    'too-large',
    'context',
    `The event and the context of its batch are above ${String(limits.eventBytesMax)} bytes.`,
  );
}

/** The original bytes of an event, for the dead letters: a copy, the body is not kept. */
export function originalOf(body: Body, index: number): Uint8Array {
  const { start, end } = body.events[index] as Measure;
  return new Uint8Array(body.bytes.subarray(start, end));
}

/** The write key in a body, if it has one: of the batch, or of a single event whatever else is in it. */
export function writeKeyIn(body: Buffer): string | undefined {
  const name = newMeasure();
  const value = newMeasure();
  let writeKey: unknown;
  eachMember(body, skipSpace(body, 0), name, (at) => {
    if (!measureValue(body, at, value)) return -1;
    if (WRITE_KEY.equals(body.subarray(name.start, name.end))) writeKey = parsed(body, value, false)?.value;
    return value.end;
  });
  return typeof writeKey === 'string' ? writeKey : undefined;
}

/** One more than the bound is enough to know. */
function listEvents(bytes: Buffer, open: number, events: Measure[], limits: TrackingLimits): number {
  const scratch = newMeasure();
  return eachElement(bytes, open, scratch, () => {
    if (events.length <= limits.batchEventsMax) events.push({ ...scratch });
  });
}

function readShared(fields: ReadonlyMap<string, Field>, events: number, limits: TrackingLimits): SharedFields | BodyRefusal {
  const context = objectIn(fields, 'context');
  if (context instanceof BodyRefusal) return context;
  const integrations = objectIn(fields, 'integrations');
  if (integrations instanceof BodyRefusal) return integrations;
  const bytes =
    (context ? (fields.get('context')?.bytes ?? 0) : 0) + (integrations ? (fields.get('integrations')?.bytes ?? 0) : 0);
  if (bytes * events > limits.expandedBytesMax) {
    return tooLarge('The context of the batch, counted once per event,', `${String(limits.expandedBytesMax)} bytes`);
  }
  return { sentAt: fields.get('sentAt')?.value, context, integrations, bytes };
}

/** Null counts as absent, as everywhere in a call. */
function objectIn(fields: ReadonlyMap<string, Field>, name: string): JsonObject | BodyRefusal | undefined {
  const field = fields.get(name);
  if (field === undefined || field.value === null) return undefined;
  if (typeof field.value !== 'object' || Array.isArray(field.value)) return notAllowed(name, describe(field.value));
  if (field.traps === 0) return field.value as JsonObject;
  const checked = checkTraps(field.value as JsonObject);
  return checked instanceof Refusal ? notAllowed(`${name}.${checked.field}`, checked.detail) : checked;
}

function parsed(bytes: Buffer, { start, end, traps }: Measure, ascii: boolean): Field | undefined {
  try {
    return { value: JSON.parse(sliceText(bytes, start, end, ascii)), bytes: end - start, traps };
  } catch {
    return undefined;
  }
}

function notJson(why: string): BodyRefusal {
  return new BodyRefusal('invalid-json', {
    detail: `The body cannot be read: ${why}.`,
    allowed: 'one JSON object in UTF-8, as it is or in gzip',
    next: 'check the body with a JSON parser; nothing of it was accepted',
  });
}

function tooLarge(what: string, allowed: string): BodyRefusal {
  return new BodyRefusal('body-too-large', {
    detail: `${what} is above the limit; nothing was accepted.`,
    allowed,
    next: 'split it and send the parts',
  });
}

function notAllowed(field: string, found: string): BodyRefusal {
  return new BodyRefusal('invalid-field', {
    detail: `The field "${field}" of the batch cannot be read.`,
    field,
    found,
    allowed: field === 'batch' ? 'array of events' : 'object',
    next: 'send {"batch": [EVENT, ...], "sentAt": TIME, "context": {...}}',
  });
}
