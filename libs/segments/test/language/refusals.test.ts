// What the language accepts and what it refuses: every refusal with its code, its place and what to try next.
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { compileSet } from '../../src/compile.js';
import type { DefinitionDocument } from '../../src/compiled.js';
import { validateDocument } from '../../src/language/document.js';
import type { ErrorCode } from '../../src/language/error.js';
import { SCHEMAS } from '../../src/schema/schema.js';
import { feature, parsed, segment, SHOP } from './documents.js';

const ajv = new Ajv2020({
  schemas: Object.entries(SCHEMAS).map(([file, schema]) => ({ ...schema, $id: file })),
  allowUnionTypes: true,
  strictTuples: false,
});

function schemaAccepts(document: unknown): boolean {
  return ajv.validate('definition.json', document) as boolean;
}

const ADDED = { event: 'Product Added' };
const NO_ORDER = { not: { event: 'Order Completed' }, within: '30m' };

const ACCEPTED: readonly (readonly [string, unknown])[] = [
  ['an event alone', { event: 'A' }],
  ['a count as a scalar', { event: 'A', count: 3 }],
  ['no events at all', { event: 'A', count: { lte: 0 } }],
  ['count with an aggregate', { event: 'A', count: { gte: 1 }, sum: { of: 'properties.x', gte: 5 } }],
  [
    'several aggregates',
    {
      event: 'A',
      min: { of: 'properties.x', gt: 0 },
      mean: { of: 'context.y', between: [1, 2] },
      distinct: { of: 'name', eq: 2 },
    },
  ],
  [
    'first and last',
    { event: 'A', first: { of: 'properties.plan', eq: 'pro' }, last: { of: 'properties.plan', in: ['a', 'b'] } },
  ],
  ['whether an extreme exists', { event: 'A', max: { of: 'properties.x', exists: false } }],
  ['a lookback', { event: 'A', within: '1d12h' }],
  ['a date to count from', { event: 'A', since: '2026-01-31' }],
  ['a call of the tracking API', { event: '$page', where: { name: 'Home' } }],
  [
    'every comparison',
    {
      event: 'A',
      where: {
        'properties.a': { ne: 'x', exists: true, contains: 'b', notContains: 'c', startsWith: 'd', endsWith: 'e', matches: '^a' },
      },
    },
  ],
  ['nesting', { not: { any: [{ all: [{ event: 'A' }] }, { not: { trait: 'a', exists: true } }] } }],
  ['dates', { trait: 'renewal', withinNext: '7d', after: '2026-01-01', before: '2027-01-01T00:00:00Z' }],
  ['an order between two numbers', { trait: 'age', gte: 18, lt: 65 }],
  ['equal to one and in another of an array', { trait: 'tags', eq: 'a', in: ['b'] }],
  ['a feature', { feature: 'revenue', between: [1, 5] }],
  ['a segment', { segment: 'other-one' }],
  ['two steps', { sequence: [ADDED, { event: 'B', within: '1h' }] }],
  ['an absence in between', { sequence: [ADDED, NO_ORDER, { event: 'C' }], within: '7d' }],
  ['an absence at the end', { sequence: [ADDED, { event: 'B' }, NO_ORDER] }],
];

interface Case {
  readonly name: string;
  readonly when: unknown;
  readonly code: ErrorCode;
  readonly place: string;
  readonly says: RegExp;
  /** The schema for editors refuses it too. */
  readonly schema?: false;
}

