// Sets of definitions: what they share, what they need, in which order, and under which hash.
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { compileSet, hashOfDocument, setHash } from '../../src/compile.js';
import type { DefinitionDocument } from '../../src/compiled.js';
import { planChange } from '../../src/language/change.js';
import type { DefinitionError } from '../../src/language/error.js';
import { SCHEMAS } from '../../src/schema/schema.js';
import { compiled, feature, one, parsed, segment, SHOP, viewOf } from './documents.js';

function refusals(...documents: readonly DefinitionDocument[]): readonly DefinitionError[] {
  const outcome = compileSet('shop', 1, documents);
  return outcome.ok ? [] : outcome.errors;
}

const content = (name: string, payload: Readonly<Record<string, unknown>> = {}): DefinitionDocument => ({
  apiVersion: 'tessera/v1',
  kind: 'Content',
  metadata: { name },
  spec: { payload },
});
const slot = (name: string, spec: Readonly<Record<string, unknown>>): DefinitionDocument => ({
  apiVersion: 'tessera/v1',
  kind: 'Slot',
  metadata: { name },
  spec,
});

const ALIKE: readonly (readonly [string, unknown, unknown])[] = [
  ['durations', { event: 'A', within: '24h' }, { event: 'A', within: '1d' }],
  ['durations of parts', { event: 'A', within: '90m' }, { event: 'A', within: '1h30m' }],
  ['instants', { event: 'A', since: '2026-01-01' }, { event: 'A', since: '2026-01-01T01:00:00+01:00' }],
  ['scalars', { event: 'A', where: { 'properties.x': 5 } }, { event: 'A', where: { 'properties.x': { eq: 5 } } }],
  [
    'the order of filters',
    { event: 'A', where: { 'properties.x': 5, 'properties.y': 6 } },
    { event: 'A', where: { 'properties.y': 6, 'properties.x': 5 } },
  ],
  [
    'the order of comparisons',
    { event: 'A', where: { name: { ne: 'a', contains: 'b' } } },
    { event: 'A', where: { name: { contains: 'b', ne: 'a' } } },
  ],
  [
    'the order of a list',
    { event: 'A', where: { name: { in: ['b', 'a', 'b'] } } },
    { event: 'A', where: { name: { in: ['a', 'b'] } } },
  ],
  ['what is counted to', { event: 'A', count: { gte: 3 } }, { event: 'A', count: 9 }],
  [
    'times between steps',
    { sequence: [{ event: 'A' }, { event: 'B', within: '1h' }] },
    { sequence: [{ event: 'A' }, { event: 'B' }] },
  ],
  [
    'an absence and a step',
    { sequence: [{ event: 'A' }, { event: 'B' }] },
    { sequence: [{ event: 'A' }, { not: { event: 'B' }, within: '1h' }] },
  ],
];

const UNLIKE: readonly (readonly [string, unknown, unknown])[] = [
  ['windows', { event: 'A', within: '24h' }, { event: 'A', within: '25h' }],
  ['a window and none', { event: 'A', within: '24h' }, { event: 'A' }],
  ['values of another type', { event: 'A', where: { 'properties.x': 5 } }, { event: 'A', where: { 'properties.x': '5' } }],
  [
    'members of another type',
    { event: 'A', where: { 'properties.x': { in: [1, '1'] } } },
    { event: 'A', where: { 'properties.x': { in: ['1'] } } },
  ],
  ['aggregates', { event: 'A', min: { of: 'properties.x', eq: 1 } }, { event: 'A', max: { of: 'properties.x', eq: 1 } }],
  ['the order of steps', { sequence: [{ event: 'A' }, { event: 'B' }] }, { sequence: [{ event: 'B' }, { event: 'A' }] }],
];

