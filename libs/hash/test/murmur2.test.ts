// Kafka's own vectors (UtilsTest.testMurmur2): a record that a stock client produces lands where we look for it.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { murmur2, partitionOf } from '../src/murmur2.js';

test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2 of %s', (text, hash) => expect(murmur2(text)).toBe(hash));

test('hashes the bytes of UTF-8, also of a text longer than the scratch buffer', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.constantFrom(1, 200, 2000), (text, times) => {
      expect(murmur2(text.repeat(times))).toBe(referenceMurmur2(Buffer.from(text.repeat(times))));
    }),
    { numRuns: 300 },
  );
});

describe('the partition of a key', () => {
  test("is Kafka's: the hash without its sign, modulo the partitions", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 500 }), (key, partitions) => {
        expect(partitionOf(key, partitions)).toBe((referenceMurmur2(Buffer.from(key)) & 0x7fffffff) % partitions);
      }),
    );
  });

  test('spreads keys evenly: no partition of 64 is a fifth fuller than the mean', () => {
    const filled = new Array<number>(64).fill(0);
    for (let i = 0; i < 64_000; i++) filled[partitionOf(`main/sender/anonymous_id:d${String(i)}`, 64)]! += 1;
    expect(Math.max(...filled)).toBeLessThan(1200);
    expect(Math.min(...filled)).toBeGreaterThan(800);
  });
});

// Written from the description of MurmurHash2 (Austin Appleby) with 64-bit integers: nothing in common with the code under test.
function referenceMurmur2(bytes: Uint8Array): number {
  const m = 0x5bd1e995n;
  const mask = 0xffffffffn;
  let h = 0x9747b28cn ^ BigInt(bytes.length);
  const blocks = Math.floor(bytes.length / 4);
  for (let i = 0; i < blocks; i++) {
    let k = BigInt(new DataView(bytes.buffer, bytes.byteOffset + i * 4, 4).getUint32(0, true));
    k = (k * m) & mask;
    k ^= k >> 24n;
    k = (k * m) & mask;
    h = ((h * m) & mask) ^ k;
  }
  const tail = bytes.subarray(blocks * 4);
  if (tail.length > 0) {
    tail.forEach((byte, i) => (h ^= BigInt(byte) << BigInt(8 * i)));
    h = (h * m) & mask;
  }
  h ^= h >> 13n;
  h = (h * m) & mask;
  h ^= h >> 15n;
  return Number(BigInt.asIntN(32, h));
}
