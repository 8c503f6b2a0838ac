// Memory that is used again: never while somebody has it, never more kept than its bound.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WriteBuffers } from '../src/write-buffers.js';

describe('write buffers', () => {
  test('are as long as asked for, and none shares memory with another that is still out', () => {
    const step = fc.record({
      bytes: fc.oneof(fc.nat(100), fc.nat(1 << 17), fc.constantFrom(1 << 14, 1 << 15)),
      release: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffers = new WriteBuffers();
        const out = new Map<Buffer, number>();
        steps.forEach(({ bytes, release }, at) => {
          const buffer = buffers.take(bytes).fill(at);
          expect(buffer.length).toBe(bytes);
          out.set(buffer, at);
          for (const [held, mark] of out) expect(held.every((byte) => byte === mark)).toBe(true);
          if (!release) return;
          buffers.release(buffer);
          out.delete(buffer);
        });
      }),
      { numRuns: 50 },
    );
  });

  test('come from what was released, where it is large enough', () => {
    const buffers = new WriteBuffers();
    const first = buffers.take(20_000);
    expect(buffers.take(20_000).buffer).not.toBe(first.buffer);
    buffers.release(first);
    expect(buffers.take(40_000).buffer).not.toBe(first.buffer);
    expect(buffers.take(17_000).buffer).toBe(first.buffer);
  });

  test('keep no more than 32 MiB', () => {
    const buffers = new WriteBuffers();
    const out = Array.from({ length: 20 }, () => buffers.take(1 << 22));
    for (const buffer of out) buffers.release(buffer);
    const again = Array.from({ length: 20 }, () => buffers.take(1 << 22).buffer);
    expect(again.filter((memory) => out.some(({ buffer }) => buffer === memory)).length).toBe(8);
  });
});