describe('a set of definitions', () => {
  test.each(ALIKE)('shares the state of conditions that differ only in %s', (_, a, b) => {
    expect(one(a).slots).toEqual(one(b).slots);
    expect(compiled(segment('a', a), segment('b', b)).plan.slots).toHaveLength(1);
  });

  test.each(UNLIKE)('keeps apart the state of conditions that differ in %s', (_, a, b) => {
    expect(one(a).slots).not.toEqual(one(b).slots);
  });

  test('has ids of slots that say what they are and depend on nothing else', () => {
    const { plan } = compiled(
      segment('a', { event: 'A', count: 3, sum: { of: 'properties.x', gt: 1 } }),
      segment('b', { sequence: [{ event: 'A' }, { event: 'B' }] }),
    );
    expect(plan.slots.map(({ id }) => id)).toEqual([
      expect.stringMatching(/^count-[0-9a-f]{16}$/),
      expect.stringMatching(/^sum-[0-9a-f]{16}$/),
      expect.stringMatching(/^trail-[0-9a-f]{16}$/),
    ]);
    expect(one({ event: 'A' }).slots).toEqual(['count-be590438cc61a9c3']);
  });

  test('is the same, whatever the order of its documents', () => {
    const documents = parsed(SHOP);
    const [forth, back] = [compiled(...documents), compiled(...documents.toReversed())];
    expect(back.hash).toBe(forth.hash);
    expect(back.plan).toEqual(forth.plan);
    expect(back.segments.map(({ name }) => name)).toEqual(forth.segments.map(({ name }) => name));
    expect(back.publishedTraits).toEqual(forth.publishedTraits);
    expect([...back.documents].map(([kind, names]) => [kind, [...names.keys()]])).toEqual([
      ['Content', ['standard-hero', 'ten-off']],
      ['Feature', ['revenue-90d']],
      ['IdentityRules', ['default']],
      ['Segment', ['cart-abandoners', 'newsletter-readers']],
      ['Slot', ['home-hero']],
    ]);
  });

  test('has the hash of its documents, which any change changes', () => {
    const documents = parsed(SHOP);
    expect(compiled(...documents).hash).toBe(setHash(documents));
    expect(setHash(documents.slice(1))).not.toBe(setHash(documents));
    const [first, ...rest] = documents as readonly [DefinitionDocument, ...DefinitionDocument[]];
    expect(setHash([{ ...first, metadata: { ...first.metadata, title: 'Other' } }, ...rest])).not.toBe(setHash(documents));
    expect(hashOfDocument(JSON.parse(JSON.stringify(first)) as DefinitionDocument)).toBe(hashOfDocument(first));
    expect(setHash([])).toBe('4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945');
  });

  test('evaluates dependencies before dependants, and knows who reads what', () => {
    const set = compiled(
      segment('a', { all: [{ segment: 'c' }, { trait: 'plan.name', eq: 'pro' }] }),
      segment('b', { any: [{ event: 'X' }, { feature: 'seen' }].map((each) => ('feature' in each ? { ...each, gt: 1 } : each)) }),
      segment('c', { not: { segment: 'd' } }),
      segment('d', { event: 'X' }),
      feature('seen', { event: 'X' }),
      feature('plan', { trait: 'plan.since' }),
      content('hello', {
        text: [
          'Hi {{ traits.firstName }} {{traits["last name"]}} {% if traits.vip %}!{% endif %} {% raw %}{{ traits.no }}{% endraw %} traits.neither',
        ],
      }),
    );
    expect(set.segments.map(({ name }) => name)).toEqual(['d', 'c', 'a', 'b']);
    const [seen = ''] = set.plan.slots.map(({ id }) => id);
    expect([...set.bySlot]).toEqual([[seen, [0, 3]]]);
    expect([...set.byTrait]).toEqual([['plan', [2]]]);
    expect([...set.bySegment]).toEqual([
      ['d', [1]],
      ['c', [2]],
    ]);
    expect(set.features).toEqual([
      { name: 'plan', version: 1, source: { kind: 'trait', path: 'plan.since' } },
      { name: 'seen', version: 1, source: { kind: 'slot', slotId: seen } },
    ]);
    expect(set.publishedTraits).toEqual(['firstName', 'last name', 'plan', 'vip']);
  });

  test('carries versions, titles, stability and policy', () => {
    const document = segment('a', { event: 'A' }, { stability: { exitAfter: '30m' }, unknown: 'include' });
    const outcome = compileSet('shop', 7, [document], { versionOf: () => 4 });
    expect(outcome.ok && outcome.set).toMatchObject({
      workspace: 'shop',
      set: 7,
      segments: [
        { name: 'a', title: 'a', version: 4, stability: { enterAfterMs: 0, exitAfterMs: 1_800_000 }, unknown: 'include' },
      ],
    });
  });

  test('refuses what is missing, with the name that was meant', () => {
    expect(
      refusals(
        segment('a', { any: [{ segment: 'newsleter' }, { feature: 'spent', gt: 1 }] }),
        segment('newsletter', { event: 'A' }),
        slot('home', { rules: [{ segment: 'nobody', content: 'hello' }], fallback: 'helo' }),
        content('hello', { text: '{{ features.spend }}' }),
      ).map(({ code, document, place, suggestion }) => [code, document, place, suggestion]),
    ).toEqual([
      ['missing-reference', 'Segment/a', 'spec.when.any[0].segment', "did you mean 'newsletter'"],
      ['missing-reference', 'Segment/a', 'spec.when.any[1].feature', 'add a Feature named spent, or correct the name'],
      ['missing-reference', 'Slot/home', 'spec.fallback', "did you mean 'hello'"],
      ['missing-reference', 'Slot/home', 'spec.rules[0].segment', 'add a Segment named nobody, or correct the name'],
      ['missing-reference', 'Content/hello', 'spec.payload.text', 'add a Feature named spend, or correct the name'],
    ]);
  });

  test('names the circle of segments that refer to each other', () => {
    const errors = refusals(
      segment('a', { segment: 'b' }),
      segment('b', { not: { segment: 'c' } }),
      segment('c', { any: [{ event: 'X' }, { segment: 'a' }] }),
      segment('d', { segment: 'd' }),
      segment('e', { segment: 'a' }),
    );
    expect(
      errors.map(({ code, document, place, message }) => [code, document, place, /circle: (.*?)\./.exec(message)?.[1]]),
    ).toEqual([
      ['cycle', 'Segment/a', 'spec.when.segment', 'a -> b -> c -> a'],
      ['cycle', 'Segment/d', 'spec.when.segment', 'd -> d'],
    ]);
  });

  test('refuses two documents of one name, but not of two kinds', () => {
    expect(
      refusals(segment('a', { event: 'A' }), content('a'), segment('a', { event: 'B' })).map(({ code, place }) => [code, place]),
    ).toEqual([['duplicate', 'metadata.name']]);
  });

  test('compares a feature that is a number with numbers only', () => {
    const spent = feature('spent', { event: 'A', sum: { of: 'properties.x' } });
    const often = feature('often', { event: 'A' });
    const plan = feature('plan', { event: 'A', last: { of: 'properties.plan' } });
    expect(refusals(segment('a', { feature: 'spent', contains: 'x' }), spent).map(({ code, place }) => [code, place])).toEqual([
      ['unknown-operator', 'spec.when.contains'],
    ]);
    expect(refusals(segment('a', { feature: 'spent', eq: '5' }), spent).map(({ code, place }) => [code, place])).toEqual([
      ['wrong-type', 'spec.when.eq'],
    ]);
    expect(refusals(segment('a', { feature: 'often', gt: 2, lt: 3 }), often).map(({ code, place }) => [code, place])).toEqual([
      ['contradiction', 'spec.when'],
    ]);
    expect(refusals(segment('a', { feature: 'plan', eq: 'pro' }), plan)).toEqual([]);
  });

  test('reports what is wrong in every document at once, and blames nobody for referring to one that is refused', () => {
    const errors = refusals(
      segment('a', { event: 'A', count: { gte: 'x' } }),
      segment('b', { all: [{ segment: 'a' }, { segment: 'x' }] }),
    );
    expect(errors.map(({ document, place }) => `${document ?? ''} ${place}`)).toEqual([
      'Segment/a spec.when.count.gte',
      'Segment/b spec.when.all[1].segment',
    ]);
  });

  test('with the documents of the public page behaves as they say', () => {
    const set = compiled(...parsed(SHOP));
    const nowMs = Date.parse('2026-01-05T12:00:00Z');
    const subject = set.segments.find(({ name }) => name === 'cart-abandoners');
    const ids = new Map(set.plan.slots.map((each) => [each.kind === 'trail' ? 'trail' : each.selector.event, each.id]));
    const known = {
      partials: {
        [ids.get('Product Viewed') ?? '']: { n: 3 },
        [ids.get('Order Completed') ?? '']: { s: [1_0001, 2] as const, n: 2 },
        [ids.get('trail') ?? '']: { e: [[nowMs - 1_800_000, 'm', 1] as const] },
      },
      traits: { address: { country: 'CA' } },
      members: ['newsletter-readers'],
    };
    const verdict = (change: object, atMs = nowMs): unknown => subject?.evaluate(viewOf({ ...known, ...change }), atMs).verdict;
    expect(verdict({})).toBe(true);
    expect(verdict({}, nowMs - 1)).toBe(false);
    expect(verdict({ members: [] })).toBe(false);
    expect(verdict({ traits: {} })).toBe(undefined);
    expect(verdict({ partials: { ...known.partials, [ids.get('Order Completed') ?? '']: { s: [100, 0], n: 2 } } })).toBe(false);
    expect(verdict({ partials: { ...known.partials, [ids.get('Product Viewed') ?? '']: { n: 2 } } })).toBe(false);
  });
});

