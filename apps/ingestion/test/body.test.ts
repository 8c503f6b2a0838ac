import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Refusal, TRACKING_LIMITS } from '@tessera/tracking';
import { callAt, originalOf, readArray, readBatch, readSingle, writeKeyIn } from '../src/tracking/body.js';
import type { Body } from '../src/tracking/body.js';
import { BodyRefusal } from '../src/tracking/body-refusal.js';

const limits = { ...TRACKING_LIMITS, eventBytesMax: 300, batchEventsMax: 5, depthMax: 6, keysMax: 20, expandedBytesMax: 500 };
const codeOf = (read: Body | BodyRefusal): string =>
  read instanceof BodyRefusal ? `${read.code} ${read.facts.field ?? ''}`.trim() : 'read';
const batch = (text: string): string => codeOf(readBatch(Buffer.from(text), limits));
const single = (text: string | Buffer): string => codeOf(readSingle(Buffer.from(text), limits));

describe('a batch', () => {
  test.each([
    ['{"batch":[]}', 'read'],
    [' { "batch" : [ {} , {"a":[1]} ] , "sentAt" : null } ', 'read'],
    ['{"batch":[],"context":null,"integrations":{}}', 'read'],
    ['', 'invalid-json'],
    ['[]', 'invalid-json'],
    ['"batch"', 'invalid-json'],
    ['{"batch":[]', 'invalid-json'],
    ['{"batch":[]}x', 'invalid-json'],
    ['{"batch":[{}{}]}', 'invalid-json'],
    ['{"batch":[{},]}', 'invalid-json'],
    ['{"batch":[],}', 'invalid-json'],
    ['{"batch":[],"a":tru}', 'invalid-json'],
    ['{"batch":[],"a\u0001":1}', 'invalid-json'],
    ['{batch:[]}', 'invalid-json'],
    ['{}', 'invalid-field batch'],
    ['{"batch":{}}', 'invalid-field batch'],
    ['{"batch":[],"batch":1}', 'invalid-field batch'],
    ['{"batch":1,"batch":[]}', 'read'],
    ['{"batch":[],"context":[]}', 'invalid-field context'],
    ['{"batch":[],"integrations":"All"}', 'invalid-field integrations'],
    ['{"batch":[],"context":{"__proto__":{"x":1}}}', 'invalid-field context.__proto__'],
    ['{"batch":[],"context":{"a":[[[[[[[1]]]]]]]}}', 'invalid-field context'],
    ['{"batch":[{},{},{},{},{}]}', 'read'],
    ['{"batch":[{},{},{},{},{},{}]}', 'body-too-large'],
    [`{"batch":[{},{},{}],"context":{"a":"${'x'.repeat(200)}"}}`, 'body-too-large'],
  ])('%p is %s', (text, expected) => {
    expect(batch(text)).toBe(expected);
  });

  test('gives each event with its original bytes, shared fields once', () => {
    const body = readBatch(
      Buffer.from('{"sentAt":"T","batch":[ {"a":"ä"} ,{"b":2}],"context":{"c":1},"writeKey":"k"}'),
      limits,
    ) as Body;
    expect(body.shared).toEqual({ sentAt: 'T', context: { c: 1 }, integrations: undefined, bytes: 7 });
    expect(callAt(body, 0, limits)).toEqual({ a: 'ä' });
    expect(Buffer.from(originalOf(body, 1)).toString()).toBe('{"b":2}');
  });

  test('refuses only the event that is too large, too deep, too rich in keys or no object', () => {
    const events = [
      { ok: 1 },
      { a: 'x'.repeat(300) },
      { a: [[[[[[1]]]]]] },
      Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`k${String(i)}`, 1])),
      7,
    ];
    const body = readBatch(Buffer.from(JSON.stringify({ batch: events })), limits) as Body;
    const calls = events.map((_, index) => callAt(body, index, limits));
    expect(calls.map((call) => (call instanceof Refusal ? call.reason : 'read'))).toEqual([
      'read',
      'too-large',
      'too-deep',
      'too-large',
      'invalid-field',
    ]);
  });

  test('counts the shared context into each event', () => {
    const body = readBatch(
      Buffer.from(JSON.stringify({ batch: [{ a: 'x'.repeat(200) }], context: { c: 'y'.repeat(200) } })),
      limits,
    ) as Body;
    expect(callAt(body, 0, limits)).toMatchObject({ reason: 'too-large', field: 'context' });
  });
});

