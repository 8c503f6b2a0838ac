// Reading what is asked of events: which events (`event`, `where`), over which window (`within`, `since`), measured how.
import type { Aggregate, EventSelector, WhereClause } from '@tessera/features';
import { canonicalWhere } from './canonical.js';
import { operatorsOf, readComparisons, readOperators, type Subject } from './comparisons.js';
import { childOf, readDuration, readInstant, readMapping, readText, refuse, type Field, type Fields } from './field.js';
import type { EventCondition, Measure, MeasureTest, Window } from './model.js';
import { nearest } from './suggest.js';

export const AGGREGATES = [
  'count',
  'sum',
  'min',
  'max',
  'mean',
  'first',
  'last',
  'distinct',
] as const satisfies readonly Aggregate[];
export const EVENT_KEYS = ['event', 'where', ...AGGREGATES, 'within', 'since'] as const;

/** Calls of the tracking API that are no tracked event. */
export const CALLS = ['$page', '$screen', '$identify', '$group', '$alias'] as const;

/** Where paths of an event begin; the last ones lead to a value of their own. */
export const PATH_ROOTS = ['properties', 'context', 'traits'] as const;
export const PATH_LEAVES = ['name'] as const;

const UNSAFE = new Set(['__proto__', 'constructor', 'prototype']);
const PATH_PARTS_MAX = 16;

const SUBJECTS: Readonly<Record<Aggregate, Subject>> = {
  count: 'count',
  distinct: 'count',
  sum: 'number',
  min: 'optional-number',
  max: 'optional-number',
  mean: 'optional-number',
  first: 'value',
  last: 'value',
};

/** What a comparison with this aggregate may be. */
export function subjectOf(aggregate: Aggregate): Subject {
  return SUBJECTS[aggregate];
}

export function readEventCondition(field: Field, fields: Fields): EventCondition | undefined {
  const selector = readSelector(fields);
  const window = readWindow(field, fields);
  const asked = AGGREGATES.filter((aggregate) => fields.has(aggregate));
  const tests =
    asked.length === 0
      ? [{ aggregate: 'count' as const, place: field.place, comparisons: [{ operator: 'gte' as const, operand: 1 }] }]
      : asked.map((aggregate) =>
          readTest(fields.get(aggregate) as Field, aggregate, asked.length === 1 ? field.place : undefined),
        );
  if (selector === undefined || window === undefined || tests.includes(undefined)) return undefined;
  return { kind: 'event', place: field.place, selector, window, tests: tests as readonly MeasureTest[] };
}

/** The measure of a Feature: an aggregate without a comparison. */
export function readMeasure(field: Field, aggregate: Aggregate): Measure | undefined {
  const fields = readMapping(field, `\`${aggregate}\` of a Feature`);
  if (fields === undefined) return undefined;
  const allowed = aggregate === 'count' ? [] : ['of'];
  for (const [key, part] of fields) {
    if (allowed.includes(key)) continue;
    const comparison = (operatorsOf('value') as readonly string[]).includes(key);
    part.report.refuse({
      code: 'unknown-key',
      place: part.place,
      problem: comparison ? 'a Feature is a value and has no comparison' : `\`${aggregate}\` of a Feature has no key '${key}'`,
      found: key,
      allowed: allowed.join(', ') || 'nothing: count: {}',
      suggestion: comparison ? 'compare in a Segment: { feature: …, gte: … }' : 'remove it',
    });
  }
  if (aggregate === 'count') return { aggregate };
  const of = readOf(field, fields, aggregate);
  return of === undefined ? undefined : { aggregate, of };
}

export function readSelector(fields: Fields): EventSelector | undefined {
  const event = readEventName(fields.get('event') as Field);
  const whereField = fields.get('where');
  const where = whereField === undefined ? [] : readWhere(whereField);
  return event === undefined || where === undefined ? undefined : { event, where: canonicalWhere(where) };
}

/** Undefined after a refusal. */
export function readWindow(owner: Field, fields: Fields): Window | undefined {
  const within = fields.get('within');
  const since = fields.get('since');
  if (within !== undefined && since !== undefined) {
    return refuse(owner, 'ambiguous', '`within` and `since` cannot be together', 'one of within, since', 'remove one of the two');
  }
  if (within !== undefined) {
    const windowMs = readDuration(within, '`within`', 1);
    return windowMs === undefined ? undefined : { kind: 'within', windowMs };
  }
  if (since === undefined) return { kind: 'lifetime' };
  const sinceMs = readInstant(since, '`since`');
  return sinceMs === undefined ? undefined : { kind: 'since', sinceMs };
}

/** A dotted path; the parts of an event path begin at one of its roots. */
export function readPath(field: Field, what: string, of: 'event' | 'trait'): string | undefined {
  const text = readText(field, what);
  return text === undefined ? undefined : checkPath(field, text, what, of);
}

