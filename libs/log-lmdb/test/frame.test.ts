import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyOf } from '@tessera/contracts';
import type { AnyRecord } from '@tessera/contracts';
import type { LogRecord } from '@tessera/runtime';
import { CorruptFrameError, FrameCodec, headerOf } from '../src/frame.js';

function recordAt(offset: number, stampMs: number): LogRecord {
  const value: AnyRecord = { kind: 'tick', closing: false, source: offset % 5, effectiveMs: stampMs };
  return { offset, stampMs, key: keyOf('w', 'workspace', 'tick'), value, headers: undefined };
}

/** Offsets with gaps, stamps in any order, beyond 32 bits too. */
const recordsArbitrary = fc
  .tuple(
    fc.maxSafeNat().map((first) => Math.floor(first / 2)),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 40 }),
  )
  .map(([first, steps]) => {
    let offset = first - 1;
    return steps.map(([gap, stamp]) => recordAt((offset += gap), 1_767_225_600_000 + stamp));
  });

describe('a frame', () => {
  test('is decoded as it was encoded: offsets, gaps, stamps', () => {
    const codec = new FrameCodec();
    fc.assert(
      fc.property(recordsArbitrary, fc.nat({ max: 2 }), (records, before) => {
        const first = Math.max(0, (records[0] as LogRecord).offset - before);
        const next = (records.at(-1) as LogRecord).offset + 1;
        const stored = codec.encode(records, first, next);
        const frame = new FrameCodec().decode(stored, 'events[0]', first);
        expect(frame).toEqual({ first, next, records, bytes: stored.length });
        const highestStampMs = Math.max(...records.map(({ stampMs }) => stampMs));
        expect(headerOf(stored)).toEqual({ count: records.length, first, next, highestStampMs });
      }),
    );
  });

  test('with any byte changed or missing is an error that names its place, and gives no record', () => {
    const codec = new FrameCodec();
    const stored = codec.encode([recordAt(7, 1), recordAt(8, 2)], 7, 9);
    for (let at = 0; at < stored.length; at++) {
      const damaged = Buffer.from(stored);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      expect(() => codec.decode(damaged, 'events[3]', 7)).toThrow(CorruptFrameError);
      expect(() => codec.decode(stored.subarray(0, at), 'events[3]', 7)).toThrow(/events\[3\].*offset 7/);
    }
    expect(codec.decode(stored, 'events[3]', 7).records).toHaveLength(2);
  });

  test('in the wrong place is an error', () => {
    const codec = new FrameCodec();
    const stored = codec.encode([recordAt(7, 1)], 7, 8);
    expect(() => codec.decode(stored, 'events[3]', 6)).toThrow(/wrong place/);
  });
});
