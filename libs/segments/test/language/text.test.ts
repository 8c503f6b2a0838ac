// Definitions from text: where in a file a refusal points, and text that is made to hurt.
import { describe, expect, test } from '@jest/globals';
import { compileSet } from '../../src/compile.js';
import { formatError } from '../../src/language/error.js';
import { parseDefinitions } from '../../src/language/text.js';
import { SHOP } from './documents.js';

const said = (text: string): readonly string[] => parseDefinitions(text, 'a.yaml').errors.map(formatError);

describe('definitions from text', () => {
  test('are the documents of the file, in its order', () => {
    const { documents, errors } = parseDefinitions(SHOP, 'shop.yaml');
    expect(errors).toEqual([]);
    expect(documents.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
      'Segment/cart-abandoners',
      'Feature/revenue-90d',
      'Content/ten-off',
      'Content/standard-hero',
      'Slot/home-hero',
      'IdentityRules/default',
      'Segment/newsletter-readers',
    ]);
  });

  test('may be JSON, one document or a list of them', () => {
    const { documents } = parseDefinitions(SHOP, 'shop.yaml');
    expect(parseDefinitions(JSON.stringify(documents[0], null, '\t'), 'a.json').documents).toEqual([documents[0]]);
    expect(parseDefinitions(JSON.stringify(documents), 'a.json').documents).toEqual(documents);
  });

  test('of an empty file, or of comments alone, are none', () => {
    for (const text of ['', '# nothing\n', '---\n---\n'])
      expect(parseDefinitions(text, 'a.yaml')).toMatchObject({ documents: [], errors: [] });
  });

  test('keep words and dates as texts: YAML 1.2 knows neither `no` nor timestamps', () => {
    const text =
      'apiVersion: tessera/v1\nkind: Segment\nmetadata: { name: a }\nspec: { when: { trait: country, in: [no, yes, 2026-01-01, 010] } }\n';
    expect(parseDefinitions(text, 'a.yaml').documents[0]?.spec).toEqual({
      when: { trait: 'country', in: ['no', 'yes', '2026-01-01', 10] },
    });
  });

  test('point to the line and column of every refusal, sorted, and go on with the next document', () => {
    const text = [
      'apiVersion: tessera/v1',
      'kind: Segment',
      'metadata: { name: a }',
      'spec:',
      '  when:',
      '    all:',
      '      - event: A',
      '        cuont: 3',
      '      - event: B',
      '        count: { gte: "3" }',
      '---',
      'apiVersion: tessera/v1',
      'kind: Content',
      'metadata: { name: b }',
      'spec: { payload: { title: x }, payloda: 1 }',
      '---',
      'apiVersion: tessera/v1',
      'kind: Content',
      'metadata: { name: c }',
      'spec: { payload: { title: x } }',
    ].join('\n');
    const { documents, errors } = parseDefinitions(text, 'a.yaml');
    expect(documents.map(({ metadata }) => metadata.name)).toEqual(['c']);
    expect(errors.map(formatError)).toEqual([
      "a.yaml:8:9: Segment/a: spec.when.all[0].cuont: an event condition has no key 'cuont'. Did you mean 'count'?",
      "a.yaml:10:18: Segment/a: spec.when.all[1].count.gte: 'gte' takes a number. Write 3 without quotes.",
      "a.yaml:15:32: Content/b: spec.payloda: the spec of a Content has no key 'payloda'. Did you mean 'payload'?",
    ]);
  });

  test('are found again by a refusal of the whole set', () => {
    const text =
      'apiVersion: tessera/v1\nkind: Segment\nmetadata: { name: a }\nspec:\n  when:\n    segment: bb\n---\n' +
      'apiVersion: tessera/v1\nkind: Segment\nmetadata: { name: b }\nspec: { when: { event: X } }\n';
    const { documents, locate } = parseDefinitions(text, 'a.yaml');
    const outcome = compileSet('shop', 1, documents, { locate });
    expect(outcome.ok ? [] : outcome.errors).toEqual([
      {
        code: 'missing-reference',
        file: 'a.yaml',
        line: 6,
        column: 5,
        document: 'Segment/a',
        place: 'spec.when.segment',
        found: '"bb"',
        allowed: 'a, b',
        suggestion: "did you mean 'b'",
        message: "spec.when.segment: there is no Segment 'bb' in the set. Did you mean 'b'?",
      },
    ]);
  });

  test('refuse a key that is written twice, which most parsers drop in silence', () => {
    const text = 'apiVersion: tessera/v1\nkind: Segment\nmetadata: { name: a }\nspec:\n  when:\n    event: A\n    event: B\n';
    expect(said(text)).toEqual([expect.stringMatching(/^a\.yaml:7:5: spec\.when\.event: 'event' is written twice/)]);
  });

  test.each([
    ['brackets', 'a: [b\nc: }', /a\.yaml:2:1: the document: this is no YAML or JSON/],
    ['a tag', 'a: !!binary aGk=', /Unresolved tag/],
    ['a merge key', 'x: &x { a: 1 }\n<<: *x', /has no key '<<'/],
    ['a key that is no text', '? [a]\n: b', /keys must be strings/],
    ['an unknown alias', 'a: *nowhere', /nowhere/],
    ['two levels of nothing', 'apiVersion', /must be a mapping/],
    ['a number beyond 2^53', 'a: 12345678901234567890', /cannot be kept exactly/],
    ['infinity', 'a: .inf', /cannot be kept exactly/],
    ['a key of a prototype', 'spec: { __proto__: { a: 1 } }', /'__proto__' is not allowed as a key/],
  ])('refuse %s', (_, text, says) => {
    expect(said(text).join('\n')).toMatch(says);
  });

  const doubling = Array.from(
    { length: 30 },
    (_, i) =>
      `b${String(i)}: &b${String(i)} [${Array(9)
        .fill(i === 0 ? '1' : `*b${String(i - 1)}`)
        .join(',')}]`,
  ).join('\n');

  test.each([
    ['a bomb of aliases', doubling],
    ['an alias within itself', 'a: &a [*a]'],
    ['a million brackets', '['.repeat(1_000_000)],
    ['half a million dashes', '- '.repeat(500_000)],
    ['many levels by indentation', Array.from({ length: 1_000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['too many documents', '---\na\n'.repeat(2_000)],
    ['many aliases', `a: &a 1\nb: [${'*a,'.repeat(100_000)}]`],
    ['many tags', '!a '.repeat(300_000)],
    ['a list of too many documents', `[${'{},'.repeat(1_500)}]`],
    ['two megabytes', `a: "${'x'.repeat(2_000_000)}"`],
    ['too many tokens', 'a: ]\n'.repeat(200_000)],
  ])('refuse %s, and soon', (_, text) => {
    const startMs = performance.now();
    const { documents, errors } = parseDefinitions(text, 'a.yaml');
    expect(documents).toEqual([]);
    expect(errors.some(({ code, message }) => code === 'too-large' || message.includes('call stack'))).toBe(true);
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });
});
