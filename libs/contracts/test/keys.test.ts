import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { belongsTo, keyOf, ownerOf, partsOf, type KeyKind } from '../src/keys.js';

const KINDS: readonly KeyKind[] = ['sender', 'profile', 'identity', 'node', 'workspace', 'definition', 'source', 'device'];

// Short texts of the characters that an escape can get wrong, halves of surrogate pairs among them, so that clashes are likely.
const unit = fc.constantFrom('a', '/', '%', '2', '5', 'F', 'u', 'D', '8', '0', '\u0000', '\u001f', '\ud800', '\udc00', 'é', '💡');
const part = fc.oneof(fc.string({ unit, maxLength: 5 }), fc.string({ unit: 'binary', maxLength: 20 }));
const parts = fc.record({
  workspace: part,
  kind: fc.constantFrom(...KINDS),
  id: part,
  more: fc.array(part, { maxLength: 3 }),
});
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

const build = ({ workspace, kind, id, more }: Parts) => keyOf(workspace, kind, id, ...more);

describe('a key', () => {
  test('reads as workspace/kind/id', () => {
    expect(keyOf('main', 'sender', 'anonymous_id:d0')).toBe('main/sender/anonymous_id:d0');
    expect(keyOf('main', 'definition', 'Segment', 'cart-abandoners', '3')).toBe('main/definition/Segment/cart-abandoners/3');
    expect(keyOf('a/b', 'sender', '50%\n')).toBe('a%2Fb/sender/50%25%0A');
    expect(keyOf('main', 'sender', '💡\ud83d')).toBe('main/sender/💡%uD83D');
  });

  test('gives its parts back', () => {
    fc.assert(
      fc.property(parts, (given) => expect(partsOf(build(given))).toEqual(given)),
      { numRuns: 500 },
    );
  });

  test('is another one for other parts, as text and as bytes', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(build(a) === build(b)).toBe(same);
        expect(Buffer.from(build(a)).equals(Buffer.from(build(b)))).toBe(same);
      }),
      { numRuns: 1000 },
    );
  });

  test('has the owner part that its partition is chosen by', () => {
    fc.assert(
      fc.property(parts, (given) => expect(ownerOf(build(given))).toBe(keyOf(given.workspace, given.kind, given.id))),
      { numRuns: 500 },
    );
  });

  test('belongs to its workspace and to no other', () => {
    fc.assert(
      fc.property(parts, part, (given, other) => {
        expect(belongsTo(build(given), given.workspace)).toBe(true);
        expect(belongsTo(build(given), other)).toBe(other === given.workspace);
      }),
      { numRuns: 500 },
    );
  });
});
