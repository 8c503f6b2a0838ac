// Reading a condition: one of eight kinds, told by its key. A condition with two of these keys is ambiguous and refused.
import { readOperators } from './comparisons.js';
import { EVENT_KEYS, readEventCondition, readPath } from './event.js';
import { readList, readMapping, readName, refuse, refuseUnknownKeys, type Field, type Fields } from './field.js';
import type { Condition } from './model.js';
import { readSequence, SEQUENCE_KEYS } from './sequence.js';
import { nearest } from './suggest.js';

export const CONDITION_KINDS = ['all', 'any', 'not', 'event', 'sequence', 'trait', 'feature', 'segment'] as const;
export type ConditionKind = (typeof CONDITION_KINDS)[number];

/** One table: adding a kind of condition is a row here and a reader. */
const READERS: { readonly [Kind in ConditionKind]: (field: Field, fields: Fields) => Condition | undefined } = {
  all: (field, fields) => readGroup(field, fields, 'all'),
  any: (field, fields) => readGroup(field, fields, 'any'),
  not: readNot,
  event: (field, fields) => {
    refuseUnknownKeys(fields, 'an event condition', EVENT_KEYS);
    return readEventCondition(field, fields);
  },
  sequence: (field, fields) => {
    refuseUnknownKeys(fields, 'a sequence', SEQUENCE_KEYS);
    return readSequence(field, fields);
  },
  trait: readTrait,
  feature: readFeature,
  segment: (field, fields) => {
    refuseUnknownKeys(fields, 'a segment condition', ['segment']);
    const segment = readName(fields.get('segment') as Field, '`segment`');
    return segment === undefined ? undefined : { kind: 'segment', place: field.place, segment };
  },
};

export function readCondition(field: Field): Condition | undefined {
  if (Array.isArray(field.value)) {
    return refuse(
      field,
      'ambiguous',
      'a list of conditions does not say how they combine',
      'a mapping',
      'write { all: [ … ] } or { any: [ … ] }',
    );
  }
  const fields = readMapping(field, 'a condition');
  if (fields === undefined) return undefined;
  const kinds = CONDITION_KINDS.filter((kind) => fields.has(kind));
  const [kind] = kinds;
  if (kind === undefined) return refuseKindless(field, fields);
  if (kinds.length === 1) return READERS[kind](field, fields);
  return refuse(
    field,
    'ambiguous',
    `one condition has ${kinds.map((each) => `'${each}'`).join(' and ')}`,
    `one of ${CONDITION_KINDS.join(', ')}`,
    'put each in a condition of its own under all: or any:',
  );
}

function refuseKindless(field: Field, fields: Fields): undefined {
  const allowed = CONDITION_KINDS.join(', ');
  const keys = [...fields.keys()];
  const near = keys.map((key) => ({ key, kind: nearest(key, CONDITION_KINDS) })).find(({ kind }) => kind !== undefined);
  if (keys.length === 0) return refuse(field, 'empty', 'a condition must not be empty', allowed, `use one of: ${allowed}`);
  if (near === undefined)
    return refuse(field, 'missing', 'a condition needs a key that says what it asks', allowed, `use one of: ${allowed}`);
  const part = fields.get(near.key) as Field;
  return part.report.refuse({
    code: 'unknown-key',
    place: part.place,
    problem: `there is no condition '${near.key}'`,
    found: near.key,
    allowed,
    suggestion: `did you mean '${near.kind as string}'`,
  });
}

function readGroup(field: Field, fields: Fields, kind: 'all' | 'any'): Condition | undefined {
  refuseUnknownKeys(fields, `\`${kind}\``, [kind]);
  const list = readList(fields.get(kind) as Field, `\`${kind}\``);
  if (list === undefined) return undefined;
  const children = list.map(readCondition).filter((child) => child !== undefined);
  return children.length === list.length ? { kind, place: field.place, children } : undefined;
}

function readNot(field: Field, fields: Fields): Condition | undefined {
  refuseUnknownKeys(fields, '`not`', ['not']);
  const inner = fields.get('not') as Field;
  if (Array.isArray(inner.value)) {
    return refuse(
      inner,
      'ambiguous',
      '`not` takes one condition',
      'one condition',
      'write not: { any: [ … ] } for none of them, not: { all: [ … ] } for not all',
    );
  }
  const child = readCondition(inner);
  return child === undefined ? undefined : { kind: 'not', place: field.place, child };
}

function readTrait(field: Field, fields: Fields): Condition | undefined {
  const path = readPath(fields.get('trait') as Field, '`trait`', 'trait');
  const comparisons = readOperators(field, without(fields, 'trait'), 'a trait condition', 'value');
  return path === undefined || comparisons === undefined ? undefined : { kind: 'trait', place: field.place, path, comparisons };
}

function readFeature(field: Field, fields: Fields): Condition | undefined {
  const feature = readName(fields.get('feature') as Field, '`feature`');
  const comparisons = readOperators(field, without(fields, 'feature'), 'a feature condition', 'value');
  return feature === undefined || comparisons === undefined
    ? undefined
    : { kind: 'feature', place: field.place, feature, comparisons };
}

function without(fields: Fields, key: string): Fields {
  return new Map([...fields].filter(([each]) => each !== key));
}
