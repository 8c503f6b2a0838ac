// Who is asked for: order, defaults, what counts as known, and how many reads that takes.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyOf } from '@tessera/contracts';
import { profileId } from '@tessera/hash';
import { type CompiledIdentityRules, DEFAULT_IDENTITY_RULES, compileIdentityRules } from '@tessera/identity';
import {
  NOBODY as NOBODY_KNOWN,
  type Person,
  type PersonQuery,
  type ReadContent,
  type ReadKey,
  readPerson,
} from '../src/person.js';
import type { AskedPerson } from '../src/question.js';

const SECRET = 'of the shop';
const NOBODY: AskedPerson = { profileId: undefined, userId: undefined, anonymousId: undefined, identities: [] };
const MEMBER = { enteredAtMs: 5, sequence: 1, pending: false };
const PUBLISHED = { asOfMs: 5, features: {}, traits: { name: 'Ada' }, approximate: [], consent: {} };

const profileOf = (node: string): string => profileId(SECRET, node);
const identityKey = (identity: string): string => keyOf('shop', 'identity', identity);
const profileKey = (profile: string, ...segment: string[]): string => keyOf('shop', 'profile', profile, ...segment);

/** Reads from a table of documents; answers the person and the rounds it took. */
function read(table: Readonly<Record<string, ReadContent>>, person: Partial<AskedPerson>, more: Partial<PersonQuery> = {}) {
  const rounds: (readonly ReadKey[])[] = [];
  const reading = readPerson({
    workspace: 'shop',
    secret: SECRET,
    person: { ...NOBODY, ...person },
    identityRules: DEFAULT_IDENTITY_RULES,
    segments: ['vips'],
    ...more,
  });
  let step = reading.next();
  while (!step.done) {
    rounds.push(step.value);
    step = reading.next(step.value.map(({ kind, key }) => table[`${kind} ${key}`]));
  }
  return { person: step.value, rounds };
}

function rulesOf(spec: unknown): CompiledIdentityRules {
  const compiled = compileIdentityRules(spec);
  if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems));
  return compiled.rules;
}

function summary({ profile, known, memberships, published }: Person) {
  return { profile, known, segments: [...memberships.keys()], named: published !== undefined };
}

describe('a person', () => {
  test('with an assignment is in the profile that it names', () => {
    const table = {
      [`assignment ${identityKey('user_id:42')}`]: { profile: 'p_merged' },
      [`membership ${profileKey('p_merged', 'vips')}`]: MEMBER,
      [`features ${profileKey('p_merged')}`]: PUBLISHED,
      [`features ${profileKey(profileOf('user_id:42'))}`]: { ...PUBLISHED, traits: { name: 'of the past' } },
    };
    const { person, rounds } = read(table, { userId: '42' });
    expect(summary(person)).toEqual({ profile: 'p_merged', known: true, segments: ['vips'], named: true });
    expect(person.published?.traits).toEqual({ name: 'Ada' });
    expect(rounds.length).toBe(2);
  });

  test.each<[string, Partial<AskedPerson>, string]>([
    ['a user id', { userId: '42' }, profileOf('user_id:42')],
    ['an anonymous id: its first spell', { anonymousId: 'd0' }, profileOf('spell:0@anonymous_id:d0')],
    ['another identity', { identities: [['email', 'a@b.c']] }, profileOf('email:a@b.c')],
    ['an anonymous id among the identities', { identities: [['anonymous_id', 'd0']] }, profileOf('spell:0@anonymous_id:d0')],
    ['a profile id', { profileId: 'p_x' }, 'p_x'],
  ])('without an assignment is in the profile of its own node: %s', (_, asked, profile) => {
    expect(summary(read({}, asked).person)).toEqual({ profile, known: false, segments: [], named: false });
    const table = { [`membership ${profileKey(profile, 'vips')}`]: MEMBER };
    expect(summary(read(table, asked).person)).toEqual({ profile, known: true, segments: ['vips'], named: false });
  });

  test('is the first that is given and known', () => {
    const asked = { userId: 'new', anonymousId: 'd0' };
    const device = profileOf('spell:0@anonymous_id:d0');
    expect(summary(read({}, asked).person)).toMatchObject({ profile: profileOf('user_id:new'), known: false });
    expect(summary(read({ [`membership ${profileKey(device, 'vips')}`]: MEMBER }, asked).person)).toMatchObject({
      profile: device,
      known: true,
    });
    expect(summary(read({ [`features ${profileKey(device)}`]: PUBLISHED }, asked).person)).toMatchObject({
      profile: device,
      known: true,
    });
    expect(
      summary(read({ [`features ${profileKey(device)}`]: PUBLISHED }, { ...asked, profileId: 'p_gone' }).person),
    ).toMatchObject({ profile: device });
    const both = {
      [`features ${profileKey(device)}`]: PUBLISHED,
      [`assignment ${identityKey('user_id:new')}`]: { profile: 'p_u' },
    };
    expect(summary(read(both, asked).person)).toEqual({ profile: 'p_u', known: true, segments: [], named: false });
  });

  test('by further identities goes by the priority of their namespaces, then by their names', () => {
    const identities = [['zip', '1'], ['crm', '2'], ['email', 'a@b.c'], ['badge', '3']] as const; // prettier-ignore
    const asked = (identityRules: CompiledIdentityRules): unknown[] =>
      (read({}, { identities }, { identityRules }).rounds[0] as ReadKey[])
        .filter((one) => one.kind === 'assignment')
        .map((one) => one.key.split('/')[2]);
    expect(asked(rulesOf({ namespaces: { crm: { from: ['traits.crm'], priority: 1 } } }))).toEqual([
      'crm:2',
      'email:a@b.c',
      'badge:3',
      'zip:1',
    ]);
  });

  test('is looked for under the normal form of an identifier, and under none that the rules block', () => {
    expect(read({}, { userId: ' 42 ', identities: [['email', ' A@B.C']] }).rounds[0]?.map((one) => one.key)).toEqual([
      identityKey('user_id:42'),
      profileKey(profileOf('user_id:42')),
      identityKey('email:a@b.c'),
      profileKey(profileOf('email:a@b.c')),
    ]);
    const { person, rounds } = read(
      {},
      { userId: 'null', anonymousId: 'kiosk', identities: [['email', 'no address']] },
      {
        identityRules: rulesOf({ blocked: { values: ['kiosk'] } }),
      },
    );
    expect(rounds).toEqual([]);
    expect(person).toEqual(NOBODY_KNOWN);
  });

  test('of another workspace cannot be read', () => {
    const { rounds } = read({}, { userId: '42/../other', identities: [['email', '/']] }, { workspace: 'a/b' });
    for (const { key } of rounds.flat()) expect(key.startsWith('a%2Fb/')).toBe(true);
  });
});

