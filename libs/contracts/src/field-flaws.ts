// What the generated checks of records (generated/record-checks.ts) are made of: forms of values, and what a flaw is called.
// F1 A flaw names the field, what kind of value was found and what is wanted, never the value: it may be personal data.
// F2 Nothing is made while a record is sound: a check costs comparisons.

/** Of a record or a part of it: undefined where it is sound, else its first flaw. */
export type FlawOf = (value: unknown) => string | undefined;
type Fields = Readonly<Record<string, unknown>>;

/** Times are kept in 53 bits with their sign: 142,000 years either way of 1970. */
const TIME_MS_MAX = 2 ** 52 - 1;
const INT32_MAX = 2 ** 31 - 1;

export function isFields(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** A whole number of 53 bits. */
export function isWhole(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

/** A whole number of 31 bits. */
export function isShort(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= INT32_MAX;
}

/** Milliseconds since the epoch. */
export function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= -TIME_MS_MAX && (value as number) <= TIME_MS_MAX;
}

export function flawAt(field: string, found: unknown, wanted: string): string {
  return `${field} is ${nameOf(found)}, wanted is ${wanted}`;
}

/** A message within the record; absent is sound. */
export function flawIn(field: string, value: unknown, flawOf: FlawOf): string | undefined {
  if (value === undefined) return undefined;
  if (!isFields(value)) return flawAt(field, value, 'an object');
  const flaw = flawOf(value);
  return flaw === undefined ? undefined : `${field}.${flaw}`;
}

/** A list of messages. */
export function flawInList(field: string, list: unknown, flawOf: FlawOf): string | undefined {
  if (!Array.isArray(list)) return flawAt(field, list, 'a list');
  for (let i = 0; i < list.length; i++) {
    const one: unknown = list[i];
    if (!isFields(one)) return flawAt(`${field}[${String(i)}]`, one, 'an object');
    const flaw = flawOf(one);
    if (flaw !== undefined) return `${field}[${String(i)}].${flaw}`;
  }
  return undefined;
}

/** A list of texts. */
export function flawInTexts(field: string, list: unknown): string | undefined {
  if (!Array.isArray(list)) return flawAt(field, list, 'a list');
  const at = list.findIndex((one) => typeof one !== 'string');
  return at < 0 ? undefined : flawAt(`${field}[${String(at)}]`, list[at], 'a text');
}

/** An object whose values are messages; its names are the sender's, and no part of a flaw. */
export function flawInMap(field: string, map: unknown, flawOf: FlawOf): string | undefined {
  if (!isFields(map)) return flawAt(field, map, 'an object');
  for (const name in map as Fields) {
    const value = (map as Fields)[name];
    if (!isFields(value)) return flawAt(`${field}.*`, value, 'an object');
    const flaw = flawOf(value);
    if (flaw !== undefined) return `${field}.*.${flaw}`;
  }
  return undefined;
}

/** An object whose values are true or false. */
export function flawInFlags(field: string, map: unknown): string | undefined {
  if (!isFields(map)) return flawAt(field, map, 'an object');
  for (const name in map as Fields) {
    const value = (map as Fields)[name];
    if (typeof value !== 'boolean') return flawAt(`${field}.*`, value, 'true or false');
  }
  return undefined;
}

function nameOf(found: unknown): string {
  if (found === undefined) return 'missing';
  if (found === null) return 'null';
  if (Array.isArray(found)) return 'a list';
  switch (typeof found) {
    case 'string':
      return 'a text';
    case 'number':
      return 'another number';
    case 'boolean':
      return String(found);
    default:
      return 'an object';
  }
}
