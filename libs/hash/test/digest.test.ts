import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { base32, hash53, profileId, sha256 } from '../src/digest.js';

describe('base32', () => {
  // RFC 4648, section 10, lower case and without padding.
  test.each([
    ['', ''],
    ['f', 'my'],
    ['fo', 'mzxq'],
    ['foo', 'mzxw6'],
    ['foob', 'mzxw6yq'],
    ['fooba', 'mzxw6ytb'],
    ['foobar', 'mzxw6ytboi'],
  ])('of %j', (text, encoded) => expect(base32(Buffer.from(text))).toBe(encoded));

  test('holds every bit: the bytes can be read back', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => expect(unbase32(base32(bytes))).toEqual([...bytes])));
  });
});

describe('a profile id', () => {
  test('is p_ and 128 bits of the keyed hash of its node', () => {
    const digest = createHmac('sha256', 'a secret').update('user_id:42').digest();
    expect(profileId('a secret', 'user_id:42')).toBe(`p_${base32(digest.subarray(0, 16))}`);
    expect(profileId('a secret', 'user_id:42')).toMatch(/^p_[a-z2-7]{26}$/);
  });

  test('depends on the secret and on the node', () => {
    const ids = ['a', 'b'].flatMap((secret) => ['user_id:1', 'user_id:2'].map((node) => profileId(secret, node)));
    expect(new Set(ids).size).toBe(4);
  });
});

test('sha256 is that of the UTF-8 text, in lower-case hex', () => {
  expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

describe('hash53', () => {
  // Fixed for ever: the hashes are in stored state and in the log.
  test.each([
    ['', 3338908027751811],
    ['a', 7929297801672961],
    ['ajs-next-1767605400250-4f1c', 1986357454290659],
  ])('of %j never changes', (text, hash) => expect(hash53(text)).toBe(hash));

  test('is a whole number that a double holds', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(Number.isSafeInteger(hash53(text))).toBe(true);
        expect(hash53(text)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('tells a million ids of the usual forms apart', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 500_000; i++) {
      seen.add(hash53(`ajs-next-1767605400250-${String(i)}`));
      seen.add(hash53(`00000000-0000-4000-8000-${String(i).padStart(12, '0')}`));
    }
    expect(seen.size).toBe(1_000_000);
  });

  test('turns about half of its bits when one bit of the text turns', () => {
    let turned = 0;
    let pairs = 0;
    for (let i = 0; i < 2000; i++) {
      const text = `message-${String(i)}`;
      for (let at = 0; at < text.length; at += 3) {
        const other = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << (i % 7))) + text.slice(at + 1);
        turned += bitsOf(BigInt(hash53(text)) ^ BigInt(hash53(other)));
        pairs++;
      }
    }
    expect(turned / pairs / 53).toBeGreaterThan(0.48);
    expect(turned / pairs / 53).toBeLessThan(0.52);
  });
});

function bitsOf(value: bigint): number {
  return value.toString(2).replaceAll('0', '').length;
}

function unbase32(text: string): number[] {
  const bits = [...text]
    .map((letter) => 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Array.from({ length: Math.floor(bits.length / 8) }, (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8), 2));
}
