// Every operator as a table, and the laws of comparison.ts, operators/operator.ts and path.ts as properties.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  compileComparisons,
  describeOperator,
  OPERATOR_NAMES,
  wordsOf,
  type Comparison,
  type OperatorName,
} from '../src/comparison.js';
import type { Answer } from '../src/operators/operator.js';
import { compilePath } from '../src/path.js';

const NOW = Date.UTC(2026, 0, 5, 9);
const HOUR = 3_600_000;
const unknown = undefined;

/** [value, answer] */
type Row = readonly [unknown, Answer];

// All values of a row are neither absent nor null: those have a test of their own.
const TABLE: readonly (readonly [OperatorName, unknown, readonly Row[]])[] = [
  [
    'eq',
    'gold',
    [
      ['gold', true],
      ['Gold', false],
      ['', false],
      [0, false],
      [true, false],
      [{}, false],
      [['silver', 'gold'], true],
      [[], false],
      [[['gold']], false],
    ],
  ],
  [
    'eq',
    5,
    [
      [5, true],
      [5.0, true],
      ['5', false],
      [[4, 5], true],
      [['5'], false],
      [true, false],
    ],
  ],
  [
    'eq',
    0,
    [
      [0, true],
      [-0, true],
      [false, false],
      ['', false],
    ],
  ],
  [
    'eq',
    true,
    [
      [true, true],
      [false, false],
      ['true', false],
      [1, false],
    ],
  ],
  [
    'ne',
    'gold',
    [
      ['gold', false],
      ['silver', true],
      [5, true],
      [{}, true],
      [['silver', 'gold'], false],
      [[], true],
    ],
  ],
  [
    'in',
    ['US', 'CA', 7, false],
    [
      ['US', true],
      ['us', false],
      [7, true],
      ['7', false],
      [false, true],
      [0, false],
      [['DE', 'CA'], true],
      [[], false],
      [{}, false],
    ],
  ],
  [
    'nin',
    ['US', 7],
    [
      ['US', false],
      ['DE', true],
      [7, false],
      ['7', true],
      [['DE', 'US'], false],
      [[], true],
      [{}, true],
    ],
  ],
  [
    'gt',
    20,
    [
      [20, false],
      [20.01, true],
      [-1, false],
      ['20.5', true],
      ['20', false],
      ['2e1', false],
      ['1e400', unknown],
      ['', unknown],
      [' 21 ', unknown],
      ['0x20', unknown],
      ['21 EUR', unknown],
      ['Infinity', unknown],
      [true, unknown],
      [[21], unknown],
      [{}, unknown],
    ],
  ],
  [
    'gte',
    20,
    [
      [20, true],
      [19.99, false],
      ['20.0', true],
      ['-20', false],
      ['20\n', unknown],
      [false, unknown],
    ],
  ],
  [
    'lt',
    0.3,
    [
      [0.1, true],
      [0.3, false],
      ['0.29999', true],
      ['.1', unknown],
      ['1,5', unknown],
      [[0], unknown],
    ],
  ],
  [
    'lte',
    -1,
    [
      [-1, true],
      [-2, true],
      [0, false],
      ['-1.0', true],
      ['+1', unknown],
      ['--1', unknown],
    ],
  ],
  [
    'between',
    [10, 20],
    [
      [10, true],
      [20, true],
      [15, true],
      [9.99, false],
      [20.01, false],
      ['15', true],
      ['x', unknown],
      [[15], unknown],
    ],
  ],
  [
    'exists',
    true,
    [
      ['', true],
      [0, true],
      [false, true],
      [[], true],
      [{}, true],
    ],
  ],
  [
    'exists',
    false,
    [
      ['', false],
      [0, false],
      [false, false],
      [[], false],
      [{}, false],
    ],
  ],
  [
    'contains',
    'shoe',
    [
      ['running shoes', true],
      ['Shoe', false],
      ['', false],
      [['shoe', 'hat'], true],
      [['shoes'], false],
      [[], false],
      [5, unknown],
      [true, unknown],
      [{ shoe: 1 }, unknown],
    ],
  ],
  [
    'contains',
    '',
    [
      ['anything', true],
      ['', true],
      [['x'], false],
    ],
  ],
  [
    'contains',
    5,
    [
      [[4, 5], true],
      [['5'], false],
      ['5', unknown],
      [5, unknown],
    ],
  ],
  [
    'notContains',
    'shoe',
    [
      ['running shoes', false],
      ['hat', true],
      [['shoe'], false],
      [[], true],
      [5, unknown],
      [{}, unknown],
    ],
  ],
  [
    'startsWith',
    '/shop',
    [
      ['/shop/cart', true],
      ['/shop', true],
      ['/SHOP', false],
      ['a/shop', false],
      [5, unknown],
      [['/shop'], unknown],
    ],
  ],
  [
    'endsWith',
    '@a.b',
    [
      ['x@a.b', true],
      ['@a.b', true],
      ['x@a.b ', false],
      [5, unknown],
      [['x@a.b'], unknown],
    ],
  ],
  [
    'matches',
    '^/p/[0-9]+$',
    [
      ['/p/12', true],
      ['/p/12/', false],
      ['/p/12\n', false],
      ['x/p/12', false],
      [12, unknown],
      [['/p/12'], unknown],
    ],
  ],
  [
    'matches',
    'b+',
    [
      ['abc', true],
      ['ac', false],
      ['', false],
    ],
  ],
  [
    'matches',
    '(?i)größe',
    [
      ['Schuh GRÖSSE 42', false],
      ['SCHUHGRÖßE', true],
    ],
  ],
  [
    'before',
    '2026-01-05',
    [
      ['2026-01-04T23:59:59.999Z', true],
      ['2026-01-05T00:00:00Z', false],
      ['2026-01-04', true],
      ['2026-01-05T00:30:00+01:00', true],
      [Date.UTC(2026, 0, 4), true],
      [Date.UTC(2026, 0, 5), false],
      [Date.UTC(2026, 0, 4) / 1000, true],
      ['2026-02-30', unknown],
      ['yesterday', unknown],
      ['1767484800', unknown],
      [true, unknown],
      [['2026-01-04'], unknown],
      [1e300, unknown],
    ],
  ],
  [
    'after',
    '2026-01-05T09:00:00Z',
    [
      ['2026-01-05T09:00:00.001Z', true],
      ['2026-01-05T09:00:00Z', false],
      ['2026-01-05T10:30:00+01:00', true],
      [NOW + 1, true],
      [NOW, false],
      [NOW / 1000 + 1, true],
      [NOW / 1000 + 0.0009, false],
      ['', unknown],
      [{}, unknown],
    ],
  ],
  [
    'withinLast',
    '1h',
    [
      [NOW, true],
      [NOW - HOUR + 1, true],
      [NOW - HOUR, false],
      [NOW + 1, false],
      ['2026-01-05T08:30:00Z', true],
      ['2026-01-05', false],
      [NOW / 1000, true],
      ['soon', unknown],
      [[NOW], unknown],
      [true, unknown],
    ],
  ],
  [
    'withinNext',
    '1h',
    [
      [NOW, true],
      [NOW + HOUR - 1, true],
      [NOW + HOUR, false],
      [NOW - 1, false],
      ['2026-01-05T09:30:00Z', true],
      ['2026-01-06', false],
      ['soon', unknown],
      [[NOW], unknown],
    ],
  ],
];

