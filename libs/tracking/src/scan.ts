// Measures JSON in its bytes, before anything parses it: where each event lies, how deep it is, how many keys it has.
// N1 One pass, no recursion, no allocation per value: a nesting bomb costs as much as any body of its size.
// N2 What is measured is exact for valid JSON. For other bytes it may be anything within the body: whoever takes a value parses
//    its slice, and the structure between the slices is checked here, so a body passes if and only if it is JSON.
// N3 Traps are flagged generously (a flag only asks for a look at the parsed value) and never missed.

/** A look at the parsed value is needed: it holds \u escapes, a number that may be infinite, or a key that may be unsafe. */
export const TRAP = { escape: 1, number: 2, key: 4 } as const;

/** Where a value lies and what it holds. Written in place: one object serves many values. */
export interface Measure {
  start: number;
  end: number;
  depth: number;
  keys: number;
  traps: number;
}

export function newMeasure(): Measure {
  return { start: 0, end: 0, depth: 0, keys: 0, traps: 0 };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** No finite number is written with more characters unless somebody means to; longer ones are looked at. */
const PLAIN_NUMBER_LENGTH = 300;

/** Measures the value that starts at `start` (no white space). False where the bytes end before the value does. */
export function measureValue(bytes: Uint8Array, start: number, into: Measure): boolean {
  const first = bytes[start];
  const length = bytes.length;
  let at = start;
  let depth = 0;
  let deepest = 0;
  let keys = 0;
  let traps = 0;
  into.start = start;
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET && first !== QUOTE) return measurePlain(bytes, start, into);
  let token = at;
  do {
    if (at >= length) return false;
    const byte = bytes[at++] as number;
    if (byte === QUOTE) {
      const text = at;
      for (;;) {
        if (at >= length) return false;
        const unit = bytes[at++];
        if (unit === QUOTE) break;
        if (unit === BACKSLASH && bytes[at++] === 0x75) traps |= TRAP.escape;
      }
      if (mayBeUnsafe(bytes[text] as number, at - 1 - text)) traps |= TRAP.key;
      token = at;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > deepest) deepest = depth;
      token = at;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
      if (at - token > PLAIN_NUMBER_LENGTH) traps |= TRAP.number;
      token = at;
    } else if (byte === COMMA) {
      if (at - token > PLAIN_NUMBER_LENGTH) traps |= TRAP.number;
      token = at;
    } else if (byte === COLON) {
      keys++;
      token = at;
    } else if ((byte | 0x20) === 0x65 && isDigitOrPoint(bytes[at - 2] as number)) traps |= TRAP.number;
  } while (depth > 0);
  into.end = at;
  into.depth = deepest;
  into.keys = keys;
  into.traps = traps;
  return true;
}

/** A number, true, false or null: up to the next delimiter. */
function measurePlain(bytes: Uint8Array, start: number, into: Measure): boolean {
  let at = start;
  while (at < bytes.length && !isDelimiter(bytes[at] as number)) at++;
  into.end = at;
  into.depth = 0;
  into.keys = 0;
  into.traps = TRAP.number;
  return at > start;
}

/** Position of the next byte that is no white space. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
  }
  return at;
}

/** Calls `visit` with the measure of each element; returns the position after the array, or -1 where it is none. */
export function eachElement(bytes: Uint8Array, open: number, scratch: Measure, visit: () => void): number {
  if (bytes[open] !== OPEN_BRACKET) return -1;
  let at = skipSpace(bytes, open + 1);
  if (bytes[at] === CLOSE_BRACKET) return at + 1;
  for (;;) {
    if (!measureValue(bytes, at, scratch)) return -1;
    const end = scratch.end;
    visit();
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSE_BRACKET) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = skipSpace(bytes, at + 1);
  }
}

/**
 * Calls `visit` with the position of each member's value; `name` then measures its name, and `visit` returns the position after
 * the value, or -1. Returns the position after the object, or -1 where it is none.
 */
export function eachMember(bytes: Uint8Array, open: number, name: Measure, visit: (valueStart: number) => number): number {
  if (bytes[open] !== OPEN_BRACE) return -1;
  let at = skipSpace(bytes, open + 1);
  if (bytes[at] === CLOSE_BRACE) return at + 1;
  for (;;) {
    if (bytes[at] !== QUOTE || !measureValue(bytes, at, name)) return -1;
    const colon = skipSpace(bytes, name.end);
    if (bytes[colon] !== COLON) return -1;
    const end = visit(skipSpace(bytes, colon + 1));
    if (end < 0) return -1;
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSE_BRACE) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = skipSpace(bytes, at + 1);
  }
}

/** `__proto__` and `prototype` have 9 letters, `constructor` 11; an escaped one is found by its escape. */
function mayBeUnsafe(first: number, length: number): boolean {
  return (length === 9 && (first === 0x5f || first === 0x70)) || (length === 11 && first === 0x63);
}

function isDigitOrPoint(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2e;
}

function isDelimiter(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte === COLON || byte <= 0x20;
}
