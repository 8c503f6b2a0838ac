// The spec of each kind as a JSON Schema.
import type { Normalization } from '@tessera/identity';
import { CONDITION_KINDS, type ConditionKind } from '../language/condition.js';
import { AGGREGATES, subjectOf } from '../language/event.js';
import { UNKNOWN_POLICIES } from '../language/segment-kind.js';
import { STEPS_MAX } from '../language/sequence.js';
import {
  comparison,
  duration,
  eventName,
  eventPathPattern,
  instant,
  mapping,
  name,
  operators,
  text,
  traitPath,
  type JsonSchema,
} from './parts.js';

export interface SpecSchema {
  readonly spec: JsonSchema;
  readonly $defs: Readonly<Record<string, JsonSchema>>;
}

const NOT_BOTH: JsonSchema = { not: { required: ['within', 'since'] } };
const PATH: JsonSchema = { type: 'string', pattern: eventPathPattern(), description: 'For example properties.revenue.' };

const EVENT_DEFINITIONS: Readonly<Record<string, JsonSchema>> = {
  eventName: eventName(),
  where: {
    type: 'object',
    minProperties: 1,
    patternProperties: { [eventPathPattern()]: comparison('value') },
    additionalProperties: false,
    description: 'Paths of the event with comparisons, all of which must hold.',
  },
  window: duration(1, 'Lookback (t - w, t].'),
};

const ref = (definition: string): JsonSchema => ({ $ref: `#/$defs/${definition}` });
const EVENT_WINDOW = { event: ref('eventName'), where: ref('where'), within: ref('window'), since: instant() };

const CONDITIONS: { readonly [Kind in ConditionKind]: JsonSchema } = {
  all: mapping({ all: conditions() }, ['all']),
  any: mapping({ any: conditions() }, ['any']),
  not: mapping({ not: ref('condition') }, ['not']),
  event: mapping(
    { ...EVENT_WINDOW, ...Object.fromEntries(AGGREGATES.map((aggregate) => [aggregate, tested(aggregate)])) },
    ['event'],
    NOT_BOTH,
  ),
  sequence: mapping(
    {
      sequence: {
        type: 'array',
        minItems: 2,
        maxItems: STEPS_MAX,
        prefixItems: [mapping({ event: ref('eventName'), where: ref('where') }, ['event'])],
        items: { anyOf: [ref('eventStep'), ref('absenceStep')] },
      },
      within: duration(1, 'The whole match lies in (t - w, t].'),
    },
    ['sequence'],
  ),
  trait: mapping({ trait: traitPath(), ...operators('value') }, ['trait'], { minProperties: 2 }),
  feature: mapping({ feature: name('Name of a Feature.'), ...operators('value') }, ['feature'], { minProperties: 2 }),
  segment: mapping({ segment: name('Name of a Segment.') }, ['segment']),
};

export const SEGMENT: SpecSchema = {
  spec: mapping(
    {
      when: ref('condition'),
      stability: mapping({ enterAfter: duration(0), exitAfter: duration(0) }),
      unknown: { enum: UNKNOWN_POLICIES, description: 'Membership when the answer is neither true nor false.' },
    },
    ['when'],
  ),
  $defs: {
    ...EVENT_DEFINITIONS,
    condition: { oneOf: CONDITION_KINDS.map((kind) => ref(`${kind}Condition`)) },
    ...Object.fromEntries(CONDITION_KINDS.map((kind) => [`${kind}Condition`, CONDITIONS[kind]])),
    eventStep: mapping({ event: ref('eventName'), where: ref('where'), within: duration(1, 'Of the step before, [a, a + w).') }, [
      'event',
    ]),
    absenceStep: mapping(
      {
        not: mapping({ event: ref('eventName'), where: ref('where') }, ['event']),
        within: duration(1, 'How long it must stay away.'),
      },
      ['not', 'within'],
    ),
  },
};

export const FEATURE: SpecSchema = {
  spec: {
    oneOf: [
      mapping({ trait: traitPath() }, ['trait']),
      mapping(
        {
          ...EVENT_WINDOW,
          ...Object.fromEntries(
            AGGREGATES.map((aggregate) => [aggregate, aggregate === 'count' ? mapping({}) : mapping({ of: PATH }, ['of'])]),
          ),
        },
        ['event'],
        { ...NOT_BOTH, maxProperties: 4 },
      ),
    ],
  },
  $defs: EVENT_DEFINITIONS,
};

export const CONTENT: SpecSchema = {
  spec: mapping(
    { payload: { type: 'object', description: 'Any JSON; its texts are Liquid templates over traits and features.' } },
    ['payload'],
  ),
  $defs: {},
};

export const SLOT: SpecSchema = {
  spec: mapping(
    {
      rules: {
        type: 'array',
        items: mapping({ segment: name('Name of a Segment.'), content: name('Name of a Content.') }, ['segment', 'content']),
        description: 'The first that applies wins.',
      },
      fallback: name('Name of a Content.'),
    },
    ['fallback'],
  ),
  $defs: {},
};

const NORMALIZATIONS = Object.keys({ none: 0, trim: 0, lower: 0, email: 0, phone: 0 } satisfies Record<Normalization, 0>);
const AMOUNT: JsonSchema = { type: 'integer', minimum: 1 };

export const IDENTITY_RULES: SpecSchema = {
  spec: mapping({
    namespaces: {
      type: 'object',
      propertyNames: { pattern: '^[a-z][a-z0-9_]{0,31}$' },
      additionalProperties: mapping({
        from: {
          type: 'array',
          items: { type: 'string', pattern: '^(userId|anonymousId|(traits|context|properties)(\\.[^.]+)+)$' },
        },
        unique: { type: 'boolean' },
        normalize: { enum: NORMALIZATIONS },
        limit: AMOUNT,
        priority: { ...AMOUNT, description: 'Lower is stronger.' },
      }),
    },
    blocked: mapping({
      values: { type: 'array', items: { type: 'string' } },
      patterns: { type: 'array', items: text('A regular expression in RE2 syntax.') },
      defaults: { type: 'boolean' },
    }),
    component: mapping({ identities: AMOUNT, links: AMOUNT }),
    generic: mapping({ uniqueIdentities: AMOUNT }),
  }),
  $defs: {},
};

function conditions(): JsonSchema {
  return { type: 'array', minItems: 1, items: ref('condition') };
}

function tested(aggregate: (typeof AGGREGATES)[number]): JsonSchema {
  const subject = subjectOf(aggregate);
  return aggregate === 'count' ? comparison(subject) : mapping({ of: PATH, ...operators(subject) }, ['of'], { minProperties: 2 });
}