function checkPath(field: Field, text: string, what: string, of: 'event' | 'trait'): string | undefined {
  const parts = text.split('.');
  const allowed =
    of === 'event'
      ? `${PATH_ROOTS.map((root) => `${root}.…`).join(', ')}, ${PATH_LEAVES.join(', ')}`
      : 'a trait: plan, address.country';
  if (parts.some((part) => UNSAFE.has(part))) {
    return refuse(
      field,
      'unsafe-key',
      `${what} must not name ${parts.find((part) => UNSAFE.has(part)) as string}`,
      allowed,
      'rename the property',
    );
  }
  if (parts.some((part) => part === '' || part.trim() !== part) || parts.length > PATH_PARTS_MAX) {
    const problem = `${what} must be names joined by single dots, at most ${String(PATH_PARTS_MAX)}`;
    return refuse(field, 'bad-value', problem, allowed, `for example ${of === 'event' ? 'properties.price' : 'address.country'}`);
  }
  const [root = ''] = parts;
  if (of === 'trait') {
    if (root !== 'traits') return text;
    return refuse(
      field,
      'bad-value',
      `${what} is a path inside the traits`,
      allowed,
      `write ${parts.slice(1).join('.') || 'the name of the trait'}`,
    );
  }
  if ((PATH_ROOTS as readonly string[]).includes(root) && parts.length > 1) return text;
  if ((PATH_LEAVES as readonly string[]).includes(text)) return text;
  const near = nearest(root, [...PATH_ROOTS, ...PATH_LEAVES]);
  const suggestion =
    (PATH_ROOTS as readonly string[]).includes(root) || near === undefined || parts.length === 1
      ? `did you mean properties.${(PATH_ROOTS as readonly string[]).includes(root) ? '…' : text}`
      : `did you mean ${[near, ...parts.slice(1)].join('.')}`;
  return refuse(field, 'bad-value', `${what} must begin with ${[...PATH_ROOTS].join(', ')}`, allowed, suggestion);
}

function readEventName(field: Field): string | undefined {
  const name = readText(field, '`event`');
  if (name === undefined) return undefined;
  if (name.trim() !== name) {
    return refuse(field, 'bad-value', '`event` has blanks around it', 'the exact name of the event', `write "${name.trim()}"`);
  }
  if (!name.startsWith('$') || (CALLS as readonly string[]).includes(name)) return name;
  const near = nearest(name, CALLS);
  const suggestion = near === undefined ? 'write the name of a tracked event' : `did you mean ${near}`;
  return refuse(field, 'bad-value', `there is no call '${name}'`, `a tracked event, or ${CALLS.join(', ')}`, suggestion);
}

function readWhere(field: Field): readonly WhereClause[] | undefined {
  const fields = readMapping(field, '`where`');
  if (fields === undefined) return undefined;
  if (fields.size === 0)
    return refuse(field, 'empty', '`where` must not be empty', 'paths with comparisons', 'add a path, or remove `where`');
  const clauses: WhereClause[] = [];
  for (const [key, part] of fields) {
    const path = checkPath({ ...part, value: key }, key, 'a path in `where`', 'event');
    const comparisons = readComparisons(part, key, 'value');
    if (path !== undefined && comparisons !== undefined) clauses.push({ path, comparisons });
  }
  return clauses.length === fields.size ? clauses : undefined;
}

/** `place` of the only test is that of the condition: it is the same leaf. */
function readTest(field: Field, aggregate: Aggregate, place = field.place): MeasureTest | undefined {
  const subject = SUBJECTS[aggregate];
  if (aggregate === 'count') {
    const comparisons = readComparisons(field, '`count`', subject);
    return comparisons && { aggregate, place, comparisons };
  }
  if (typeof field.value !== 'object' || field.value === null || Array.isArray(field.value)) {
    const example = `{ of: properties.revenue, ${typeof field.value === 'number' ? `eq: ${String(field.value)}` : 'gte: 100'} }`;
    return refuse(
      field,
      'wrong-type',
      `\`${aggregate}\` needs the path of a value and a comparison`,
      '{ of: PATH, … }',
      `for example ${aggregate}: ${example}`,
    );
  }
  const fields = readMapping(field, `\`${aggregate}\``) as Fields;
  const of = readOf(field, fields, aggregate);
  const operators = new Map([...fields].filter(([key]) => key !== 'of'));
  if (operators.size === 0) {
    const allowed = operatorsOf(subject).join(', ');
    return refuse(
      field,
      'missing',
      `\`${aggregate}\` in a Segment needs a comparison`,
      allowed,
      'add one, for example gte: 100; or make it a Feature',
    );
  }
  const comparisons = readOperators(field, operators, `\`${aggregate}\``, subject);
  return of === undefined || comparisons === undefined ? undefined : { aggregate, of, place, comparisons };
}

function readOf(owner: Field, fields: Fields, aggregate: Aggregate): string | undefined {
  const field = fields.get('of');
  if (field !== undefined) return readPath(field, `\`of\` of ${aggregate}`, 'event');
  const missing = childOf(owner, 'of', undefined);
  return refuse(
    missing,
    'missing',
    `\`${aggregate}\` needs \`of\`: the path of the value`,
    'a path',
    'add of: properties.revenue',
  );
}