describe('a single event', () => {
  test.each([
    ['{"a":1}', 'read'],
    ['\n{}\t', 'read'],
    ['[{}]', 'invalid-json'],
    ['{}{}', 'invalid-json'],
    ['{"a":', 'invalid-json'],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'invalid-json'],
    [`{"a":"${'x'.repeat(300)}"}`, 'body-too-large'],
  ])('%p is %s', (text, expected) => {
    expect(single(text)).toBe(expected);
  });

  test('shows its write key even when it is too deep to be parsed', () => {
    expect(writeKeyIn(Buffer.from(`{"a":${'['.repeat(9)}${']'.repeat(9)},"writeKey":"k"}`))).toBe('k');
    expect(writeKeyIn(Buffer.from('{"context":{"writeKey":"inner"}}'))).toBeUndefined();
    expect(writeKeyIn(Buffer.from('{"writeKey":7}'))).toBeUndefined();
  });
});

test('no field of an event makes it pass for a refusal', () => {
  const body = readSingle(Buffer.from('{"kind":"refused","reason":"too-deep","code":"x","facts":{}}'), limits) as Body;
  expect(callAt(body, 0, limits) instanceof Refusal).toBe(false);
});

/** JSON-like text with bytes changed, removed or doubled. */
const mutated = fc
  .tuple(
    fc.constantFrom(
      '{"batch":[{"type":"track","event":"E","userId":"u"},{"a":{"b":[1,2.5e3,null,true]}}],"sentAt":"2026-01-05T09:00:00Z","context":{"c":"d"}}',
      '{"batch":[{"x":"\\u00e4\\"ü"}],"writeKey":"k"}',
    ),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('cut', 'double', 'change'), fc.constantFrom(...'{}[]",:\\ 1e-u\u0001ä')), {
      maxLength: 3,
    }),
  )
  .map(([text, edits]) =>
    edits.reduce<string>((now, [place, edit, character]) => {
      const at = place % (now.length + 1);
      if (edit === 'cut') return now.slice(0, at) + now.slice(at + 1);
      return now.slice(0, at) + (edit === 'double' ? (now[at] ?? '') : character) + now.slice(edit === 'change' ? at + 1 : at);
    }, text),
  );

/** NUL in values becomes U+FFFD (in keys the event is refused). */
const withoutNul = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll('\\u0000', '\ufffd'));

describe('whatever the bytes', () => {
  test('a batch passes with all its events if and only if the whole is JSON', () => {
    const roomy = TRACKING_LIMITS;
    fc.assert(
      fc.property(mutated, (text) => {
        const bytes = Buffer.from(text);
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          value = undefined;
        }
        const body = readBatch(bytes, roomy);
        const refusal =
          body instanceof BodyRefusal
            ? body.code
            : body.events
                .map((_, index) => callAt(body, index, roomy))
                .find((call) => call instanceof Refusal && call.reason === 'not-json');
        const isJson = refusal === undefined || refusal === 'invalid-field';
        expect([text, isJson]).toEqual([text, typeof value === 'object' && value !== null && !Array.isArray(value)]);
        if (refusal === undefined && !(body instanceof BodyRefusal)) {
          const { batch: events } = value as { batch: unknown[] };
          expect(body.events.length).toBe(events.length);
          events.forEach((event, index) => {
            const call = callAt(body, index, roomy);
            if (!(call instanceof Refusal)) expect(call).toEqual(withoutNul(event));
          });
        }
      }),
      { numRuns: 5000 },
    );
  });

  test('reading ends with a body or a refusal', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          mutated.map((text) => Buffer.from(text)),
        ),
        (raw) => {
          const bytes = Buffer.from(raw);
          for (const read of [readBatch, readSingle, readArray]) {
            const body = read(bytes, limits);
            if (!(body instanceof BodyRefusal)) body.events.forEach((_, index) => callAt(body, index, limits));
          }
          writeKeyIn(bytes);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
