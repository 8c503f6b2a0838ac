import { describe, expect, test } from '@jest/globals';
import { parseInstant } from '@tessera/time';
import fc from 'fast-check';
import { eventTime, readTime } from '../src/event-time.js';
import { Refusal } from '../src/refusal.js';

const RECEIVED = '2026-01-05T09:00:00.000Z';
const receivedMs = Date.parse(RECEIVED);

function time(call: Record<string, unknown>, sentAt?: string, clock: 'corrected' | 'as-sent' = 'corrected'): string {
  const result = eventTime(call, { receivedMs, sentAtMs: readTime(sentAt), clock });
  return result instanceof Refusal ? `${result.reason} ${result.field}` : new Date(result).toISOString();
}

describe('the own time of an event', () => {
  test.each([
    ['no timestamp: received', {}, undefined, RECEIVED],
    ['null: received', { timestamp: null }, undefined, RECEIVED],
    ['no sentAt: as it is', { timestamp: '2026-01-05T08:00:00.000Z' }, undefined, '2026-01-05T08:00:00.000Z'],
    [
      'a clock an hour behind',
      { timestamp: '2026-01-05T07:59:00.000Z', sentAt: '2026-01-05T08:00:00.000Z' },
      undefined,
      '2026-01-05T08:59:00.000Z',
    ],
    ['a clock a day ahead', { timestamp: '2026-01-06T08:50:00.000Z' }, '2026-01-06T09:00:00.000Z', '2026-01-05T08:50:00.000Z'],
    [
      'its own sentAt before that of the batch',
      { timestamp: '2026-01-05T08:00:00Z', sentAt: '2026-01-05T08:00:10Z' },
      '2026-01-05T09:30:00Z',
      '2026-01-05T08:59:50.000Z',
    ],
    [
      'originalTimestamp',
      { originalTimestamp: '2026-01-05T08:00:00.000Z' },
      '2026-01-05T08:30:00.000Z',
      '2026-01-05T08:30:00.000Z',
    ],
    [
      'corrected upstream',
      { originalTimestamp: '2020-01-01T00:00:00Z', timestamp: '2026-01-05T08:00:00Z' },
      '2020-01-01T01:00:00Z',
      '2026-01-05T08:00:00.000Z',
    ],
    [
      'a device whose clock was never set',
      { timestamp: '1970-01-01T00:00:05.000Z' },
      '1970-01-01T00:00:15.000Z',
      '2026-01-05T08:59:50.000Z',
    ],
    ['the future: received', { timestamp: '2031-01-01T00:00:00Z' }, undefined, RECEIVED],
    ['sent before it happened: received', { timestamp: '2026-01-05T08:00:10Z' }, '2026-01-05T08:00:00Z', RECEIVED],
    [
      'an unreadable sentAt: no correction',
      { timestamp: '2026-01-05T08:00:00Z', sentAt: 'soon' },
      undefined,
      '2026-01-05T08:00:00.000Z',
    ],
    ['milliseconds since the epoch', { timestamp: receivedMs - 1.5 }, undefined, '2026-01-05T08:59:59.998Z'],
    ['an offset', { timestamp: '2026-01-05T10:00:00+02:00' }, undefined, '2026-01-05T08:00:00.000Z'],
    ['finer than a millisecond', { timestamp: '2026-01-05T08:00:00.123456Z' }, undefined, '2026-01-05T08:00:00.123Z'],
    ['before 2000 without sentAt', { timestamp: '1970-01-01T00:00:05.000Z' }, undefined, 'invalid-field timestamp'],
    ['seconds instead of milliseconds', { timestamp: receivedMs / 1000 }, undefined, 'invalid-field timestamp'],
    ['no day of the calendar', { timestamp: '2026-02-31T00:00:00.000Z' }, undefined, 'invalid-field timestamp'],
    ['words', { timestamp: 'yesterday' }, undefined, 'invalid-field timestamp'],
    ['an object', { originalTimestamp: {} }, undefined, 'invalid-field originalTimestamp'],
    ['year 12026', { timestamp: '+012026-01-01T00:00:00.000Z' }, undefined, 'invalid-field timestamp'],
  ])('%s', (_, call, sentAt, expected) => {
    expect(time(call, sentAt)).toBe(expected);
  });

  test('an import is taken at its word: its sentAt is long ago', () => {
    expect(time({ timestamp: '2024-01-05T08:00:00Z', sentAt: '2024-01-05T09:00:00Z' }, undefined, 'as-sent')).toBe(
      '2024-01-05T08:00:00.000Z',
    );
  });

  test('never depends on the clock of the sender: shifting it shifts nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: -1e9, max: 1e9 }), (agoMs, offMs) => {
        const call = { timestamp: receivedMs - agoMs + offMs, sentAt: receivedMs + offMs };
        expect(eventTime(call, { receivedMs, sentAtMs: undefined, clock: 'corrected' })).toBe(receivedMs - agoMs);
      }),
    );
  });

  test('the quick reader of ISO texts agrees with the general one', () => {
    const characters = fc.constantFrom(...'0123456789-:.TZ ');
    const near = fc.tuple(
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2199-12-31') }),
      fc.nat(23),
      characters,
      fc.boolean(),
    );
    fc.assert(
      fc.property(near, ([date, at, character, change]) => {
        const text = date.toISOString();
        const changed = change ? text.slice(0, at) + character + text.slice(at + 1) : text;
        expect([changed, readTime(changed)]).toEqual([changed, parseInstant(changed)]);
      }),
      { numRuns: 3000 },
    );
  });
});
