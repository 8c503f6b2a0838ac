import { Reader, Writer } from '@tessera/codec';
import type { TrackedRecord } from '@tessera/contracts';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSpells, fragmentId, nodeOfFragment, placeEvent, readSpells, UNKNOWN_SPELL, writeSpells } from '../src/index.js';
import type { Placement, Spells } from '../src/index.js';
import { DAY, trackedOf } from './world.js';

interface Seen {
  readonly user?: string | undefined;
  readonly own: number;
  readonly log: number;
}

function place(spells: Spells, { user, own, log }: Seen, anonymousId = 'd1'): Placement | undefined {
  return placeEvent(spells, trackedOf({ anonymousId, userId: user }, log) as TrackedRecord, own, log);
}

function placed(seen: readonly Seen[], reload = false): string[] {
  let spells = createSpells();
  return seen.map((event) => {
    if (reload) spells = reloaded(spells);
    const placement = place(spells, event);
    if (placement === undefined) return 'late';
    const { fragment, spell, ofSpell, startedSpell, linkedUser } = placement;
    const marks = [
      startedSpell ? 'starts' : '',
      ofSpell ? '' : 'elsewhere',
      linkedUser === undefined ? '' : `links ${linkedUser}`,
    ];
    return [fragment, `in ${String(spell)}`, ...marks.filter((mark) => mark !== '')].join(' ');
  });
}

function reloaded(spells: Spells): Spells {
  const writer = new Writer();
  writeSpells(writer, spells);
  return readSpells(new Reader(writer.take()));
}

const at = (own: number, user?: string): Seen => ({ user, own, log: own });

describe('the spells of a device', () => {
  test('begin without a user, get the first one seen, and end with another', () => {
    expect(placed([at(1), at(2, 'u1'), at(3), at(4, 'u1'), at(5, 'u2'), at(6), at(7, 'u1'), at(8)])).toEqual([
      'spell:0 in 0 starts',
      'user:u1 in 0 links u1',
      'spell:0 in 0',
      'user:u1 in 0',
      'user:u2 in 1 starts links u2',
      'spell:1 in 1',
      'user:u1 in 2 starts links u1',
      'spell:2 in 2',
    ]);
  });

  test('take late events where their own time lies, and are never cut by them', () => {
    expect(
      placed([
        at(10, 'u1'),
        at(20, 'u2'),
        { own: 15, log: 30 },
        { own: 3, log: 31 },
        { own: 15, log: 32, user: 'u3' },
        { own: 16, log: 33, user: 'u1' },
        at(40),
      ]),
    ).toEqual([
      'user:u1 in 0 starts links u1',
      'user:u2 in 1 starts links u2',
      'spell:0 in 0',
      'spell:0 in 0',
      'user:u3 in 0 elsewhere',
      'user:u1 in 0',
      'spell:1 in 1',
    ]);
  });

  test('let a late user id link a first spell that has no user yet', () => {
    expect(placed([at(10), { own: 4, log: 11, user: 'u1' }, at(12)])).toEqual([
      'spell:0 in 0 starts',
      'user:u1 in 0 links u1',
      'spell:0 in 0',
    ]);
  });

  test('are forgotten seven days of log time after they ended: then anonymous events are late, and users still users', () => {
    const login = [at(0, 'u1'), at(DAY, 'u2')];
    const justKnown = { own: 1, log: 8 * DAY };
    const forgotten = { own: 1, log: 8 * DAY + 1 };
    expect(placed([...login, justKnown]).at(-1)).toBe('spell:0 in 0');
    expect(placed([...login, forgotten]).at(-1)).toBe('late');
    expect(placed([...login, { ...forgotten, user: 'u1' }]).at(-1)).toBe(`user:u1 in ${String(UNKNOWN_SPELL)} elsewhere`);
    expect(placed([...login, { own: 8 * DAY, log: 9 * DAY }]).at(-1)).toBe('spell:1 in 1');
  });

  test('are known up to a thousand', () => {
    const spells = createSpells();
    for (let i = 0; i < 1_500; i++) place(spells, at(i, `u${String(i)}`));
    expect(spells.known).toHaveLength(1_000);
    expect(place(spells, { own: 499, log: 1_500 })).toBeUndefined();
    expect(place(spells, { own: 500, log: 1_500 })?.fragment).toBe('spell:500');
  });
});