const REFUSED: readonly Case[] = [
  {
    name: 'an unknown condition',
    when: { and: [{ event: 'A' }] },
    code: 'unknown-key',
    place: 'spec.when.and',
    says: /did you mean 'all'/i,
  },
  { name: 'a condition without a kind', when: { gte: 3 }, code: 'missing', place: 'spec.when', says: /all, any, not, event/ },
  { name: 'an empty condition', when: {}, code: 'empty', place: 'spec.when', says: /must not be empty/ },
  { name: 'a list of conditions', when: [{ event: 'A' }], code: 'ambiguous', place: 'spec.when', says: /all: \[ … \]/ },
  {
    name: 'two kinds in one',
    when: { event: 'A', trait: 'b', eq: 1 },
    code: 'ambiguous',
    place: 'spec.when',
    says: /'event' and 'trait'/,
  },
  { name: 'an empty all', when: { all: [] }, code: 'empty', place: 'spec.when.all', says: /not be empty/ },
  { name: 'an empty any', when: { any: [] }, code: 'empty', place: 'spec.when.any', says: /not be empty/ },
  {
    name: 'all that is no list',
    when: { all: { event: 'A' } },
    code: 'wrong-type',
    place: 'spec.when.all',
    says: /put it in a list/i,
  },
  {
    name: 'a key beside all',
    when: { all: [{ event: 'A' }], within: '7d' },
    code: 'unknown-key',
    place: 'spec.when.within',
    says: /has no key 'within'/,
  },
  { name: 'not of a list', when: { not: [{ event: 'A' }] }, code: 'ambiguous', place: 'spec.when.not', says: /any: \[ … \]/ },
  {
    name: 'a misspelt key',
    when: { any: [{ event: 'A' }, { event: 'A', cuont: 3 }] },
    code: 'unknown-key',
    place: 'spec.when.any[1].cuont',
    says: /did you mean 'count'\?/i,
  },
  {
    name: 'a word of another system',
    when: { event: 'A', window: '7d' },
    code: 'unknown-key',
    place: 'spec.when.window',
    says: /did you mean 'within'/i,
  },
  { name: 'an event that is no text', when: { event: 5 }, code: 'wrong-type', place: 'spec.when.event', says: /in quotes: "5"/ },
  { name: 'blanks around an event', when: { event: 'A ' }, code: 'bad-value', place: 'spec.when.event', says: /write "A"/i },
  {
    name: 'an unknown call',
    when: { event: '$pages' },
    code: 'bad-value',
    place: 'spec.when.event',
    says: /did you mean \$page/i,
  },
  {
    name: 'within and since',
    when: { event: 'A', within: '7d', since: '2026-01-01' },
    code: 'ambiguous',
    place: 'spec.when',
    says: /cannot be together/,
  },
  {
    name: 'a negative duration',
    when: { event: 'A', within: '-7d' },
    code: 'bad-value',
    place: 'spec.when.within',
    says: /without the sign: 7d/,
  },
  {
    name: 'a zero duration',
    when: { event: 'A', within: '0s' },
    code: 'bad-value',
    place: 'spec.when.within',
    says: /longer than zero/,
  },
  {
    name: 'a duration without a unit',
    when: { event: 'A', within: 7 },
    code: 'wrong-type',
    place: 'spec.when.within',
    says: /for example 7d/,
  },
  {
    name: 'a duration in words',
    when: { event: 'A', within: '7 days' },
    code: 'bad-value',
    place: 'spec.when.within',
    says: /write 7d/i,
  },
  {
    name: 'a duration in months',
    when: { event: 'A', within: '3 months' },
    code: 'bad-value',
    place: 'spec.when.within',
    says: /90d/,
  },
  {
    name: 'a date that is none',
    when: { event: 'A', since: '2026-02-30' },
    code: 'bad-value',
    place: 'spec.when.since',
    says: /a date or an instant/,
    schema: false,
  },
  {
    name: 'a count as text',
    when: { event: 'A', count: '3' },
    code: 'wrong-type',
    place: 'spec.when.count',
    says: /3 without quotes/,
  },
  {
    name: 'a count compared with text',
    when: { event: 'A', count: { gte: '3' } },
    code: 'wrong-type',
    place: 'spec.when.count.gte',
    says: /3 without quotes/,
  },
  {
    name: 'a count below zero',
    when: { event: 'A', count: { lt: 0 } },
    code: 'contradiction',
    place: 'spec.when.count',
    says: /never below 0.*lte: 0/,
    schema: false,
  },
  {
    name: 'a negative count',
    when: { event: 'A', count: { gte: -1 } },
    code: 'bad-value',
    place: 'spec.when.count.gte',
    says: /whole number from 0/,
  },
  { name: 'a broken count', when: { event: 'A', count: 2.5 }, code: 'bad-value', place: 'spec.when.count', says: /whole number/ },
  { name: 'no comparison', when: { event: 'A', count: {} }, code: 'empty', place: 'spec.when.count', says: /has no comparison/ },
  {
    name: 'an unknown operator',
    when: { event: 'A', count: { atLeast: 3 } },
    code: 'unknown-operator',
    place: 'spec.when.count.atLeast',
    says: /did you mean 'gte'/i,
  },
  {
    name: 'a misspelt operator',
    when: { trait: 'a', startWith: 'b' },
    code: 'unknown-operator',
    place: 'spec.when.startWith',
    says: /did you mean 'startsWith'/i,
  },
  {
    name: 'an operator of texts on a count',
    when: { event: 'A', count: { contains: 3 } },
    code: 'unknown-operator',
    place: 'spec.when.count.contains',
    says: /is a number and does not take/,
  },
  {
    name: 'an aggregate without a comparison',
    when: { event: 'A', sum: { of: 'properties.x' } },
    code: 'missing',
    place: 'spec.when.sum',
    says: /needs a comparison/,
  },
  {
    name: 'an aggregate without a path',
    when: { event: 'A', sum: { gte: 3 } },
    code: 'missing',
    place: 'spec.when.sum.of',
    says: /add of:/i,
  },
  {
    name: 'an aggregate as a number',
    when: { event: 'A', sum: 100 },
    code: 'wrong-type',
    place: 'spec.when.sum',
    says: /of: properties\.revenue, eq: 100/,
  },
  {
    name: 'a sum compared with text',
    when: { event: 'A', sum: { of: 'properties.x', eq: 'a' } },
    code: 'wrong-type',
    place: 'spec.when.sum.eq',
    says: /must compare with numbers/,
  },
  {
    name: 'bounds that contradict',
    when: { event: 'A', count: { gte: 5, lt: 3 } },
    code: 'contradiction',
    place: 'spec.when.count',
    says: /at least 5 and less than 3.*gte: 3, lte: 5/,
    schema: false,
  },
  {
    name: 'bounds with nothing between',
    when: { event: 'A', count: { gt: 2, lt: 3 } },
    code: 'contradiction',
    place: 'spec.when.count',
    says: /include the ends/,
    schema: false,
  },
  {
    name: 'a number that is two',
    when: { event: 'A', sum: { of: 'properties.x', eq: 5, in: [6, 7] } },
    code: 'contradiction',
    place: 'spec.when.sum',
    says: /can never hold/,
    schema: false,
  },
  {
    name: 'equal and not equal',
    when: { trait: 'a', eq: 'x', ne: 'x' },
    code: 'contradiction',
    place: 'spec.when',
    says: /also refused/,
    schema: false,
  },
  {
    name: 'missing and yet something',
    when: { trait: 'a', exists: false, eq: 'x' },
    code: 'contradiction',
    place: 'spec.when',
    says: /use any:/i,
    schema: false,
  },
  {
    name: 'after the end',
    when: { trait: 'a', after: '2026-02-01', before: '2026-01-01' },
    code: 'contradiction',
    place: 'spec.when',
    says: /swap them/i,
    schema: false,
  },
  {
    name: 'between the wrong way round',
    when: { trait: 'a', between: [9, 1] },
    code: 'wrong-type',
    place: 'spec.when.between',
    says: /\[1, 9\]/,
    schema: false,
  },
  { name: 'in of one value', when: { trait: 'a', in: 'x' }, code: 'wrong-type', place: 'spec.when.in', says: /\[x\]/ },
  { name: 'in of nothing', when: { trait: 'a', in: [] }, code: 'wrong-type', place: 'spec.when.in', says: /matches nothing/ },
  { name: 'eq of a list', when: { trait: 'a', eq: ['x'] }, code: 'wrong-type', place: 'spec.when.eq', says: /use 'in'/i },
  { name: 'eq of null', when: { trait: 'a', eq: null }, code: 'wrong-type', place: 'spec.when.eq', says: /exists: false/ },
  {
    name: 'a number in quotes',
    when: { trait: 'a', gt: '5' },
    code: 'wrong-type',
    place: 'spec.when.gt',
    says: /5 without quotes/,
  },
  {
    name: 'a date as a number',
    when: { trait: 'a', gt: '2026-01-01' },
    code: 'wrong-type',
    place: 'spec.when.gt',
    says: /before or after/,
  },
  {
    name: 'a pattern with look-ahead',
    when: { trait: 'a', matches: '(?=x)' },
    code: 'wrong-type',
    place: 'spec.when.matches',
    says: /look-around/,
    schema: false,
  },
  { name: 'a trait without a comparison', when: { trait: 'a' }, code: 'empty', place: 'spec.when', says: /has no comparison/ },
  {
    name: 'a trait with a window',
    when: { trait: 'a', within: '7d' },
    code: 'unknown-operator',
    place: 'spec.when.within',
    says: /did you mean 'withinLast'/i,
  },
  {
    name: 'a trait with its root',
    when: { trait: 'traits.plan', eq: 'a' },
    code: 'bad-value',
    place: 'spec.when.trait',
    says: /write plan/i,
  },
  {
    name: 'a path without a root',
    when: { event: 'A', where: { price: 5 } },
    code: 'bad-value',
    place: 'spec.when.where.price',
    says: /did you mean properties\.price/i,
  },
  {
    name: 'a misspelt root',
    when: { event: 'A', where: { 'property.price': 5 } },
    code: 'bad-value',
    place: 'spec.when.where["property.price"]',
    says: /did you mean properties\.price/i,
  },
  {
    name: 'a path with a hole',
    when: { event: 'A', where: { 'properties..a': 5 } },
    code: 'bad-value',
    place: 'spec.when.where["properties..a"]',
    says: /single dots/,
  },
  {
    name: 'a path into a prototype',
    when: { event: 'A', where: { 'properties.__proto__.a': 5 } },
    code: 'unsafe-key',
    place: 'spec.when.where["properties.__proto__.a"]',
    says: /must not name __proto__/,
    schema: false,
  },
  {
    name: 'a filter with a list',
    when: { event: 'A', where: { 'properties.a': ['x'] } },
    code: 'ambiguous',
    place: 'spec.when.where["properties.a"]',
    says: /in: \[ … \]/,
  },
  {
    name: 'a filter with null',
    when: { event: 'A', where: { 'properties.a': null } },
    code: 'wrong-type',
    place: 'spec.when.where["properties.a"]',
    says: /exists: false/,
  },
  { name: 'an empty filter', when: { event: 'A', where: {} }, code: 'empty', place: 'spec.when.where', says: /remove `where`/ },
  {
    name: 'a sequence of one step',
    when: { sequence: [ADDED] },
    code: 'bad-value',
    place: 'spec.when.sequence',
    says: /two steps or more/,
  },
  { name: 'a sequence of nothing', when: { sequence: [] }, code: 'empty', place: 'spec.when.sequence', says: /not be empty/ },
  {
    name: 'a sequence of too many steps',
    when: { sequence: Array.from({ length: 17 }, () => ADDED) },
    code: 'too-large',
    place: 'spec.when.sequence',
    says: /at most 16/,
  },
  {
    name: 'a sequence that starts with not',
    when: { sequence: [NO_ORDER, ADDED] },
    code: 'ambiguous',
    place: 'spec.when.sequence[0]',
    says: /cannot begin with `not`/,
  },
  {
    name: 'not without within',
    when: { sequence: [ADDED, { not: { event: 'B' } }] },
    code: 'missing',
    place: 'spec.when.sequence[1]',
    says: /add within: 30m/i,
  },
  {
    name: 'within inside not',
    when: { sequence: [ADDED, { not: { event: 'B', within: '1h' }, within: '1h' }] },
    code: 'unknown-key',
    place: 'spec.when.sequence[1].not.within',
    says: /has no key 'within'/,
  },
  {
    name: 'not as a text',
    when: { sequence: [ADDED, { not: 'B', within: '1h' }] },
    code: 'wrong-type',
    place: 'spec.when.sequence[1].not',
    says: /event: B/,
  },
  {
    name: 'a step that is both',
    when: { sequence: [ADDED, { event: 'B', not: { event: 'C' }, within: '1h' }] },
    code: 'ambiguous',
    place: 'spec.when.sequence[1]',
    says: /never both/,
  },
  {
    name: 'within on the first step',
    when: { sequence: [{ ...ADDED, within: '1h' }, { event: 'B' }] },
    code: 'ambiguous',
    place: 'spec.when.sequence[0].within',
    says: /no step before/,
  },
  {
    name: 'a count in a step',
    when: { sequence: [ADDED, { event: 'B', count: 2 }] },
    code: 'unknown-key',
    place: 'spec.when.sequence[1].count',
    says: /has no key 'count'/,
  },
  {
    name: 'an absence longer than the match',
    when: { sequence: [ADDED, NO_ORDER], within: '30m' },
    code: 'contradiction',
    place: 'spec.when.within',
    says: /absences take 30m/,
    schema: false,
  },
  {
    name: 'since beside a sequence',
    when: { sequence: [ADDED, NO_ORDER], since: '2026-01-01' },
    code: 'unknown-key',
    place: 'spec.when.since',
    says: /has no key 'since'/,
  },
  {
    name: 'a segment that is no name',
    when: { segment: 'Cart Abandoners' },
    code: 'bad-name',
    place: 'spec.when.segment',
    says: /for example cart-abandoners/i,
  },
  {
    name: 'a number that is not exact',
    when: { trait: 'a', eq: 2 ** 60 },
    code: 'bad-value',
    place: 'spec.when.eq',
    says: /cannot be kept exactly/,
    schema: false,
  },
  {
    name: 'a number that is none',
    when: { trait: 'a', gt: Number.NaN },
    code: 'bad-value',
    place: 'spec.when.gt',
    says: /cannot be kept exactly/,
  },
];

