import { describe, expect, test } from '@jest/globals';
import { compressionsAlgorithms, crc32c, Reader, readRecordsBatches } from '@platformatic/kafka';
import fc from 'fast-check';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { WireRecord } from '../src/client.js';
import { UnreadableBatchError } from '../src/compression.js';
import { BatchChunk } from '../src/platformatic/record-batch-reader.js';
import { setProducer, writeBatch } from '../src/platformatic/record-batch-writer.js';

const PRODUCER = { id: 4711n, epoch: 3, sequence: 99 };

const text = fc.string({ unit: 'grapheme', maxLength: 200 });
const wire = fc
  .record({
    key: text,
    value: fc.option(
      fc.oneof(
        text,
        fc.integer({ min: 60, max: 20_000 }).map((length) => 'ü'.repeat(length)),
      ),
    ),
    headers: fc.option(fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true }), { nil: undefined }),
    timeMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  })
  .map((record): WireRecord => ({ ...record, bytes: sizeOf(record) }));

function sizeOf({ key, value, headers }: Pick<WireRecord, 'key' | 'value' | 'headers'>): number {
  const texts = [key, value ?? '', ...Object.entries(headers ?? {}).flat()];
  return texts.reduce((bytes, one) => bytes + Buffer.byteLength(one), 0);
}

function recordOf(value: string, at = 0): WireRecord {
  const record = { key: 'k', value, headers: undefined, timeMs: 1_000 + at };
  return { ...record, bytes: sizeOf(record) };
}

/** As the broker stores it: with its own first offset. */
function stored(records: readonly WireRecord[], firstOffset: number): Buffer {
  const batch = Buffer.from(writeBatch(records, PRODUCER));
  batch.writeBigInt64BE(BigInt(firstOffset), 0);
  return batch;
}

/** The batch with other bytes for its records. */
function withRecords(batch: Buffer, codec: number, records: Buffer): Buffer {
  const bytes = Buffer.concat([batch.subarray(0, 61), records]);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE(codec, 21);
  return bytes;
}

