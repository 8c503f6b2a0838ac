// Payloads: what is rendered, and what no template can do to us.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PAYLOAD_CHARACTERS_MAX, compilePayload } from '../src/payload.js';
import { payloadProblem } from '../src/slots.js';
import { TemplateBudget } from '../src/template-budget.js';

const NOW_MS = Date.UTC(2026, 0, 5, 9, 0);

interface Values {
  readonly traits?: Readonly<Record<string, unknown>>;
  readonly features?: Readonly<Record<string, unknown>>;
  readonly context?: Readonly<Record<string, unknown>>;
}

function scopeOf({ traits = {}, features = {}, context = {} }: Values) {
  return Object.assign(Object.create(null) as object, { traits, features, context });
}

function render(payload: unknown, values: Values = {}, strict = true): unknown {
  return compilePayload(payload).render(scopeOf(values), NOW_MS, strict);
}

function text(template: string, values: Values = {}, strict = true): unknown {
  return (render({ text: template }, values, strict) as { text: string }).text;
}

function failure(template: string, values: Values = {}): string {
  try {
    return `rendered: ${String(text(template, values)).slice(0, 80)}`;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a payload', () => {
  test('renders the strings anywhere in it and takes all else as it is', () => {
    const payload = {
      headline: "Hi {{ traits.firstName | default: 'there' }}, 10 % off",
      count: 3,
      live: true,
      none: null,
      items: ['{{ features.revenue | round }}', { href: '/{{ context.page }}', rank: 1 }],
      '{{ key }}': 'plain',
    };
    expect(render(payload, { traits: { firstName: 'Ada' }, features: { revenue: 120.4 }, context: { page: 'cart' } })).toEqual({
      headline: 'Hi Ada, 10 % off',
      count: 3,
      live: true,
      none: null,
      items: ['120', { href: '/cart', rank: 1 }],
      '{{ key }}': 'plain',
    });
    expect(render(payload, { features: { revenue: 1 }, context: { page: 'x' } })).toHaveProperty(
      'headline',
      'Hi there, 10 % off',
    );
  });

  test('without templates is one constant that nobody can change', () => {
    const compiled = compilePayload({ a: { b: ['c'] } });
    const first = compiled.render(scopeOf({}), NOW_MS, true);
    expect(compiled.render(scopeOf({}), NOW_MS, true)).toBe(first);
    expect(Object.isFrozen(first) && Object.isFrozen(first['a'])).toBe(true);
  });

  test('keeps a key __proto__ as a key', () => {
    const payload = JSON.parse('{"__proto__": {"polluted": "{{ context.x }}"}}') as object;
    const rendered = render(payload, { context: { x: 'yes' } }) as object;
    expect(JSON.stringify(rendered)).toBe('{"__proto__":{"polluted":"yes"}}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each([
    ['a list', [1], 'payload must be an object, found a list'],
    ['null', null, 'payload must be an object, found null'],
    ['a text', 'x', 'payload must be an object, found string'],
    ['an unknown filter', { a: [{ b: '{{ 1 | nothing }}' }] }, 'payload.a[0].b: undefined filter: nothing, line:1, col:1'],
    ['an open tag', { a: '{% if traits.x %}' }, 'payload.a: tag {% if traits.x %} not closed, line:1, col:1'],
    ['a long template', { a: '{{ 1 }}'.repeat(3000) }, 'payload.a is a template of more than 16384 characters'],
    ['a long constant', { a: 'x'.repeat(PAYLOAD_CHARACTERS_MAX + 1) }, 'payload is longer than 65536 characters'],
    ['deep nesting', nested(40), /nested deeper than 32 levels/],
    ['many values', { a: Array.from({ length: 6000 }, () => 1) }, 'payload holds more than 5000 values'],
  ])('that is no payload is refused with its place: %s', (_, payload, problem) => {
    expect(payloadProblem(payload)).toEqual(problem instanceof RegExp ? expect.stringMatching(problem) : problem);
  });
});

function nested(depth: number): object {
  let value: object = {};
  for (let i = 0; i < depth; i++) value = { a: value };
  return value;
}

describe('a template', () => {
  test.each([
    ['a missing value is an error', '{{ traits.name }}', 'payload.text: undefined variable: traits.name, line:1, col:4'],
    ['`default` as the first filter catches it', "{{ traits.name | default: 'you' }}", 'rendered: you'],
    ['also below a missing one', "{{ traits.address.city | default: 'home' }}", 'rendered: home'],
    ['a condition on a missing value is false', '{% if traits.vip == true %}a{% else %}b{% endif %}', 'rendered: b'],
    ['null is empty text', '{{ traits.nothing }}', 'rendered: '],
    ['an object has no text', '{{ traits.odd }}', expect.stringContaining('payload.text: ')],
    ['now is the time of the decision', "{{ 'now' | date: '%Y-%m-%d %H:%M' }}", 'rendered: 2026-01-05 09:00'],
    ['dates are RFC 3339, in UTC', "{{ '2026-03-01T23:30:00-05:00' | date: '%d %b %H:%M' }}", 'rendered: 02 Mar 04:30'],
    ['other texts are no dates, whatever the time zone here', "{{ '3/4/2026' | date: '%Y' }}", 'rendered: 3/4/2026'],
    ['zones are named', "{{ 'now' | date: '%H:%M', 'Asia/Tokyo' }}", 'rendered: 18:00'],
    ['an anonymous count', '{% for i in (1..3) %}{{ i }}{% endfor %}', 'rendered: 123'],
    ['captures and cases', '{% capture a %}x{{ 1 }}{% endcapture %}{% case a %}{% when "x1" %}y{% endcase %}', 'rendered: y'],
  ])('%s', (_, template, expected) => {
    expect(failure(template, { traits: { nothing: null, odd: { toString: 1 } } })).toEqual(expected);
  });

  test('rendered leniently writes nothing for what is missing', () => {
    expect(text('Hi {{ traits.a }}{{ traits.b.c | upcase }}!', {}, false)).toBe('Hi !');
  });
});

const wide = { text: 'x'.repeat(20_000), list: Array.from({ length: 2_000 }, (_, i) => `value ${String(i)}`) };

describe('a hostile template', () => {
  test.each([
    ['endless loops', '{% for i in (1..5000) %}{% for j in (1..5000) %}{{ j }}{% endfor %}{% endfor %}', 'steps'],
    ['empty loops', '{% for i in (1..5000) %}{% for j in (1..5000) %}{% endfor %}{% endfor %}', 'steps'],
    ['a huge range', '{% for i in (1..1000000000) %}{% endfor %}', 'cells'],
    ['huge output', '{% for i in (1..2000) %}{{ traits.text }}{% endfor %}', 'cells'],
    [
      'doubling by append',
      "{% assign a = 'xx' %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}{{ a }}",
      'cells',
    ],
    [
      'doubling by capture',
      "{% assign a = 'xx' %}{% for i in (1..60) %}{% capture a %}{{ a }}{{ a }}{% endcapture %}{% endfor %}",
      'cells',
    ],
    [
      'doubling by replace',
      "{% assign a = 'xx' %}{% for i in (1..60) %}{% assign a = a | replace: 'x', 'xx' %}{% endfor %}",
      'cells',
    ],
    [
      'doubling by concat',
      "{% assign a = 'x,y' | split: ',' %}{% for i in (1..60) %}{% assign a = a | concat: a %}{% endfor %}",
      'cells',
    ],
    [
      'an array in itself by a keyword argument',
      "{% assign a = 'x,y' | split: ',' %}{% for i in (1..60) %}{% assign a = a | concat: k: a %}{% endfor %}{{ a | join }}",
      'cells',
    ],
    ['a wide pad', "{{ 'now' | date: '%999999999Y' }}", 'cells'],
    ['a wide slice', '{% for i in (1..90) %}{% assign a = traits.text | slice: 0, 9999 %}{% endfor %}', 'cells'],
    ['json over and over', '{% for i in (1..500) %}{% assign a = traits.list | json %}{% endfor %}', 'cells'],
    ['a long pattern', '{{ traits.text | split: traits.text | size }}', 'searched for'],
    ['a long pattern in a condition', '{% if traits.text contains traits.text %}{% endif %}', 'searched for'],
    ['comparing over and over', '{% for i in (1..1000) %}{% if traits.list == traits.list %}{% endif %}{% endfor %}', 'cells'],
    ['including a file', "{% include '/etc/passwd' %}", 'tag "include" not found'],
    ['rendering a file', "{% render 'package.json' %}", 'tag "render" not found'],
    ['a layout', "{% layout 'package.json' %}", 'tag "layout" not found'],
    ['a counter that would change the scope', '{% increment traits %}', 'tag "increment" not found'],
    ['parsing at render time', "{{ traits.list | where_exp: 'x', 'x' }}", 'undefined filter: where_exp'],
    ['chance', '{{ traits.list | sample }}', 'undefined filter: sample'],
    ['nesting', '{{ traits.list | push: traits.list }}', 'undefined filter: push'],
    ['grouping', "{{ traits.list | group_by: 'a' }}", 'undefined filter: group_by'],
    ['the prototype', '{{ traits.__proto__.constructor }}', 'undefined variable: traits.__proto__'],
    ['the constructor', "{{ traits['constructor'] }}", 'undefined variable: traits.constructor'],
    ['a method of the scope', '{{ toString }}', 'undefined variable: toString'],
    ['a method of a text', '{{ traits.text.constructor }}', 'undefined variable: traits.text.constructor'],
    ['the environment', '{{ process.env.PATH }}', 'undefined variable: process'],
    ['globals', '{{ globalThis }}', 'undefined variable: globalThis'],
  ])('ends in an error, soon: %s', (_, template, problem) => {
    const started = performance.now();
    expect(failure(template, { traits: wide })).toContain(problem);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('spends one budget with all strings of its payload', () => {
    const busy = '{% for i in (1..1500) %}{% endfor %}';
    expect(render({ a: busy }, {})).toEqual({ a: '' });
    expect(() => render({ a: busy, b: busy, c: busy, d: busy }, {})).toThrow('more than 5000 steps');
  });

  test('cannot make an answer longer than its bound from many short strings', () => {
    const payload = { list: Array.from({ length: 10 }, () => '{{ traits.text | slice: 0, 9000 }}') };
    expect(() => render(payload, { traits: wide })).toThrow('payload is longer than 65536 characters');
  });

  test('leaves the values it is given as they were', () => {
    const traits = { list: ['b', 'a'], name: 'Ada', nested: { x: 1 } };
    const before = JSON.stringify(traits);
    text(
      "{% assign traits = 1 %}{% assign list = context.list | sort | reverse | concat: context.list %}{{ list | join: ',' }}" +
        '{% for name in context.list reversed %}{% cycle "a", "b" %}{% endfor %}',
      { traits, context: { list: traits.list } },
    );
    expect(JSON.stringify(traits)).toBe(before);
  });

  test('either renders or fails with an Error, whatever it is made of', () => {
    const pieces = fc.constantFrom(
      '{{', '}}', '{%', '%}', '{%-', '-%}', ' traits.a ', ' context ', '|', ' json ', ' join', ' first', 'for x in ', '(1..9)', ' endfor ',
      ' if ', ' else ', ' endif ', 'assign y = ', 'capture z', ' endcapture ', ' == ', ' contains ', "'", '"', '[', ']', '0', '.', ':', ',',
      '__proto__', 'constructor', ' date ', ' default', ' case ', ' when ', 'raw', 'endraw', 'liquid\n', '#', '\n', '\\u0000', '🙂', ' forloop ',
    ); // prettier-ignore
    const values = fc.record({ a: fc.jsonValue() });
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 24 }), values, fc.boolean(), (parts, traits, strict) => {
        let compiled;
        try {
          compiled = compilePayload({ text: parts.join('') });
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          return;
        }
        try {
          const { text: rendered } = compiled.render(scopeOf({ traits }), NOW_MS, strict);
          expect(typeof rendered).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

test('time is the last line of a budget: from its first step on', () => {
  const budget = new TemplateBudget(NOW_MS);
  for (const timeMs of [5_000, 5_001, 5_250]) budget.check(timeMs);
  expect(() => {
    budget.check(5_251);
  }).toThrow('more than 250 ms');
});