interface DocumentCase {
  readonly name: string;
  readonly document: unknown;
  readonly code: ErrorCode;
  readonly place: string;
  readonly says: RegExp;
  readonly alsoPlaces?: readonly string[];
}

const of = (kind: string, name: string, spec: unknown): unknown => ({ apiVersion: 'tessera/v1', kind, metadata: { name }, spec });

const REFUSED_DOCUMENTS: readonly DocumentCase[] = [
  {
    name: 'a kind of a later release',
    document: of('Experiment', 'a', {}),
    code: 'unsupported-kind',
    place: 'kind',
    says: /kind Experiment is not supported by this release; supported: Segment, Feature, Content, Slot, IdentityRules/,
  },
  {
    name: 'a misspelt kind',
    document: of('Segmnet', 'a', {}),
    code: 'unsupported-kind',
    place: 'kind',
    says: /did you mean Segment/i,
  },
  {
    name: 'another version',
    document: { apiVersion: 'tessera/v2', kind: 'Content', metadata: { name: 'a' }, spec: { payload: {} } },
    code: 'unsupported-version',
    place: 'apiVersion',
    says: /write apiVersion: tessera\/v1/i,
  },
  {
    name: 'no spec',
    document: { apiVersion: 'tessera/v1', kind: 'Content', metadata: { name: 'a' } },
    code: 'missing',
    place: 'spec',
    says: /needs `spec`/,
  },
  { name: 'a list as a document', document: [], code: 'wrong-type', place: '', says: /must be a mapping/ },
  {
    name: 'a name with capitals',
    document: of('Content', 'Ten Off', { payload: {} }),
    code: 'bad-name',
    place: 'metadata.name',
    says: /for example ten-off/i,
  },
  {
    name: 'an unknown key of metadata',
    document: { apiVersion: 'tessera/v1', kind: 'Content', metadata: { name: 'a', tilte: 'x' }, spec: { payload: {} } },
    code: 'unknown-key',
    place: 'metadata.tilte',
    says: /did you mean 'title'/i,
  },
  {
    name: 'a label that is no text',
    document: { apiVersion: 'tessera/v1', kind: 'Content', metadata: { name: 'a', labels: { x: 1 } }, spec: { payload: {} } },
    code: 'wrong-type',
    place: 'metadata.labels.x',
    says: /in quotes/,
  },
  {
    name: 'an unknown policy',
    document: of('Segment', 'a', { when: { event: 'A' }, unknown: 'exlude' }),
    code: 'bad-value',
    place: 'spec.unknown',
    says: /did you mean 'exclude'/i,
  },
  {
    name: 'a stability that is no duration',
    document: of('Segment', 'a', { when: { event: 'A' }, stability: { exitAfter: '-1s' } }),
    code: 'bad-value',
    place: 'spec.stability.exitAfter',
    says: /without the sign/,
  },
  {
    name: 'a feature with a comparison',
    document: of('Feature', 'a', { event: 'A', sum: { of: 'properties.x', gte: 3 } }),
    code: 'unknown-key',
    place: 'spec.sum.gte',
    says: /compare in a Segment/i,
  },
  {
    name: 'a feature of two values',
    document: of('Feature', 'a', { event: 'A', sum: { of: 'properties.x' }, count: {} }),
    code: 'ambiguous',
    place: 'spec',
    says: /a Feature for each/,
  },
  {
    name: 'a feature of trait and event',
    document: of('Feature', 'a', { event: 'A', trait: 'b' }),
    code: 'ambiguous',
    place: 'spec',
    says: /never both/,
  },
  {
    name: 'a feature of nothing',
    document: of('Feature', 'a', {}),
    code: 'missing',
    place: 'spec',
    says: /add event: NAME or trait: PATH/i,
  },
  {
    name: 'a template that is not closed',
    document: of('Content', 'a', { payload: { title: 'Hi {{ traits.name' } }),
    code: 'syntax',
    place: 'spec.payload.title',
    says: /not closed/,
  },
  {
    name: 'a template that computes a name',
    document: of('Content', 'a', { payload: { title: '{{ traits[x] }}' } }),
    code: 'ambiguous',
    place: 'spec.payload.title',
    says: /traits\.NAME/,
  },
  {
    name: 'a slot without a fallback',
    document: of('Slot', 'a', { rules: [] }),
    code: 'missing',
    place: 'spec.fallback',
    says: /add `fallback`/i,
  },
  {
    name: 'a rule with a condition',
    document: of('Slot', 'a', { rules: [{ when: { event: 'A' }, content: 'b' }], fallback: 'b' }),
    code: 'unknown-key',
    place: 'spec.rules[0].when',
    says: /segment, content/,
    alsoPlaces: ['spec.rules[0].segment'],
  },
  {
    name: 'a rule that can never apply',
    document: of('Slot', 'a', {
      rules: [
        { segment: 's', content: 'b' },
        { segment: 's', content: 'c' },
      ],
      fallback: 'b',
    }),
    code: 'duplicate',
    place: 'spec.rules[1].segment',
    says: /can never apply/,
  },
  {
    name: 'identity rules of another name',
    document: of('IdentityRules', 'mine', {}),
    code: 'bad-name',
    place: 'metadata.name',
    says: /name it default/i,
  },
  {
    name: 'an unknown key of identity rules',
    document: of('IdentityRules', 'default', { namespaces: { email: { form: ['traits.email'] } } }),
    code: 'unknown-key',
    place: 'spec.namespaces.email.form',
    says: /did you mean 'from'/i,
  },
  {
    name: 'an unknown normalization',
    document: of('IdentityRules', 'default', { namespaces: { email: { normalize: 'e-mail' } } }),
    code: 'bad-value',
    place: 'spec.namespaces.email.normalize',
    says: /did you mean 'email'/i,
  },
  {
    name: 'a key of a prototype',
    document: JSON.parse(
      '{"apiVersion":"tessera/v1","kind":"Content","metadata":{"name":"a"},"spec":{"payload":{"__proto__":{"x":1}}}}',
    ),
    code: 'unsafe-key',
    place: 'spec.payload.__proto__',
    says: /not allowed as a key/,
  },
  {
    name: 'a constructor',
    document: of('Content', 'a', { payload: { constructor: 1 } }),
    code: 'unsafe-key',
    place: 'spec.payload.constructor',
    says: /not allowed as a key/,
  },
  {
    name: 'what JSON cannot say',
    document: of('Content', 'a', { payload: { at: new Map() } }),
    code: 'wrong-type',
    place: 'spec.payload.at',
    says: /no value of JSON/,
  },
];

