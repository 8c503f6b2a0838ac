// A value of a document with its place, and the few ways to read one. Every reader returns undefined after a refusal, and
// goes on where it can, so that one pass finds all that is wrong.
import { parseDuration, parseInstant } from '@tessera/time';
import { placeIn, type ErrorCode, type Report } from './error.js';
import { nearest } from './suggest.js';

export interface Field {
  readonly value: unknown;
  readonly place: string;
  readonly report: Report;
}

/** The fields of a mapping, by key. */
export type Fields = ReadonlyMap<string, Field>;

/** A name of a definition: lower-case letters, digits and hyphens. */
export const NAME = /^[a-z0-9][a-z0-9-]{0,99}$/;

export function refuse(field: Field, code: ErrorCode, problem: string, allowed: string, suggestion: string): undefined {
  return field.report.refuse({ code, place: field.place, problem, found: field.value, allowed, suggestion });
}

export function childOf(field: Field, key: string | number, value: unknown): Field {
  return { value, place: placeIn(field.place, key), report: field.report };
}

/** A mapping of any keys. */
export function readMapping(field: Field, what: string): Fields | undefined {
  const { value } = field;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse(field, 'wrong-type', `${what} must be a mapping`, 'a mapping', 'write keys and values, one a line');
  }
  return new Map(Object.entries(value).map(([key, part]) => [key, childOf(field, key, part)]));
}

/** A mapping with these keys only. */
export function readKeys(
  field: Field,
  what: string,
  allowed: readonly string[],
  required: readonly string[] = [],
): Fields | undefined {
  const fields = readMapping(field, what);
  if (fields === undefined) return undefined;
  const meant = refuseUnknownKeys(fields, what, allowed);
  for (const key of required) {
    if (!fields.has(key) && !meant.has(key)) {
      childOf(field, key, undefined).report.refuse({
        code: 'missing',
        place: placeIn(field.place, key),
        problem: `${what} needs \`${key}\``,
        found: undefined,
        allowed: required.join(', '),
        suggestion: `add \`${key}\``,
      });
    }
  }
  return fields;
}

/** Returns the allowed keys that were probably meant. */
export function refuseUnknownKeys(fields: Fields, what: string, allowed: readonly string[]): ReadonlySet<string> {
  const meant = new Set<string>();
  for (const [key, field] of fields) {
    if (allowed.includes(key)) continue;
    const near = nearest(key, allowed);
    if (near !== undefined) meant.add(near);
    field.report.refuse({
      code: 'unknown-key',
      place: field.place,
      problem: `${what} has no key '${key}'`,
      found: key,
      allowed: allowed.join(', '),
      suggestion: near === undefined ? `remove it, or use one of: ${allowed.join(', ')}` : `did you mean '${near}'`,
    });
  }
  return meant;
}

/** A list with at least one element. */
export function readList(field: Field, what: string): readonly Field[] | undefined {
  if (!Array.isArray(field.value)) {
    return refuse(field, 'wrong-type', `${what} must be a list`, 'a list', 'put it in a list: [ … ]');
  }
  if (field.value.length === 0) {
    return refuse(field, 'empty', `${what} must not be empty`, 'a list of at least one', 'add an element, or remove the key');
  }
  return field.value.map((part, index) => childOf(field, index, part));
}

export function readText(field: Field, what: string): string | undefined {
  if (typeof field.value === 'string' && field.value !== '') return field.value;
  const suggestion =
    typeof field.value === 'number' || typeof field.value === 'boolean'
      ? `put it in quotes: "${String(field.value)}"`
      : 'write a text';
  return refuse(field, 'wrong-type', `${what} must be a text that is not empty`, 'a text', suggestion);
}