test('for any tables: at most two rounds, and the answer is that of reading everything one by one', () => {
  const asked = fc.record({
    profileId: fc.constantFrom(undefined, 'p_x'),
    userId: fc.constantFrom(undefined, 'u'),
    anonymousId: fc.constantFrom(undefined, 'd'),
    identities: fc.constantFrom<readonly (readonly [string, string])[]>([], [['crm', 'e']]),
  });
  const facts = fc.record({
    assigned: fc.dictionary(
      fc.constantFrom('user_id:u', 'anonymous_id:d', 'crm:e'),
      fc.constantFrom('p_x', 'p_y', profileOf('user_id:u')),
    ),
    published: fc.subarray(['p_x', 'p_y', profileOf('user_id:u'), profileOf('spell:0@anonymous_id:d'), profileOf('crm:e')]),
    members: fc.subarray(['p_x', 'p_y', profileOf('user_id:u'), profileOf('spell:0@anonymous_id:d'), profileOf('crm:e')]),
    segments: fc.subarray(['vips', 'others']),
  });
  fc.assert(
    fc.property(asked, facts, (who, { assigned, published, members, segments }) => {
      fc.pre((who.profileId ?? who.userId ?? who.anonymousId) !== undefined || who.identities.length > 0);
      const table: Record<string, ReadContent> = {};
      for (const [identity, profile] of Object.entries(assigned)) table[`assignment ${identityKey(identity)}`] = { profile };
      for (const profile of published) table[`features ${profileKey(profile)}`] = PUBLISHED;
      for (const profile of members) table[`membership ${profileKey(profile, 'vips')}`] = MEMBER;
      const { person, rounds } = read(table, who, { segments });
      expect(rounds.length).toBeLessThanOrEqual(2);

      const nodes = [
        ...(who.userId === undefined ? [] : [['user_id:u', 'user_id:u'] as const]),
        ...(who.anonymousId === undefined ? [] : [['anonymous_id:d', 'spell:0@anonymous_id:d'] as const]),
        ...who.identities.map(() => ['crm:e', 'crm:e'] as const),
      ];
      const every = [
        ...(who.profileId === undefined ? [] : [{ profile: who.profileId, assigned: false }]),
        ...nodes.map(([identity, node]) => ({ profile: assigned[identity] ?? profileOf(node), assigned: identity in assigned })),
      ].map((one) => {
        const isMember = members.includes(one.profile) && segments.includes('vips');
        const named = published.includes(one.profile);
        return { profile: one.profile, known: one.assigned || isMember || named, segments: isMember ? ['vips'] : [], named };
      });
      expect(summary(person)).toEqual(every.find((one) => one.known) ?? every[0]);
    }),
    { numRuns: 500 },
  );
});
