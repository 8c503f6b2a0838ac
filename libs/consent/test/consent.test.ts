import { Reader, Writer } from '@tessera/codec';
import type { ConsentChoice, TrackedRecord } from '@tessera/contracts';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addChoices, answersOf, choicesOf, consentOfContext, mergeConsent, readConsent, writeConsent } from '../src/index.js';

type Entry = readonly [purpose: string, choice: ConsentChoice];

const purpose = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('ads', 'email', 'analytics', '__proto__') },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 600 }).map((n) => `p${String(n)}`) },
);
const entry = fc
  .record({ purpose, granted: fc.boolean(), timeMs: fc.integer({ min: -5, max: 5 }) })
  .map(({ purpose: name, ...choice }): Entry => [name, choice]);
const entries = fc.oneof(fc.array(entry, { maxLength: 12 }), fc.array(entry, { minLength: 300, maxLength: 500, size: 'max' }));

/** Latest by time, refusal on ties, of everything that was ever chosen; the 256 least names. */
function naive(all: readonly Entry[]): Record<string, ConsentChoice> {
  const names = [...new Set(all.map(([name]) => name))].sort().slice(0, 256);
  return Object.fromEntries(
    names.map((name) => {
      const choices = all.filter(([other]) => other === name).map(([, choice]) => choice);
      const latest = Math.max(...choices.map(({ timeMs }) => timeMs));
      return [name, { granted: choices.every((choice) => choice.timeMs !== latest || choice.granted), timeMs: latest }];
    }),
  );
}

const state = (all: readonly Entry[]): Map<string, ConsentChoice> => {
  const consent = new Map<string, ConsentChoice>();
  for (const one of all) addChoices(consent, new Map([one]));
  return consent;
};
const plain = (consent: ReadonlyMap<string, ConsentChoice>): Record<string, ConsentChoice> =>
  Object.fromEntries([...consent].sort(([a], [b]) => (a < b ? -1 : 1)));
const bytes = (consent: ReadonlyMap<string, ConsentChoice>): string => {
  const writer = new Writer();
  writeConsent(writer, consent);
  return Buffer.from(writer.take()).toString('hex');
};

describe('consent', () => {
  test('is the latest explicit choice by event time, refusal on ties, in any order and grouping', () => {
    fc.assert(
      fc.property(entries, entries, entries, (a, b, c) => {
        const merged = mergeConsent(mergeConsent(state(a), state(b)), state(c));
        expect(plain(merged)).toEqual(naive([...a, ...b, ...c]));
        expect(bytes(mergeConsent(state(c), mergeConsent(state(b), state(a))))).toBe(bytes(merged));
        expect(bytes(mergeConsent(merged, merged))).toBe(bytes(merged));
        expect(bytes(mergeConsent(merged, new Map()))).toBe(bytes(merged));
        expect(bytes(state([...c, ...a, ...b].reverse()))).toBe(bytes(merged));
      }),
    );
  });

  test('reads back what it wrote', () => {
    fc.assert(
      fc.property(entries, (all) => {
        const consent = state(all);
        const writer = new Writer();
        writeConsent(writer, consent);
        const reader = new Reader(writer.take());
        expect(plain(readConsent(reader))).toEqual(plain(consent));
        expect(reader.atEnd).toBe(true);
      }),
    );
  });

  test('tells which choices changed, and leaves what it merges alone', () => {
    const consent = new Map([['ads', { granted: true, timeMs: 5 }]]);
    const news = new Map([
      ['ads', { granted: false, timeMs: 5 }],
      ['email', { granted: true, timeMs: 1 }],
    ]);
    expect(plain(mergeConsent(consent, news))).toEqual({
      ads: { granted: false, timeMs: 5 },
      email: { granted: true, timeMs: 1 },
    });
    expect(consent.get('ads')).toEqual({ granted: true, timeMs: 5 });
    expect(addChoices(consent, news)).toEqual(['ads', 'email']);
    expect(addChoices(consent, news)).toEqual([]);
    expect(answersOf(consent)).toEqual({ ads: false, email: true });
  });
});

describe('choices of an event', () => {
  const eventOf = (context: unknown): TrackedRecord => ({ consent: consentOfContext(context) }) as TrackedRecord;

  test('are its category preferences, at its own time', () => {
    const event = eventOf({ consent: { categoryPreferences: { email: true, ads: false } } });
    expect(event.consent).toEqual({ purposes: { ads: false, email: true } });
    expect(plain(choicesOf(event, 7) as Map<string, ConsentChoice>)).toEqual({
      ads: { granted: false, timeMs: 7 },
      email: { granted: true, timeMs: 7 },
    });
  });

  test.each([
    [undefined],
    [null],
    ['text'],
    [{}],
    [{ consent: null }],
    [{ consent: { categoryPreferences: [] } }],
    [{ consent: { categoryPreferences: { ads: 'yes', email: 1, '': true, ['x'.repeat(129)]: true } } }],
    [Object.create({ consent: { categoryPreferences: { ads: true } } })],
  ])('are none in %p', (context) => {
    expect(choicesOf(eventOf(context), 7)).toBeUndefined();
  });

  test('may be called like a property of every object', () => {
    const context: unknown = JSON.parse('{"consent":{"categoryPreferences":{"__proto__":false,"constructor":true}}}');
    expect([...(choicesOf(eventOf(context), 1) as Map<string, ConsentChoice>).keys()].sort()).toEqual([
      '__proto__',
      'constructor',
    ]);
  });
});
