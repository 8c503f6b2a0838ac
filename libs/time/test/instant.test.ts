import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatInstant, parseInstant } from '../src/instant.js';

const utc = Date.UTC;

describe('an instant', () => {
  test.each([
    ['2026-01-05T09:00:00Z', utc(2026, 0, 5, 9)],
    ['2026-01-05T09:00:00.25Z', utc(2026, 0, 5, 9, 0, 0, 250)],
    ['2026-01-05T09:00:00.123456789Z', utc(2026, 0, 5, 9, 0, 0, 123)],
    ['2026-01-05t09:00:00z', utc(2026, 0, 5, 9)],
    ['2026-01-05 09:00:00+01:30', utc(2026, 0, 5, 7, 30)],
    ['2026-01-05T09:00:00-05:00', utc(2026, 0, 5, 14)],
    ['2026-01-05', utc(2026, 0, 5)],
    ['2024-02-29T00:00:00Z', utc(2024, 1, 29)],
    ['2026-12-31T23:59:60Z', utc(2026, 11, 31, 23, 59, 59)],
    ['1969-12-31T23:59:59.999Z', -1],
    ['0099-01-01T00:00:00Z', Date.parse('0099-01-01T00:00:00Z')],
  ])('%s', (text, ms) => expect(parseInstant(text)).toBe(ms));

  test.each([
    ['nothing', ''],
    ['a number', '1767605400250'],
    ['without a zone', '2026-01-05T09:00:00'],
    ['a day that the month has not', '2026-02-29T00:00:00Z'],
    ['day 31 of a short month', '2026-04-31'],
    ['day zero', '2026-01-00'],
    ['month 13', '2026-13-01T00:00:00Z'],
    ['hour 24', '2026-01-05T24:00:00Z'],
    ['minute 60', '2026-01-05T09:60:00Z'],
    ['second 61', '2026-01-05T09:00:61Z'],
    ['a zone of 24 hours', '2026-01-05T09:00:00+24:00'],
    ['two-digit years', '26-01-05'],
    ['more after it', '2026-01-05T09:00:00Z!'],
    ['spaces around it', ' 2026-01-05'],
  ])('is not %s: %j', (_, text) => expect(parseInstant(text)).toBeUndefined());

  test('is read back as it was written, in any year of four digits', () => {
    const time = fc.integer({ min: Date.parse('0000-01-01'), max: Date.parse('9999-12-31T23:59:59.999Z') });
    fc.assert(fc.property(time, (ms) => expect(parseInstant(formatInstant(ms))).toBe(ms)));
  });

  test('is the same in every zone', () => {
    const time = fc.integer({ min: utc(1970, 0, 1), max: utc(2100, 0, 1) });
    fc.assert(
      fc.property(time, fc.integer({ min: -1439, max: 1439 }), (ms, offset) => {
        const sign = offset < 0 ? '-' : '+';
        const digits = (value: number) => String(value).padStart(2, '0');
        const zone = `${sign}${digits(Math.floor(Math.abs(offset) / 60))}:${digits(Math.abs(offset) % 60)}`;
        const local = formatInstant(ms + offset * 60_000).slice(0, -1);
        expect(parseInstant(`${local}${zone}`)).toBe(ms);
      }),
    );
  });

  test('is written in UTC with milliseconds', () => {
    expect(formatInstant(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(formatInstant(utc(2026, 0, 5, 9, 30, 0, 7))).toBe('2026-01-05T09:30:00.007Z');
  });
});