describe.each(TABLE)('%s %j', (operator, operand, rows) => {
  const one = compileComparisons([{ operator, operand }]);

  test('takes its operand', () => expect(describeOperator(operator)?.check(operand)).toBe(true));

  test.each(rows)('of %j is %p', (value, answer) => expect(one.test(value, NOW)).toBe(answer));

  test('leaves what is absent or null unknown, but for exists', () => {
    for (const missing of [undefined, null]) {
      expect(one.test(missing, NOW)).toBe(operator === 'exists' ? operand === false : unknown);
      expect(one.nextChange(missing, NOW)).toBe(Infinity);
    }
  });
});

test('every operator has its table', () => {
  expect(new Set(TABLE.map(([operator]) => operator))).toEqual(new Set(OPERATOR_NAMES));
});

/** [operator, what it refuses] */
const REFUSED: readonly (readonly [OperatorName, readonly unknown[]])[] = [
  ['eq', [undefined, null, NaN, Infinity, [], ['gold'], {}]],
  ['ne', [undefined, null, NaN, [], {}]],
  ['in', ['US', [], [null], [['US']], Array.from({ length: 10_001 }, (_, i) => i), {}]],
  ['nin', ['US', [], [undefined]]],
  ['gt', ['20', NaN, Infinity, true, [20], null]],
  ['gte', ['20']],
  ['lt', ['20']],
  ['lte', ['20']],
  ['between', [20, [10], [20, 10], [10, 20, 30], ['10', '20'], [10, Infinity]]],
  ['exists', ['true', 1, null, undefined]],
  ['contains', [null, ['shoe'], {}]],
  ['notContains', [null, ['shoe']]],
  ['startsWith', [5, null, ['/']]],
  ['endsWith', [5, null]],
  [
    'matches',
    [
      5,
      null,
      '(',
      '[z-a]',
      '(?=a)',
      '(?!a)',
      '(?<=a)b',
      '(?<!a)b',
      '(a)\\1',
      'a'.repeat(513),
      'a{1000}',
      '(a{500}){3}',
      '((a{30}){30}){30}',
    ],
  ],
  ['before', ['soon', '2026-13-01', '2026-02-30', NOW, '', null]],
  ['after', ['soon', NOW]],
  ['withinLast', ['soon', '0s', '-1h', '', 'h', 3_600_000, null]],
  ['withinNext', ['0s', 5]],
];

