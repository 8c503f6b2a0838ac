import { describe, expect, test } from '@jest/globals';
import { keyOf, type AnyRecord } from '@tessera/contracts';
import type { LogRecord } from '@tessera/runtime';
import fc from 'fast-check';
import { ArchiveFile, ArchiveFileWriter, CorruptArchiveError } from '../src/archive-file.js';
import { decodeLines, encodeLine } from '../src/record-line.js';

const roundTrip = (value: unknown): unknown => {
  const record = { offset: 7, stampMs: 1.5, key: keyOf('w', 'sender', 'é/\n'), value: value as AnyRecord, headers: { a: 'é' } };
  const [read] = decodeLines(`${encodeLine(record)}\n`);
  expect({ ...read, value: undefined }).toEqual({ ...record, value: undefined });
  return read?.value;
};

describe('a line', () => {
  test('gives back any JSON value, in the order of its properties', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'large', stringUnit: 'binary' }), (value) => {
        const read = roundTrip({ value }) as { value: unknown };
        expect(read).toEqual({ value });
        expect(JSON.stringify(read)).toBe(JSON.stringify({ value }));
      }),
      { numRuns: 2_000, seed: 20_260_105 },
    );
  });

  test('gives back what JSON has no form for', () => {
    const value = {
      bytes: new Uint8Array([0, 255]),
      numbers: [-0, NaN, Infinity, -Infinity, 1],
      list: [undefined, null],
      $: 'x',
      nested: [{ $: { $: -0 } }],
    };
    expect(roundTrip(value)).toEqual(value);
    expect(Object.is((roundTrip({ zero: -0 }) as { zero: number }).zero, -0)).toBe(true);
    expect(roundTrip(null)).toBeNull();
  });

  test('gives back names that have tripped encoders, and ill-formed text', () => {
    const value = JSON.parse('{"__proto__":{"a":1},"toJSON":"x","constructor":null,"":0,"1":2}') as object;
    expect(JSON.stringify(roundTrip(value))).toBe(JSON.stringify(value));
    expect(JSON.stringify(roundTrip({ ...value, tagged: -0 }))).toBe(JSON.stringify({ ...value, tagged: -0 }));
    expect(roundTrip({ text: ['\ud800', 'a\udc00b', '\u2028'] })).toEqual({ text: ['\ud800', 'a\udc00b', '\u2028'] });
  });

  test('refuses what no log holds', () => {
    expect(() => roundTrip({ wrong: () => 1 })).toThrow('a function cannot be archived');
  });
});

function record(offset: number, text = ''): LogRecord {
  const value = { kind: 'tick', closing: false, source: offset, effectiveMs: 0, text } as AnyRecord;
  return { offset, stampMs: 1_000 + offset, key: keyOf('w', 'profile', String(offset)), value };
}

async function fileOf(records: readonly LogRecord[], first = 0): Promise<Buffer> {
  const writer = new ArchiveFileWriter('events', 3, first);
  for (const one of records) await writer.add(one);
  return (await writer.finish()).bytes;
}

describe('a file', () => {
  const records = Array.from({ length: 2_500 }, (_, i) => record(10 + i * 2, 'x'.repeat(i % 40)));

  test('gives back its records, block by block, and tells what it covers', async () => {
    const bytes = await fileOf(records, 5);
    const file = ArchiveFile.open('name', bytes);
    expect(file.header).toMatchObject({
      topic: 'events',
      partition: 3,
      first: 5,
      next: 5_009,
      records: 2_500,
      highestStampMs: 6_008,
    });
    expect(file.header.blocks.map(({ first, next }) => [first, next])).toEqual([
      [5, 2_009],
      [2_009, 4_009],
      [4_009, 5_009],
    ]);
    const read: LogRecord[] = [];
    for (const index of file.header.blocks.keys()) read.push(...(await file.read(index)));
    expect(read).toEqual(records);
    expect([4, 5, 9, 2_008, 2_009, 5_008, 5_009].map((offset) => file.blockAt(offset))).toEqual([-1, 0, 0, 0, 1, 2, -1]);
  });

  test('has the same bytes whenever it is made of the same records', async () => {
    expect((await fileOf(records)).equals(await fileOf(records.map((one) => ({ ...one }))))).toBe(true);
  });

  test('cuts large records into blocks of their own', async () => {
    const large = [record(0, 'a'.repeat(300_000)), record(1), record(2, 'b'.repeat(300_000)), record(3)];
    const file = ArchiveFile.open('name', await fileOf(large));
    expect(file.header.blocks.map((block) => block.records)).toEqual([1, 1, 1, 1]);
    expect(await file.read(2)).toEqual([large[2]]);
  });

  test('that was changed in any byte, or cut, gives an error that names it and no record', async () => {
    const bytes = await fileOf(records.slice(0, 50));
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 4;
      expect(() => ArchiveFile.open('events/3/0', changed)).toThrow(CorruptArchiveError);
      if (at > 0)
        expect(() => ArchiveFile.open('events/3/0', bytes.subarray(0, at))).toThrow('the archive is damaged: events/3/0');
    }
  });
});