test('a sender that is no device has one spell and no user of its own', () => {
  const spells = createSpells();
  const send = (user: string | undefined, own: number): string | undefined => {
    const event = {
      ...(trackedOf({ traits: { email: 'ann@shop.io' }, userId: user }, own) as TrackedRecord),
      sender: 'email:ann@shop.io',
    };
    return placeEvent(spells, event, own, own)?.fragment;
  };
  expect([send(undefined, 5), send('u1', 6), send('u2', 7), send(undefined, 1), send(undefined, 9)]).toEqual([
    'spell:0',
    'user:u1',
    'user:u2',
    'spell:0',
    'spell:0',
  ]);
});

const events = fc.array(
  fc.record({
    user: fc.option(fc.constantFrom('u1', 'u2', 'u3'), { nil: undefined }),
    back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 12 * DAY })),
    wait: fc.oneof({ weight: 3, arbitrary: fc.nat(1000) }, fc.integer({ min: 0, max: 5 * DAY })),
  }),
  { maxLength: 40 },
);

function timed(raw: readonly { readonly user: string | undefined; readonly back: number; readonly wait: number }[]): Seen[] {
  let log = 100 * DAY;
  return raw.map(({ user, back, wait }) => ({ user, log: (log += wait), own: log - back }));
}

describe('placement', () => {
  test('is the same whether the state was kept in memory or read back at every record', () => {
    fc.assert(fc.property(events, (raw) => expect(placed(timed(raw), true)).toEqual(placed(timed(raw)))));
  });

  test('agrees with a naive history of cuts', () => {
    fc.assert(
      fc.property(events, (raw) => {
        const seen = timed(raw);
        expect(placed(seen).map((text) => text.split(' in ')[0])).toEqual(naive(seen));
      }),
      { numRuns: 300 },
    );
  });

  test('never puts anonymous events of two users into one fragment', () => {
    fc.assert(
      fc.property(events, (raw) => {
        const spells = createSpells();
        const userOf = new Map<number, string>();
        for (const event of timed(raw)) {
          const placement = place(spells, event);
          if (placement === undefined || event.user === undefined) continue;
          expect(placement.fragment).toBe(`user:${event.user}`);
          if (!placement.ofSpell) continue;
          expect(userOf.get(placement.spell) ?? event.user).toBe(event.user);
          userOf.set(placement.spell, event.user);
        }
      }),
    );
  });
});

/** All cuts ever, looked up from the beginning each time. */
function naive(seen: readonly Seen[]): string[] {
  const cuts: { start: number; user: string | undefined }[] = [];
  return seen.map(({ user, own, log }) => {
    const last = cuts.at(-1);
    if (last === undefined) cuts.push({ start: own, user });
    else if (user !== undefined && last.user === undefined && (own >= last.start || cuts.length === 1)) last.user = user;
    else if (user !== undefined && own >= last.start && last.user !== user) cuts.push({ start: own, user });
    if (user !== undefined) return `user:${user}`;
    const startOf = (i: number): number => (i === 0 ? -Infinity : (cuts[i] as { start: number }).start);
    for (let i = cuts.length - 1; i >= 0; i--) {
      if (startOf(i) > own) continue;
      const end = cuts[i + 1]?.start ?? Infinity;
      return end < log - 7 * DAY ? 'late' : `spell:${String(i)}`;
    }
    return 'late';
  });
}

describe('names of fragments', () => {
  test('lead to the node that answers for them', () => {
    expect(nodeOfFragment('anonymous_id:d1', 'spell:3')).toBe('spell:3@anonymous_id:d1');
    expect(nodeOfFragment('anonymous_id:d1', 'user:a:b')).toBe('user_id:a:b');
    expect(nodeOfFragment('email:a@b.c', 'spell:0')).toBe('email:a@b.c');
    expect(nodeOfFragment('user_id:42', 'user:42')).toBe('user_id:42');
  });

  test('differ for different fragments, bars in identifiers included', () => {
    expect(fragmentId('anonymous_id:d1', 'spell:0')).toBe('anonymous_id:d1|spell:0');
    const part = fc.string({ unit: fc.constantFrom('a', '|', '%', '7', 'C', '2', '5'), maxLength: 6 });
    fc.assert(
      fc.property(part, part, part, part, (s1, f1, s2, f2) => {
        if (s1 !== s2 || f1 !== f2) expect(fragmentId(s1, f1)).not.toBe(fragmentId(s2, f2));
      }),
      { numRuns: 2_000 },
    );
  });
});