export function readName(field: Field, what: string): string | undefined {
  if (typeof field.value === 'string' && NAME.test(field.value)) return field.value;
  const text = typeof field.value === 'string' || typeof field.value === 'number' ? String(field.value) : '';
  const slug = slugOf(text);
  return refuse(
    field,
    'bad-name',
    `${what} must be a name`,
    'lower-case letters, digits and hyphens, at most 100, as text',
    slug === '' ? 'for example cart-abandoners' : `for example ${slug === text ? `"${slug}"` : slug}`,
  );
}

export function readBoolean(field: Field, what: string): boolean | undefined {
  if (typeof field.value === 'boolean') return field.value;
  return refuse(field, 'wrong-type', `${what} must be true or false`, 'true, false', 'write true or false, without quotes');
}

/** A whole number of at least `least`. */
export function readInteger(field: Field, what: string, least: number): number | undefined {
  if (Number.isSafeInteger(field.value) && (field.value as number) >= least) return field.value as number;
  const allowed = `a whole number from ${String(least)}`;
  return refuse(
    field,
    typeof field.value === 'number' ? 'bad-value' : 'wrong-type',
    `${what} must be ${allowed}`,
    allowed,
    numberHint(field.value),
  );
}

export function readChoice<Choice extends string>(field: Field, what: string, choices: readonly Choice[]): Choice | undefined {
  if (choices.includes(field.value as Choice)) return field.value as Choice;
  const near = typeof field.value === 'string' ? nearest(field.value, choices) : undefined;
  const allowed = choices.join(', ');
  return refuse(
    field,
    'bad-value',
    `${what} must be one of: ${allowed}`,
    allowed,
    near === undefined ? `write one of: ${allowed}` : `did you mean '${near}'`,
  );
}

/** Milliseconds of a duration; `least` is 0 or 1. */
export function readDuration(field: Field, what: string, least: 0 | 1): number | undefined {
  const allowed = `a duration${least === 1 ? ' above zero' : ''} of at most 100 years: 250ms, 90s, 30m, 24h, 7d, 2w, 1d12h`;
  const { value } = field;
  if (typeof value !== 'string') {
    const suggestion = typeof value === 'number' ? `give it a unit, for example ${String(Math.abs(value))}d` : 'for example 24h';
    return refuse(field, 'wrong-type', `${what} must be a duration`, allowed, suggestion);
  }
  const ms = parseDuration(value);
  if (ms === undefined) return refuse(field, 'bad-value', `${what} is not a duration`, allowed, durationHint(value));
  if (ms < least) return refuse(field, 'bad-value', `${what} must be longer than zero`, allowed, 'for example 24h');
  return ms;
}

/** Milliseconds since the epoch. */
export function readInstant(field: Field, what: string): number | undefined {
  const ms = typeof field.value === 'string' ? parseInstant(field.value) : undefined;
  if (ms !== undefined) return ms;
  const allowed = 'a date (its midnight in UTC) or an instant: 2026-01-31, 2026-01-31T12:00:00Z';
  return refuse(field, 'bad-value', `${what} must be a date or an instant`, allowed, 'for example 2026-01-31');
}

/** What to try where a number was asked for. */
export function numberHint(value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
    return `write ${value.trim()} without quotes`;
  return 'write a number';
}

function durationHint(text: string): string {
  const trimmed = text.trim().toLowerCase();
  if (trimmed.startsWith('-')) return `write it without the sign: ${trimmed.slice(1).trim()}`;
  const words =
    /^(\d+(?:\.\d+)?)\s*(ms|msec|millis|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|months?|y|years?)$/.exec(
      trimmed,
    );
  if (!words) return 'for example 24h';
  const [, count = '', unit = ''] = words;
  if (unit.startsWith('month')) return `months differ in length; write days, for example ${String(Number(count) * 30)}d`;
  if (unit.startsWith('y')) return `years differ in length; write days, for example ${String(Number(count) * 365)}d`;
  return `write ${count}${unit === 'ms' || unit.startsWith('mil') || unit === 'msec' ? 'ms' : unit.charAt(0)}`;
}

function slugOf(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 100);
}
