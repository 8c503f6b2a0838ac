import { describe, expect, test } from '@jest/globals';
import { keyOf } from '@tessera/contracts';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { bodyOf, documentOf, DOCUMENT_BYTES_MAX, requireFits } from '../src/document-form.js';
import type { StoredDocument } from '../src/document-form.js';
import { encodeId, KEY_BYTES_MAX, rangeOf } from '../src/key-codec.js';

const { calculateObjectSize, deserialize, serialize } = mongoose.mongo.BSON;
const SPACE = { stage: 'features', partition: 3 };
const { prefix } = rangeOf(3);
const document = fc.record({
  key: fc.string({ unit: 'binary' }).map((id) => keyOf('w', 'sender', id)),
  lastOffset: fc.maxSafeNat(),
  dueMs: fc.oneof(fc.constantFrom(Infinity, -Infinity, 0, -62_135_596_800_000), fc.maxSafeInteger()),
  jobOwed: fc.boolean(),
  bytes: fc.uint8Array(),
});

describe('a document', () => {
  test('is read from BSON as it was written, and shares no memory with the answer', () => {
    fc.assert(
      fc.property(document, (written) => {
        const stored = serialize({ _id: encodeId(prefix, written.key), ...bodyOf(3, written) });
        const read = documentOf(deserialize(stored, { promoteBuffers: true }) as StoredDocument);
        expect({ ...read, bytes: [...read.bytes] }).toEqual({ ...written, bytes: [...written.bytes] });
        expect(read.bytes.buffer.byteLength).toBe(read.bytes.length);
      }),
    );
  });

  test('has the fields of the index only with a timer or an owed job', () => {
    const key = keyOf('w', 'sender', 'a');
    const bytes = new Uint8Array(1);
    expect(bodyOf(3, { key, lastOffset: 1, dueMs: Infinity, jobOwed: false, bytes })).toEqual({ o: 1, b: bytes });
    expect(bodyOf(3, { key, lastOffset: 1, dueMs: Infinity, jobOwed: true, bytes })).toEqual({
      o: 1,
      b: bytes,
      p: 3,
      d: Infinity,
      j: true,
    });
  });

  test('that is refused nowhere fits into MongoDB’s 16 MiB, with the longest key; a larger one is refused by name', () => {
    const key = keyOf('w', 'sender', 'é'.repeat((KEY_BYTES_MAX - 10) / 2));
    const bytes = new Uint8Array(DOCUMENT_BYTES_MAX);
    requireFits(SPACE, key, bytes);
    const body = bodyOf(3, { key, lastOffset: 2 ** 50, dueMs: 2 ** 50, jobOwed: true, bytes });
    expect(calculateObjectSize({ _id: encodeId(prefix, key), ...body })).toBeLessThanOrEqual(16 << 20);
    expect(() => {
      requireFits(SPACE, 'w/sender/a', new Uint8Array(DOCUMENT_BYTES_MAX + 1));
    }).toThrow(
      `w/sender/a in features/3 has ${String(DOCUMENT_BYTES_MAX + 1)} bytes; MongoDB holds at most ${String(DOCUMENT_BYTES_MAX)}`,
    );
  });

  test('with a time or an offset that is no number is refused', () => {
    const good = { key: keyOf('w', 'sender', 'a'), lastOffset: 1, dueMs: 1, jobOwed: false, bytes: new Uint8Array(1) };
    expect(() => bodyOf(3, { ...good, dueMs: NaN })).toThrow('dueMs is NaN');
    expect(() => bodyOf(3, { ...good, lastOffset: 1.5 })).toThrow('lastOffset is 1.5');
  });
});
