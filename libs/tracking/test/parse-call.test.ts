import { describe, expect, test } from '@jest/globals';
import { isAscii } from 'node:buffer';
import { TRACKING_LIMITS } from '../src/limits.js';
import { parseCall } from '../src/parse-call.js';
import { Refusal } from '../src/refusal.js';
import { measureValue, newMeasure } from '../src/scan.js';

function parse(text: string): unknown {
  const bytes = Buffer.from(text);
  const measure = newMeasure();
  measureValue(bytes, 0, measure);
  const call = parseCall(bytes, measure, isAscii(bytes), TRACKING_LIMITS);
  return call instanceof Refusal ? `${call.reason} ${call.field}`.trim() : call;
}
const nested = (levels: number): string => '{"a":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1);

describe('the traps of JSON', () => {
  test.each([
    ['infinity', '{"properties":{"a":[1,{"b":1e999}]}}', 'invalid-field properties.a[1].b'],
    ['minus infinity', '{"a":-1e999}', 'invalid-field a'],
    ['infinity in digits', `{"a":${'9'.repeat(400)}}`, 'invalid-field a'],
    ['__proto__', '{"properties":{"__proto__":{"admin":true}}}', 'unsafe-key properties.__proto__'],
    ['__proto__ in escapes', '{"\\u005f\\u005fproto__":{"admin":true}}', 'unsafe-key __proto__'],
    ['constructor', '{"a":[{"constructor":1}]}', 'unsafe-key a[0].constructor'],
    ['prototype', '{"prototype":1}', 'unsafe-key prototype'],
    ['half a pair in a key', '{"a\\ud83d":1}', 'invalid-field'],
    ['NUL in a key', '{"a":{"\\u0000":1}}', 'invalid-field a'],
    ['depth', nested(33), 'too-deep'],
    ['keys', `{"a":[${'{"b":1},'.repeat(2000)}{}]}`, 'too-large'],
    ['size', `{"a":"${'x'.repeat(32 * 1024)}"}`, 'too-large'],
    ['not JSON', '{"a":01}', 'not-json'],
    ['a raw control character', '{"a":"\u0001"}', 'not-json'],
  ])('%s is refused', (_, text, expected) => {
    expect(parse(text)).toBe(expected);
  });

  test.each([
    ['the largest finite number', '{"a":1.7e308}', { a: 1.7e308 }],
    ['unsafe words as values', '{"a":"__proto__","b":["constructor"]}', { a: '__proto__', b: ['constructor'] }],
    ['a cut emoji in a value', '{"properties":{"title":"a\\ud83d"}}', { properties: { title: 'a\ufffd' } }],
    ['NUL in a value', '{"a":["x\\u0000y"]}', { a: ['x\ufffdy'] }],
    ['a whole emoji', '{"a":"\\ud83d\\ude00"}', { a: '😀' }],
    ['a flawed identifier, left to its own check', '{"userId":"u\\ud83d"}', { userId: 'u\ud83d' }],
    ['the last of double keys', '{"a":1,"a":2}', { a: 2 }],
    ['the deepest allowed', nested(32), JSON.parse(nested(32))],
    ['text beyond ASCII', '{"a":"äöü😀"}', { a: 'äöü😀' }],
  ])('%s passes', (_, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  test('no prototype is changed', () => {
    parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