test.each(REFUSED)('%s refuses an operand that it cannot work with', (operator, operands) => {
  for (const operand of operands) expect([operand, describeOperator(operator)?.check(operand)]).toEqual([operand, false]);
});

test('no name of a prototype is an operator', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', '', 'EQ'])
    expect(describeOperator(name)).toBeUndefined();
});

test.each<[OperatorName, unknown, string]>([
  ['eq', 'gold', "is 'gold'"],
  ['ne', 5, 'is not 5'],
  ['in', ['US', 7, false], "is one of 'US', 7, false"],
  ['nin', ['US'], "is none of 'US'"],
  ['gt', 1, 'is more than 1'],
  ['gte', 1, 'is at least 1'],
  ['lt', 1, 'is less than 1'],
  ['lte', 1, 'is at most 1'],
  ['between', [1, 2], 'is between 1 and 2'],
  ['exists', true, 'exists'],
  ['exists', false, 'does not exist'],
  ['contains', 'x', "contains 'x'"],
  ['notContains', 'x', "does not contain 'x'"],
  ['startsWith', 'x', "starts with 'x'"],
  ['endsWith', 'x', "ends with 'x'"],
  ['matches', '^x$', 'matches /^x$/'],
  ['before', '2026-01-05', "is before '2026-01-05'"],
  ['after', '2026-01-05', "is after '2026-01-05'"],
  ['withinLast', '24h', 'is within the last 24h'],
  ['withinNext', '7d', 'is within the next 7d'],
])('%s %j reads: %s', (operator, operand, words) => expect(wordsOf({ operator, operand })).toBe(words));

// Values and operands that meet each other often.
const scalar = fc.oneof(
  fc.constantFrom<string | number | boolean>('a', 'ab', '', '5', 5, 0, 1.5, true, false),
  fc.string({ maxLength: 3 }),
  fc.integer(),
);
const moment = fc.oneof(
  fc.integer({ min: NOW - 4_000, max: NOW + 4_000 }),
  fc.integer({ min: NOW - 4_000, max: NOW + 4_000 }).map((ms) => ms / 1000),
  fc.integer({ min: NOW - 4_000, max: NOW + 4_000 }).map((ms) => new Date(ms).toISOString()),
);
const value = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  moment,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(undefined, null),
);
const short = fc.integer({ min: 1, max: 3_000 }).map((ms) => `${String(ms)}ms`);
const instant = fc.integer({ min: NOW - 4_000, max: NOW + 4_000 }).map((ms) => new Date(ms).toISOString());
const number = fc.oneof(fc.integer({ min: -10, max: 10 }), fc.integer());
const OPERANDS: Readonly<Record<OperatorName, fc.Arbitrary<unknown>>> = {
  eq: scalar,
  ne: scalar,
  in: fc.array(scalar, { minLength: 1, maxLength: 3 }),
  nin: fc.array(scalar, { minLength: 1, maxLength: 3 }),
  gt: number,
  gte: number,
  lt: number,
  lte: number,
  between: fc.tuple(number, number).map(([a, b]) => [Math.min(a, b), Math.max(a, b)]),
  exists: fc.boolean(),
  contains: scalar,
  notContains: scalar,
  startsWith: fc.string({ maxLength: 2 }),
  endsWith: fc.string({ maxLength: 2 }),
  matches: fc.constantFrom('a', '^a', 'b$', '^$', '[0-9]+'),
  before: instant,
  after: instant,
  withinLast: short,
  withinNext: short,
};
const comparisonOf = (operator: OperatorName): fc.Arbitrary<Comparison> =>
  OPERANDS[operator].map((operand) => ({ operator, operand }));