describe('a batch of records', () => {
  test('is read by the library as it was written, with its producer and a checksum that is right', () => {
    fc.assert(
      fc.property(fc.array(wire, { minLength: 1, maxLength: 8 }), (records) => {
        const bytes = writeBatch(records, PRODUCER);
        expect(bytes.readUInt32BE(17)).toBe(crc32c(bytes.subarray(21)) >>> 0);
        const [batch] = readRecordsBatches(Reader.from(bytes));
        expect([batch?.producerId, batch?.producerEpoch, batch?.firstSequence]).toEqual([4711n, 3, 99]);
        expect(batch?.maxTimestamp).toBe(BigInt(Math.max(...records.map(({ timeMs }) => timeMs))));
        const read = batch?.records.map((record) => ({
          key: record.key?.toString(),
          value: record.value?.toString() ?? null,
          timeMs: Number(record.timestampDelta + batch.firstTimestamp),
          headers: record.headers.map(([name, value]) => [String(name), String(value)]),
        }));
        expect(read).toEqual(
          records.map(({ key, value, timeMs, headers }) => ({ key, value, timeMs, headers: Object.entries(headers ?? {}) })),
        );
      }),
    );
  });

  test('takes another producer without being written again', () => {
    const bytes = writeBatch([recordOf('1')], PRODUCER);
    setProducer(bytes, { id: 1n, epoch: 0, sequence: 0 });
    expect(bytes).toEqual(writeBatch([recordOf('1')], { id: 1n, epoch: 0, sequence: 0 }));
  });

  test('is taken in pieces from any offset, and what follows is where the batch ends', () => {
    const records = Array.from({ length: 20 }, (_, i) => recordOf(`{"kind":"tick","n":${String(i)}}`, i));
    const bytes = Buffer.concat([stored(records, 100), stored(records, 140)]);
    const chunk = new BatchChunk('t[0]', bytes, 115);
    expect(chunk.nextOffset).toBe(160);
    const offsets: number[] = [];
    for (let done = false; !done;) {
      const taken = chunk.take(7, 1 << 20);
      expect(taken.records.length).toBeLessThanOrEqual(7);
      offsets.push(...taken.records.map(({ offset }) => offset));
      done = taken.done;
    }
    expect(offsets).toEqual([115, 116, 117, 118, 119, ...Array.from({ length: 20 }, (_, i) => 140 + i)]);
  });

  test('is bounded by bytes, and gives one record at least', () => {
    const chunk = new BatchChunk('t[0]', stored([recordOf('x'.repeat(500)), recordOf('y')], 0), 0);
    expect(chunk.take(10, 1).records).toHaveLength(1);
    expect(chunk.take(10, 1)).toMatchObject({ records: [{ offset: 1 }], done: true });
  });

  test('that is cut off is left for the next fetch', () => {
    const whole = stored([recordOf('1')], 7);
    const bytes = Buffer.concat([whole, whole.subarray(0, whole.length - 1)]);
    const chunk = new BatchChunk('t[0]', bytes, 7);
    expect([chunk.nextOffset, chunk.bytes, chunk.take(10, 1 << 20).records.length]).toEqual([8, whole.length, 1]);
  });

  test('stamped by the log: every record has the stamp of its batch', () => {
    const bytes = stored([recordOf('1', 0), recordOf('2', 5)], 0);
    bytes.writeInt16BE(0b1000, 21);
    bytes.writeBigInt64BE(77_000n, 35);
    expect(new BatchChunk('t[0]', bytes, 0).take(10, 1 << 20).records.map(({ stampMs }) => stampMs)).toEqual([77_000, 77_000]);
  });

  test('what is no record of ours is one that a stage refuses, and no control batch is a record', () => {
    const texts = ['not json', '[]', 'null', '1', '{"kind":"nobody"}', '{"kind":"backfilled"}', '{"kind":"__proto__"}'];
    const control = stored([recordOf('')], 50);
    control.writeInt16BE(0b100000, 21);
    const alien = { ...recordOf(''), value: Buffer.from([0xff, 0xfe]).toString('latin1') };
    const chunk = new BatchChunk('t[0]', Buffer.concat([stored([...texts.map((one) => recordOf(one)), alien], 0), control]), 0);
    const { records, done } = chunk.take(100, 1 << 20);
    expect(records.map(({ value }) => value?.kind)).toEqual(new Array(8).fill('unreadable'));
    expect([done, chunk.nextOffset]).toEqual([true, 51]);
  });

  test.each([
    [1, gzipSync],
    [4, zstdCompressSync],
    [2, (data: Buffer) => compressionsAlgorithms.snappy.compressSync(data)],
    [3, (data: Buffer) => compressionsAlgorithms.lz4.compressSync(data)],
  ])('compressed with codec %i is read', (codec, compress) => {
    const whole = stored([recordOf('{"kind":"tick"}', 0), recordOf('{"kind":"tick"}', 1)], 7);
    const bytes = withRecords(whole, codec, compress(whole.subarray(61)));
    expect(new BatchChunk('t[0]', bytes, 8).take(10, 1 << 20)).toMatchObject({ records: [{ offset: 8 }], done: true });
  });

  test('that cannot be read is named with its place and codec, each time, after the records before it', () => {
    const good = stored([recordOf('1'), recordOf('2')], 40);
    const broken = [
      [
        withRecords(stored([recordOf('3')], 42), 4, Buffer.from('no zstd')),
        /t\[0\]: the batch at offset 42 .* decompressed as zstd/,
      ],
      [withRecords(stored([recordOf('3')], 42), 6, Buffer.from('?')), /offset 42 .* the codec 6, .* gzip, snappy, lz4, zstd/],
      [withRecords(stored([recordOf('3')], 42), 0, Buffer.from([0xff, 0x01])), /offset 42 .* ends beyond its end/],
    ] as const;
    for (const [batch, why] of broken) {
      const chunk = new BatchChunk('t[0]', Buffer.concat([good, batch]), 40);
      expect(chunk.take(10, 1 << 20)).toMatchObject({ records: [{ offset: 40 }, { offset: 41 }], done: false });
      for (const _ of [1, 2]) expect(() => chunk.take(10, 1 << 20)).toThrow(UnreadableBatchError);
      expect(() => chunk.take(10, 1 << 20)).toThrow(why);
    }
  });
});
