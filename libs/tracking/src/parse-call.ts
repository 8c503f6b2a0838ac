// One event of the tracking API, from its bytes to a plain object that is safe to hold.
// J1 Size, depth and keys are checked on the bytes; JSON.parse never sees an event above a bound.
// J2 A parsed call has no infinite number and no key `__proto__`, `constructor` or `prototype`: the event is refused instead.
// J3 Text that no UTF-8 log can hold (lone surrogates) or no store likes (NUL) becomes U+FFFD in values, where a cut emoji in a page
//    title must not cost the event. In keys it is refused, and identifiers keep it for their own check: there it would make two
//    names one.
// J4 Integers beyond 2^53 are the nearest double, as in every JSON reader of JavaScript. As identifiers they are not used.
import { Refusal } from './refusal.js';
import type { Measure } from './scan.js';
import type { TrackingLimits } from './limits.js';

export type JsonObject = { [key: string]: unknown };

declare const safe: unique symbol;
/** An event after J1-J4. Its fields have not been looked at. */
export type ParsedCall = JsonObject & { readonly [safe]: true };

const UNSAFE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const IDENTIFIERS: ReadonlySet<string> = new Set(['userId', 'anonymousId', 'previousId', 'groupId', 'messageId']);
const NUL = /\u0000/g;

/** `ascii`: the whole body is ASCII, so its bytes are its characters. */
export function parseCall(bytes: Buffer, measure: Measure, ascii: boolean, limits: TrackingLimits): ParsedCall | Refusal {
  const tooMuch = overBound(measure, limits);
  if (tooMuch !== undefined) return tooMuch;
  let value: unknown;
  try {
    value = JSON.parse(sliceText(bytes, measure.start, measure.end, ascii));
  } catch (error) {
    return new Refusal('not-json', '', `The event is not valid JSON: ${(error as Error).message.slice(0, 120)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new Refusal('invalid-field', '', 'An event is a JSON object.');
  }
  return measure.traps === 0 ? (value as ParsedCall) : checkTraps(value as JsonObject);
}

/** The parsed object after J2 and J3, in place. */
export function checkTraps(value: JsonObject): ParsedCall | Refusal {
  return clean(value, 0) ?? (value as ParsedCall);
}

export function overBound({ start, end, depth, keys }: Measure, limits: TrackingLimits): Refusal | undefined {
  if (end - start > limits.eventBytesMax) {
    return new Refusal(
      'too-large',
      '',
      `The event has ${String(end - start)} bytes; ${String(limits.eventBytesMax)} are allowed.`,
    );
  }
  if (depth > limits.depthMax) {
    return new Refusal('too-deep', '', `The event nests ${String(depth)} levels; ${String(limits.depthMax)} are allowed.`);
  }
  if (keys > limits.keysMax) {
    return new Refusal('too-large', '', `The event has ${String(keys)} keys; ${String(limits.keysMax)} are allowed.`);
  }
  return undefined;
}

export function sliceText(bytes: Buffer, start: number, end: number, ascii: boolean): string {
  return bytes.toString(ascii ? 'latin1' : 'utf8', start, end);
}

/** Depth is bounded by J1, so this recursion is too. The path is built on the way out of a refusal only. */
function clean(value: JsonObject | unknown[], level: number): Refusal | undefined {
  const list = Array.isArray(value);
  for (const key of Object.keys(value)) {
    if (!list && UNSAFE_KEYS.has(key)) {
      return new Refusal('unsafe-key', key, `The key "${key}" is not allowed; rename it.`);
    }
    if (!list && isFlawed(key)) return new Refusal('invalid-field', '', 'A key holds NUL or half a surrogate pair.');
    const inner = (value as JsonObject)[key];
    const refusal = cleanValue(value as JsonObject, key, inner, level);
    if (refusal !== undefined) {
      return new Refusal(refusal.reason, joinPath(list ? `[${key}]` : key, refusal.field), refusal.detail);
    }
  }
  return undefined;
}

function cleanValue(parent: JsonObject, key: string, inner: unknown, level: number): Refusal | undefined {
  if (typeof inner === 'object' && inner !== null) return clean(inner as JsonObject, level + 1);
  if (typeof inner === 'number' && !Number.isFinite(inner)) {
    return new Refusal('invalid-field', '', 'A number is larger than any double.');
  }
  if (typeof inner !== 'string' || !isFlawed(inner)) return undefined;
  if (level > 0 || !IDENTIFIERS.has(key)) parent[key] = inner.toWellFormed().replace(NUL, '\ufffd');
  return undefined;
}

function isFlawed(text: string): boolean {
  return !text.isWellFormed() || text.includes('\u0000');
}

function joinPath(head: string, tail: string): string {
  if (tail === '') return head;
  return tail.startsWith('[') ? head + tail : `${head}.${tail}`;
}