const comparison = fc.constantFrom(...OPERATOR_NAMES).chain(comparisonOf);
const answer = (operator: OperatorName, operand: unknown, of: unknown): Answer =>
  compileComparisons([{ operator, operand }]).test(of, NOW);

describe('of any value', () => {
  test('ne, nin and notContains are the exact opposites of eq, in and contains', () => {
    const pairs = [
      ['eq', 'ne'],
      ['in', 'nin'],
      ['contains', 'notContains'],
    ] as const;
    const opposites = fc
      .constantFrom(...pairs)
      .chain(([plain, opposite]) => fc.tuple(fc.constant(plain), fc.constant(opposite), OPERANDS[plain]));
    fc.assert(
      fc.property(opposites, value, ([plain, opposite, operand], of) => {
        const found = answer(plain, operand, of);
        expect(answer(opposite, operand, of)).toBe(found === undefined ? undefined : !found);
      }),
      { numRuns: 500 },
    );
  });

  test('in is one eq or another, between is gte and lte, lt is not gte, and gt is not lte', () => {
    fc.assert(
      fc.property(value, OPERANDS.in, OPERANDS.between, (of, list, range) => {
        const [low, high] = range as [number, number];
        const equals = (list as unknown[]).map((operand) => answer('eq', operand, of));
        expect(answer('in', list, of)).toBe(equals.includes(undefined) ? undefined : equals.includes(true));
        const within = compileComparisons([
          { operator: 'gte', operand: low },
          { operator: 'lte', operand: high },
        ]).test(of, NOW);
        expect(answer('between', range, of)).toBe(within);
        expect(answer('lt', low, of)).toBe(not(answer('gte', low, of)));
        expect(answer('gt', low, of)).toBe(not(answer('lte', low, of)));
      }),
      { numRuns: 500 },
    );
  });

  test('several comparisons are Kleene’s and of the single ones; none are true', () => {
    expect(compileComparisons([]).test(undefined, NOW)).toBe(true);
    fc.assert(
      fc.property(fc.array(comparison, { minLength: 1, maxLength: 4 }), value, (all, of) => {
        const singles = all.map(({ operator, operand }) => answer(operator, operand, of));
        const expected = singles.includes(false) ? false : singles.includes(undefined) ? undefined : true;
        expect(compileComparisons(all).test(of, NOW)).toBe(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  test('operators check what the tables give them, and answer without a throw', () => {
    fc.assert(
      fc.property(
        comparison,
        fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true }),
        ({ operator, operand }, of) => {
          expect(describeOperator(operator)?.check(operand)).toBe(true);
          expect([true, false, undefined]).toContain(answer(operator, operand, of));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('the next change', () => {
  const timed = fc.oneof(comparisonOf('withinLast'), comparisonOf('withinNext'));
  const offset = fc.integer({ min: -6_000, max: 6_000 });

  test('is not before an answer changes by time alone, for any comparisons of any value', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(timed, comparison), { minLength: 1, maxLength: 3 }),
        fc.oneof(moment, value),
        offset,
        fc.array(fc.nat({ max: 12_000 })),
        (all, of, from, waits) => {
          const compiled = compileComparisons(all);
          const nowMs = NOW + from;
          const next = compiled.nextChange(of, nowMs);
          expect(next).toBeGreaterThan(nowMs);
          const until = Math.min(next - 1, nowMs + 20_000);
          for (const at of [...waits.map((wait) => Math.min(nowMs + wait, until)), until])
            expect(compiled.test(of, at)).toBe(compiled.test(of, nowMs));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('of one comparison is the very millisecond of the change', () => {
    fc.assert(
      fc.property(timed, moment, offset, (one, of, from) => {
        const compiled = compileComparisons([one]);
        const nowMs = NOW + from;
        const next = compiled.nextChange(of, nowMs);
        let naive = nowMs + 1;
        while (naive < NOW + 12_000 && compiled.test(of, naive) === compiled.test(of, nowMs)) naive++;
        expect(next).toBe(naive < NOW + 12_000 ? naive : Infinity);
      }),
      { numRuns: 200 },
    );
  });

  test('is never for an operator without time', () => {
    fc.assert(
      fc.property(comparison, value, (one, of) => {
        fc.pre(one.operator !== 'withinLast' && one.operator !== 'withinNext');
        expect(compileComparisons([one]).nextChange(of, NOW)).toBe(Infinity);
      }),
    );
  });
});

describe('a date', () => {
  test('in seconds with a fraction is the millisecond that its decimals show', () => {
    const exact = compileComparisons([{ operator: 'withinLast', operand: '1ms' }]);
    expect(exact.test(1.001, 1_001)).toBe(true);
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 4e12 }), (ms) => {
        expect(exact.test(ms / 1000, ms)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('finer than a millisecond is cut, not rounded, also before 1970', () => {
    const exact = compileComparisons([{ operator: 'withinLast', operand: '1ms' }]);
    expect([1.0019, -1.0011, NOW + 0.9].map((date, i) => exact.test(date, [1_001, -1_002, NOW][i] as number))).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('is in seconds below 1e11, in milliseconds from there on', () => {
    const after2000 = compileComparisons([{ operator: 'after', operand: '2000-01-01' }]);
    expect([1e9, 99_999_999_999, 1e11, 9.5e11].map((date) => after2000.test(date, NOW))).toEqual([true, true, false, true]);
  });
});

describe('a regular expression', () => {
  test.each(['(a+)+$', '(a|a)*$', '(a|aa)+$', '(.*)*$', '(x+x+)+y', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
    '%s takes time linear in the text',
    (operand) => {
      const evil = compileComparisons([{ operator: 'matches', operand }]);
      const started = performance.now();
      evil.test(`${'a'.repeat(2_047)}!`, NOW);
      evil.test('x'.repeat(2_048), NOW);
      // Backtracking would take longer than the universe has existed.
      expect(performance.now() - started).toBeLessThan(5_000);
    },
  );

  test('leaves a text beyond its bound unknown', () => {
    expect(answer('matches', 'a', 'a'.repeat(2_048))).toBe(true);
    expect(answer('matches', 'a', 'a'.repeat(2_049))).toBeUndefined();
  });
});

describe('a path', () => {
  const root = JSON.parse(
    '{"name":"Ada","properties":{"price":19.99,"items":[{"sku":"X-1"},{"sku":"X-2"}],"length":3,"empty":null,"":"blank","a.b":1},"__proto__":{"own":true}}',
  ) as unknown;

  test.each<[string, unknown]>([
    ['name', 'Ada'],
    ['properties.price', 19.99],
    ['properties.items.1.sku', 'X-2'],
    ['properties.items.2.sku', undefined],
    ['properties.items.-1.sku', undefined],
    ['properties.items.01.sku', undefined],
    ['properties.length', 3],
    ['properties.empty', null],
    ['properties.empty.more', undefined],
    ['properties.', 'blank'],
    ['properties.a.b', undefined],
    ['properties.missing.deeper.still', undefined],
    ['__proto__.own', true],
    ['', undefined],
  ])('%s leads to %j', (path, expected) => expect(compilePath(path)(root)).toEqual(expected));

  test('reaches no prototype, no length, no method', () => {
    for (const path of [
      'constructor',
      'constructor.name',
      '__proto__',
      '__proto__.polluted',
      'toString',
      'hasOwnProperty.call',
      'items.length',
      'items.map',
      'text.length',
      'text.0',
      'number.toFixed',
    ]) {
      expect([path, compilePath(path)({ items: [1, 2], text: 'abc', number: 5 })]).toEqual([path, undefined]);
    }
  });

  test('leads nowhere from what is no object', () => {
    for (const root of [undefined, null, 'text', 5, true])
      for (const path of ['length', '0', 'a.b', 'a.b.c']) expect(compilePath(path)(root)).toBeUndefined();
  });

  test('finds what a walk by hand finds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 4 }), (json, turns) => {
        const names: string[] = [];
        let at: unknown = json;
        for (const turn of turns) {
          const keys = typeof at === 'object' && at !== null ? Object.keys(at).filter((key) => !key.includes('.')) : [];
          const name = keys[turn % Math.max(1, keys.length)];
          if (name === undefined) break;
          names.push(name);
          at = (at as Record<string, unknown>)[name];
        }
        fc.pre(names.length > 0 && !(names.at(-1) === 'length'));
        expect(compilePath(names.join('.'))(json)).toBe(at);
      }),
      { numRuns: 500 },
    );
  });
});

function not(one: Answer): Answer {
  return one === undefined ? undefined : !one;
}