describe('the language', () => {
  test.each(ACCEPTED)('accepts %s', (_, when) => {
    const document = segment('a', when);
    expect(validateDocument(document)).toEqual({ document, errors: [] });
    expect(schemaAccepts(document) ? [] : ajv.errors).toEqual([]);
  });

  test.each(parsed(SHOP).map((document) => [`${document.kind}/${document.metadata.name}`, document] as const))(
    'and its schema accept %s',
    (_, document) => {
      expect(validateDocument(document).errors).toEqual([]);
      expect(schemaAccepts(document) ? [] : ajv.errors).toEqual([]);
    },
  );

  test.each([
    { event: 'A' },
    { event: 'A', count: {} },
    { event: 'A', last: { of: 'properties.x' }, since: '2026-01-01' },
    { trait: 'a.b' },
  ])('accepts the feature %j', (spec) => {
    expect(validateDocument(feature('a', spec)).errors).toEqual([]);
    expect(schemaAccepts(feature('a', spec))).toBe(true);
  });

  test.each(REFUSED.map((refused) => [refused.name, refused] as const))(
    'refuses %s',
    (_, { when, code, place, says, schema }) => {
      const document = segment('a', when);
      const { document: accepted, errors } = validateDocument(document);
      expect(accepted).toBeUndefined();
      expect(errors.map((error) => ({ code: error.code, place: error.place, document: error.document }))).toEqual([
        { code, place, document: 'Segment/a' },
      ]);
      const [error] = errors;
      expect(`${error?.message ?? ''} ${error?.allowed ?? ''}`).toMatch(says);
      expect([error?.suggestion, error?.allowed, error?.found]).not.toContain('');
      expect(schemaAccepts(document)).toBe(schema !== false ? false : true);
    },
  );

  test.each(REFUSED_DOCUMENTS.map((refused) => [refused.name, refused] as const))(
    'refuses %s',
    (_, { document, code, place, says, alsoPlaces = [] }) => {
      const { errors } = validateDocument(document);
      expect(errors[0]).toMatchObject({ code, place });
      expect(errors.map((error) => error.place)).toEqual([place, ...alsoPlaces]);
      expect(`${errors[0]?.message ?? ''} ${errors[0]?.allowed ?? ''}`).toMatch(says);
    },
  );

  test('finds all that is wrong in one pass', () => {
    const when = {
      all: [{ event: 'A', cuont: 1, within: 5 }, { trait: 'x' }, { sequence: [{ event: 'A' }] }, { nto: { event: 'A' } }],
    };
    expect(validateDocument(segment('Bad Name', when, { stability: { enter: '1s' } })).errors.map(({ place }) => place)).toEqual([
      'metadata.name',
      'spec.when.all[0].cuont',
      'spec.when.all[0].within',
      'spec.when.all[1]',
      'spec.when.all[2].sequence',
      'spec.when.all[3].nto',
      'spec.stability.enter',
    ]);
  });

  test('refuses a document that is too deep or too large, whatever else is in it', () => {
    let deep: unknown = { event: 'A' };
    for (let i = 0; i < 20; i++) deep = { not: deep };
    expect(validateDocument(segment('a', deep)).errors).toEqual([]);
    for (let i = 0; i < 20; i++) deep = { not: deep };
    expect(validateDocument(segment('a', deep)).errors.map(({ code }) => code)).toEqual(['too-large']);
    const wide = (length: number): unknown => ({ trait: 'a', in: Array.from({ length }, (_, i) => i) });
    expect(validateDocument(segment('a', wide(990))).errors).toEqual([]);
    expect(validateDocument(segment('a', wide(1_000))).errors.map(({ code }) => code)).toEqual(['too-large']);
    const endless: Record<string, unknown> = {};
    endless['not'] = endless;
    expect(validateDocument(segment('a', endless)).errors.map(({ code }) => code)).toEqual(['too-large']);
  });

  test('never throws on what is left of a document after random changes, and its schema accepts all that it accepts', () => {
    const documents = [...parsed(SHOP), ...ACCEPTED.map(([, when]) => segment('a', when))].map((document) =>
      JSON.stringify(document),
    );
    const junk = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        true,
        0,
        1,
        -1,
        2.5,
        '',
        'a',
        'A b',
        '7d',
        '0s',
        '2026-01-01',
        'properties.x',
        [],
        {},
        [1],
        ['a', 'b'],
        { gte: 1 },
        { eq: 'a' },
      ),
      fc.constantFrom<unknown>(
        { event: 'A' },
        [{ event: 'A' }],
        { of: 'properties.x' },
        { not: { event: 'A' }, within: '1h' },
        { segment: 'a' },
      ),
    );
    const keys = fc.constantFrom(
      'all',
      'not',
      'event',
      'where',
      'count',
      'sum',
      'of',
      'within',
      'since',
      'sequence',
      'trait',
      'feature',
      'gt',
      'in',
      'exists',
      'name',
      'x',
    );
    const change = fc.record({ at: fc.nat(), how: fc.constantFrom('replace', 'remove', 'add'), key: keys, junk });
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(...documents), fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
        const document = changes.reduce<unknown>(
          (value, { at, how, key, junk: other }) => changed(value, at, how, key, other),
          JSON.parse(text),
        );
        const { errors } = validateDocument(document);
        compileSet('shop', 1, [document as DefinitionDocument]);
        if (errors.length > 0) return;
        accepted++;
        expect(schemaAccepts(document) ? [] : [document, ajv.errors]).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});

/** The value with one of its parts replaced, removed, or with a key added to it. */
function changed(root: unknown, at: number, how: string, key: string, junk: unknown): unknown {
  const copy: unknown = structuredClone(root);
  const parts: { readonly holder: Record<string, unknown>; readonly key: string }[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [each, part] of Object.entries(value)) {
      parts.push({ holder: value as Record<string, unknown>, key: each });
      visit(part);
    }
  };
  visit(copy);
  const part = parts[at % Math.max(parts.length, 1)];
  if (part === undefined) return junk;
  const inner = part.holder[part.key];
  if (how === 'remove' && !Array.isArray(part.holder)) Reflect.deleteProperty(part.holder, part.key);
  else if (how === 'add' && typeof inner === 'object' && inner !== null && !Array.isArray(inner))
    (inner as Record<string, unknown>)[key] = structuredClone(junk);
  else part.holder[part.key] = structuredClone(junk);
  return copy;
}
