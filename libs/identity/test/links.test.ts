import type { TrackedRecord } from '@tessera/contracts';
import { describe, expect, test } from '@jest/globals';
import { pairsOf, UNKNOWN_SPELL, type Placement } from '../src/index.js';
import { START, trackedOf, type Call } from './world.js';

const inSpell = (spell: number, ofSpell = true): Placement => ({ fragment: 'any', spell, ofSpell, startedSpell: false });

function pairs(call: Call, placement: Placement): unknown {
  return pairsOf(trackedOf(call, START) as TrackedRecord, placement).map(({ a, b, evidence, strength, fragments }) => [
    `${a} - ${b}`,
    `${evidence} ${String(strength)}`,
    fragments.map(({ fragment }) => fragment).join(', '),
  ]);
}

describe('what an event is evidence for', () => {
  test('a log-in ties the spell to its user, and the user to all else', () => {
    expect(pairs({ anonymousId: 'd1', userId: 'u1', traits: { email: 'ann@shop.io' } }, inSpell(3))).toEqual([
      ['spell:3@anonymous_id:d1 - user_id:u1', 'login 1', 'spell:3, user:u1'],
      ['email:ann@shop.io - user_id:u1', 'shared 2', 'user:u1'],
    ]);
  });

  test('an anonymous visit ties the spell to what it names, more weakly', () => {
    expect(pairs({ anonymousId: 'd1', traits: { email: 'ann@shop.io' } }, inSpell(0))).toEqual([
      ['email:ann@shop.io - spell:0@anonymous_id:d1', 'shared 3', 'spell:0'],
    ]);
    expect(pairs({ anonymousId: 'd1' }, inSpell(0))).toEqual([]);
  });

  test('an event of another user from within a spell does not tie that spell', () => {
    expect(pairs({ anonymousId: 'd1', userId: 'u2', traits: { email: 'bob@shop.io' } }, inSpell(0, false))).toEqual([
      ['email:bob@shop.io - user_id:u2', 'shared 2', 'user:u2'],
    ]);
    for (const spell of [0, UNKNOWN_SPELL]) {
      expect(pairs({ anonymousId: 'd1', userId: 'u2' }, inSpell(spell, false))).toEqual([
        ['user_id:u2 - user_id:u2', 'announced 2', 'user:u2'],
      ]);
    }
  });

  test('a server ties identities among themselves', () => {
    expect(pairs({ userId: 'u1', traits: { email: 'ann@shop.io', phone: '+4930123456' } }, inSpell(0, false))).toEqual([
      ['email:ann@shop.io - user_id:u1', 'shared 2', 'user:u1'],
      ['phone:+4930123456 - user_id:u1', 'shared 2', 'user:u1'],
    ]);
    expect(pairs({ traits: { email: 'ann@shop.io', phone: '+4930123456' } }, inSpell(0))).toEqual([
      ['email:ann@shop.io - phone:+4930123456', 'shared 2', 'spell:0'],
    ]);
    expect(pairs({ userId: 'u1' }, inSpell(0, false))).toEqual([]);
  });

  test('alias says no more than the identifiers it carries', () => {
    expect(pairs({ type: 'alias', userId: 'u1' }, inSpell(0, false))).toEqual([]);
  });
});
