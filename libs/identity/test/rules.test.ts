import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileIdentityRules, DEFAULT_IDENTITY_RULES, normalizeIdentifier, resolveIdentities } from '../src/index.js';
import type { CompiledIdentityRules, Normalization } from '../src/index.js';

const uuid = '00000000-0000-0000-0000-000000000000';

function rulesOf(spec: unknown): CompiledIdentityRules {
  const compiled = compileIdentityRules(spec);
  if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems));
  return compiled.rules;
}

function problemsOf(spec: unknown): string[] {
  const compiled = compileIdentityRules(spec);
  return compiled.kind === 'refused' ? compiled.problems.map(({ place }) => place) : [];
}

describe('an identifier', () => {
  test.each([
    ['trim', '  42 ', '42'],
    ['trim', 42, '42'],
    ['email', ' Ann.Lee@Shop.IO ', 'ann.lee@shop.io'],
    ['email', 'ＡＮＮ@shop.io', 'ann@shop.io'],
    ['phone', '0049 (30) 123-456', '+4930123456'],
    ['phone', '+49 30 123456', '+4930123456'],
    ['lower', 'ABC', 'abc'],
    ['none', ' x y ', ' x y '],
  ] as const)('under %s: %p is %p', (how, raw, value) => {
    expect(normalizeIdentifier(raw, how)).toEqual({ kind: 'value', value });
  });

  test.each([
    ['trim', '   ', 'empty'],
    ['trim', true, 'not-text'],
    ['trim', { id: 1 }, 'not-text'],
    ['trim', 2 ** 53, 'unsafe-number'],
    ['trim', 1.5, 'unsafe-number'],
    ['trim', 'x'.repeat(257), 'too-long'],
    ['trim', 'x'.repeat(1 << 20), 'too-long'],
    ['trim', 'a\nb', 'control-characters'],
    ['trim', 'a\ud800', 'control-characters'],
    ['email', 'ann', 'not-an-email'],
    ['email', 'a@b@c.d', 'not-an-email'],
    ['email', 'ann @shop.io', 'not-an-email'],
    ['phone', '12', 'not-a-phone-number'],
    ['phone', 'call me', 'not-a-phone-number'],
  ] as const)('under %s: %p is unusable', (how, raw, reason) => {
    expect(normalizeIdentifier(raw, how)).toEqual({ kind: 'unusable', reason });
  });

  test('in its normal form is its own normal form', () => {
    const how = fc.constantFrom<Normalization>('none', 'trim', 'lower', 'email', 'phone');
    const raw = fc.oneof(fc.string({ unit: 'binary' }), fc.emailAddress(), fc.stringMatching(/^[+0 ()/-]{0,6}\d{3,12}$/));
    fc.assert(
      fc.property(raw, how, (text, normalization) => {
        const once = normalizeIdentifier(text, normalization);
        if (once.kind === 'value') expect(normalizeIdentifier(once.value, normalization)).toEqual(once);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('the default rules', () => {
  const refuses = (namespace: string, value: string): unknown => DEFAULT_IDENTITY_RULES.refuses(namespace, value);

  test.each([
    'null',
    'undefined',
    'anonymous',
    '-1',
    '0',
    '000',
    'None',
    'nil',
    'NaN',
    'guest',
    'unknown',
    'test',
    'user',
    'n/a',
    '[object Object]',
    uuid,
    'user_null',
    'anonymous-undefined',
    '{{user.id}}',
    '${userId}',
  ])('block the placeholder %p', (value) => {
    expect([refuses('user_id', value), refuses('anonymous_id', value)]).toEqual(['placeholder', 'placeholder']);
  });

  test.each([
    'test@test.com',
    'noreply@shop.io',
    'no-reply@shop.io',
    'null@shop.io',
    'user@example.com',
    'x@localhost',
    'a@a.com',
  ])('block the address %p', (value) => {
    expect(refuses('email', value)).toBe('placeholder');
  });

  test('block telephone numbers of one digit, which may be customers elsewhere', () => {
    expect([
      refuses('phone', '+1111111111'),
      refuses('phone', '1234567890'),
      refuses('user_id', '1111111'),
      refuses('user_id', '1234567'),
    ]).toEqual(['placeholder', 'placeholder', undefined, undefined]);
  });

  test.each([
    ['user_id', 'u1'],
    ['user_id', '42'],
    ['user_id', '100'],
    ['user_id', 'testa'],
    ['user_id', 'nullify'],
    ['anonymous_id', 'a1'],
    ['email', 'ada@example.com'],
    ['email', 'test.person@shop.io'],
    ['phone', '+4930123456'],
    ['anonymous_id', '507f191e-810c-4197-9de8-60ea00000000'],
  ])('let %s %s pass', (namespace, value) => {
    expect(refuses(namespace, value)).toBeUndefined();
  });
});

describe('a document of rules', () => {
  test('replaces the namespaces that it names and adds to what is blocked', () => {
    const rules = rulesOf({
      namespaces: {
        user_id: { from: ['userId', 'traits.id'], unique: true, priority: 1 },
        loyalty: { from: ['traits.card'], limit: 2, priority: 4 },
        phone: { from: [] },
      },
      blocked: { values: ['Kiosk-1'], patterns: ['^tmp-[0-9]+$'] },
    });
    expect(rules.namespaces.map(({ name, limit, from }) => [name, limit, from.length])).toEqual([
      ['user_id', 1, 2],
      ['email', 5, 2],
      ['phone', 5, 0],
      ['loyalty', 2, 1],
      ['anonymous_id', 5, 1],
    ]);
    expect(['kiosk-1', 'tmp-77', 'null', 'tmp-x'].map((value) => rules.refuses('user_id', value))).toEqual([
      'blocked',
      'blocked',
      'placeholder',
      undefined,
    ]);
    expect(rulesOf({ blocked: { defaults: false } }).refuses('user_id', 'null')).toBeUndefined();
  });

  test('is refused with the place of every mistake', () => {
    expect(
      problemsOf({
        namespaces: {
          Spell: { from: [] },
          spell: { from: [] },
          card: { unique: 'yes', limit: 0 },
          email: { normalize: 'upper', from: ['user.email'] },
          user_id: { limit: 3 },
        },
        blocked: { patterns: ['(', 'x'.repeat(201)], words: [] },
        component: { identities: 5_000 },
      }).sort(),
    ).toEqual([
      'spec.blocked.patterns',
      'spec.blocked.patterns',
      'spec.blocked.words',
      'spec.component.identities',
      'spec.namespaces.Spell',
      'spec.namespaces.card.from',
      'spec.namespaces.card.limit',
      'spec.namespaces.card.unique',
      'spec.namespaces.email.from',
      'spec.namespaces.email.normalize',
      'spec.namespaces.spell',
      'spec.namespaces.user_id.limit',
    ]);
    expect(problemsOf([])).toEqual(['spec']);
  });

  test('changes the hash of the graph only with what the graph obeys', () => {
    const hash = (spec: unknown): string => rulesOf(spec).graphHash;
    expect(hash({ namespaces: { email: { from: ['traits.mail'] } } })).toBe(DEFAULT_IDENTITY_RULES.graphHash);
    for (const spec of [
      { namespaces: { email: { limit: 4 } } },
      { generic: { uniqueIdentities: 3 } },
      { component: { links: 9 } },
      { blocked: { values: ['x1'] } },
    ]) {
      expect(hash(spec)).not.toBe(DEFAULT_IDENTITY_RULES.graphHash);
    }
  });

  test('has no pattern that takes more than linear time', () => {
    const rules = rulesOf({ blocked: { patterns: ['^(a+)+$', '(x|x|x)*y'] } });
    const began = performance.now();
    for (let i = 0; i < 100; i++) expect(rules.refuses('user_id', `${'a'.repeat(255)}!`)).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe('who a call is about', () => {
  const resolve = (input: object, rules = DEFAULT_IDENTITY_RULES): unknown => resolveIdentities(input, rules);

  test('a device, though it names a user and more', () => {
    expect(resolve({ anonymousId: 'a1', userId: 'u1', traits: { email: 'Ann@Shop.io', phone: '+49 30 123456' } })).toEqual({
      userId: 'u1',
      anonymousId: 'a1',
      identities: [
        { namespace: 'email', value: 'ann@shop.io' },
        { namespace: 'phone', value: '+4930123456' },
      ],
      sender: 'anonymous_id:a1',
      ignored: [],
    });
  });

  test('without a device the strongest identifier, by priority', () => {
    expect(resolve({ userId: 42, context: { traits: { email: 'ann@shop.io' } } })).toMatchObject({ sender: 'user_id:42' });
    expect(resolve({ traits: { phone: '+4930123456', email: 'ann@shop.io' } })).toMatchObject({
      sender: 'email:ann@shop.io',
      identities: [{ namespace: 'email' }, { namespace: 'phone' }],
    });
    const cards = rulesOf({ namespaces: { card: { from: ['traits.card'], priority: 1 } } });
    expect(resolve({ userId: 'u1', traits: { card: 'c9' } }, cards)).toMatchObject({ sender: 'card:c9', userId: 'u1' });
  });

  test('placeholders count as absent, for the sender too, and are named', () => {
    expect(
      resolve({
        anonymousId: '0',
        userId: 'null',
        traits: { email: 'test@test.com' },
        context: { traits: { email: 'ann@shop.io' } },
      }),
    ).toEqual({
      identities: [{ namespace: 'email', value: 'ann@shop.io' }],
      sender: 'email:ann@shop.io',
      ignored: [
        { field: 'userId', value: 'null', reason: 'placeholder' },
        { field: 'traits.email', value: 'test@test.com', reason: 'placeholder' },
        { field: 'anonymousId', value: '0', reason: 'placeholder' },
      ],
    });
    expect(resolve({ anonymousId: '', userId: null, traits: { email: ['x'] } })).toEqual({
      identities: [],
      ignored: [
        { field: 'traits.email', value: '(list)', reason: 'not-text' },
        { field: 'anonymousId', value: '', reason: 'empty' },
      ],
    });
  });

  test('prototypes are never read', () => {
    const rules = rulesOf({
      namespaces: { odd: { from: ['traits.constructor', 'traits.constructor.name', 'context.toString'] } },
    });
    expect(resolve({ traits: {}, context: {} }, rules)).toEqual({ identities: [], ignored: [] });
  });
});
