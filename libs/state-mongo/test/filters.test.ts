import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { between, byId, byIds, dueFrom, notAhead, olderThan } from '../src/filters.js';

const OPERATORS = new Set(['$in', '$lt', '$lte', '$gt', '$gte']);
/** What a careless caller may hand over: operators, arrays, regular expressions, things that look like strings. */
const noString = fc.oneof(
  fc.constantFrom<unknown>({ $gt: '' }, { $ne: null }, { $regex: '.*' }, ['a'], /a/, null, undefined, true, 5n, new String('a'), {
    toString: () => 'a',
  }),
  fc.object(),
  fc.double(),
);
const noNumber = fc.oneof(
  fc.constantFrom<unknown>(NaN, '5', { $gt: 0 }, { valueOf: () => 5 }, [5], null, undefined, true, 5n, new Number(5)),
  fc.string(),
  fc.object(),
);
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('$where', '$gt', '{"$gt":""}', 'a.b', '$', '.', '\u0000', '__proto__', 'constructor', '\ud800'),
);
const whole = fc.maxSafeInteger();

/** Every key that stands anywhere in the filter, and every value that is no object. */
function parts(filter: unknown): { readonly keys: readonly string[]; readonly scalars: readonly unknown[] } {
  if (typeof filter !== 'object' || filter === null) return { keys: [], scalars: [filter] };
  const inner = Object.values(filter).map(parts);
  return {
    keys: [...(Array.isArray(filter) ? [] : Object.keys(filter)), ...inner.flatMap(({ keys }) => keys)],
    scalars: inner.flatMap(({ scalars }) => scalars),
  };
}

describe('a filter', () => {
  test('holds the caller’s strings and numbers as values only, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1 }), whole, fc.boolean(), (texts, number, after) => {
        const [first = '', last = ''] = [texts[0], texts.at(-1)];
        const filters = [
          { filter: byId(first), scalars: [first] },
          { filter: byIds(texts), scalars: texts },
          { filter: olderThan(first, number), scalars: [first, number] },
          { filter: notAhead(first, number), scalars: [first, number] },
          { filter: between(first, last, after), scalars: [first, last] },
          { filter: dueFrom(number, -Infinity), scalars: [number, -Infinity] },
        ];
        for (const { filter, scalars } of filters) {
          const found = parts(filter);
          expect(found.scalars).toEqual(scalars);
          for (const key of found.keys) expect(OPERATORS.has(key) || /^(_id|[opnd])$/.test(key)).toBe(true);
        }
      }),
    );
  });

  test('refuses what is no string or no number, by name', () => {
    fc.assert(
      fc.property(noString, noNumber, (text, number) => {
        const [badText, badNumber] = [text as string, number as number];
        expect(() => byId(badText)).toThrow('_id is');
        expect(() => byIds(['a', badText])).toThrow('_id is');
        expect(() => olderThan(badText, 1)).toThrow('_id is');
        expect(() => olderThan('a', badNumber)).toThrow('lastOffset is');
        expect(() => notAhead('a', badNumber)).toThrow('nextOffset is');
        expect(() => between(badText, 'b')).toThrow('from is');
        expect(() => between('a', badText)).toThrow('end is');
        expect(() => dueFrom(badNumber, 1)).toThrow('partition is');
        expect(() => dueFrom(1, badNumber)).toThrow('dueMs is');
      }),
    );
  });

  test('refuses offsets that a double does not hold exactly', () => {
    for (const offset of [0.5, 2 ** 53, -(2 ** 53), Infinity]) {
      expect(() => olderThan('a', offset)).toThrow(`lastOffset is ${String(offset)}; allowed is a whole number below 2^53`);
    }
  });
});
