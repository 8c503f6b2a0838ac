// Parts that the schemas of several kinds share.
import type { OperatorName } from '@tessera/features';
import { operatorsOf, type Subject } from '../language/comparisons.js';
import { CALLS, PATH_LEAVES, PATH_ROOTS } from '../language/event.js';
import { NAME } from '../language/field.js';

export type JsonSchema = { readonly [keyword: string]: unknown };

const SCALAR: JsonSchema = { type: ['string', 'number', 'boolean'] };
const NUMBER: JsonSchema = { type: 'number' };
const COUNT: JsonSchema = { type: 'integer', minimum: 0 };

/** What each operator takes. A new operator does not compile until it is here. */
const OPERANDS: Readonly<Record<OperatorName, (value: JsonSchema) => JsonSchema>> = {
  eq: (value) => value,
  ne: (value) => value,
  in: list,
  nin: list,
  gt: number,
  gte: number,
  lt: number,
  lte: number,
  between: (value) => ({
    type: 'array',
    items: number(value),
    minItems: 2,
    maxItems: 2,
    description: 'The lower first; both ends are included.',
  }),
  exists: () => ({ type: 'boolean' }),
  contains: () => SCALAR,
  notContains: () => SCALAR,
  startsWith: () => ({ type: 'string' }),
  endsWith: () => ({ type: 'string' }),
  matches: () => ({ type: 'string', maxLength: 512, description: 'A regular expression in RE2 syntax.' }),
  before: instant,
  after: instant,
  withinLast: () => duration(1),
  withinNext: () => duration(1),
};

export function text(description?: string): JsonSchema {
  return { type: 'string', minLength: 1, ...(description === undefined ? {} : { description }) };
}

export function name(description: string): JsonSchema {
  return { type: 'string', pattern: NAME.source, description };
}

export function duration(least: 0 | 1, description = 'For example 30m, 24h, 7d, 1d12h.'): JsonSchema {
  const units = '(\\d+(\\.\\d+)?(ms|s|m|h|d|w))+';
  return { type: 'string', pattern: least === 1 ? `^(?=.*[1-9])${units}$` : `^${units}$`, description };
}

export function instant(): JsonSchema {
  return { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}', description: 'A date (its midnight in UTC) or an instant.' };
}

/** A mapping with these keys and no others. */
export function mapping(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = [],
  more: JsonSchema = {},
): JsonSchema {
  return { type: 'object', additionalProperties: false, properties, ...(required.length === 0 ? {} : { required }), ...more };
}

/** The operators that a subject takes, as properties. */
export function operators(subject: Subject): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(operatorsOf(subject).map((operator) => [operator, OPERANDS[operator](valueOf(subject))]));
}

/** A bare value, or a mapping of operators. */
export function comparison(subject: Subject): JsonSchema {
  return { anyOf: [valueOf(subject), mapping(operators(subject), [], { minProperties: 1 })] };
}

export function eventName(): JsonSchema {
  return {
    anyOf: [{ type: 'string', pattern: '^[^$\\s](.*\\S)?$' }, { enum: CALLS }],
    description: 'Name of a tracked event, or a call.',
  };
}

export function eventPathPattern(): string {
  return `^((${PATH_ROOTS.join('|')})(\\.[^.]+)+|${PATH_LEAVES.join('|')})$`;
}

export function traitPath(): JsonSchema {
  return {
    type: 'string',
    pattern: '^(?!traits\\.)[^.]+(\\.[^.]+)*$',
    description: 'A path inside the traits: plan, address.country.',
  };
}

function valueOf(subject: Subject): JsonSchema {
  if (subject === 'value') return SCALAR;
  return subject === 'count' ? COUNT : NUMBER;
}

function list(value: JsonSchema): JsonSchema {
  return { type: 'array', items: value, minItems: 1 };
}

function number(value: JsonSchema): JsonSchema {
  return value === COUNT ? COUNT : NUMBER;
}