describe('the plan of a change', () => {
  test('tells what is created, updated, deleted and left, with the places that differ', () => {
    const active = [
      segment('a', { event: 'A', count: 1, within: '7d' }),
      segment('b', { all: [{ event: 'B' }, { event: 'C' }] }),
      content('c'),
      content('d', { x: 1 }),
    ];
    const wanted = [
      segment('e', { event: 'E' }),
      segment('b', { all: [{ event: 'B' }] }),
      content('d', { x: 1 }),
      segment('a', { event: 'A', count: 2, since: '2026-01-01' }),
    ];
    expect(planChange(active, wanted)).toEqual([
      { action: 'delete', kind: 'Content', name: 'c', differences: [] },
      { action: 'unchanged', kind: 'Content', name: 'd', differences: [] },
      {
        action: 'update',
        kind: 'Segment',
        name: 'a',
        differences: [
          { place: 'spec.when.count', before: 1, after: 2 },
          { place: 'spec.when.within', before: '7d' },
          { place: 'spec.when.since', after: '2026-01-01' },
        ],
      },
      { action: 'update', kind: 'Segment', name: 'b', differences: [{ place: 'spec.when.all[1]', before: { event: 'C' } }] },
      { action: 'create', kind: 'Segment', name: 'e', differences: [] },
    ]);
  });
});

describe('the JSON Schemas for editors', () => {
  test.each(Object.entries(SCHEMAS))(
    'are up to date: %s (else: node libs/segments/tools/schemas.mjs, after a build)',
    (file, schema) => {
      expect(JSON.parse(readFileSync(new URL(`../../schema/${file}`, import.meta.url), 'utf8'))).toEqual(
        JSON.parse(JSON.stringify(schema)),
      );
    },
  );
});
