// A frame: up to 1,000 records of one partition, the unit of append, flush, read, cache and checksum.
// G1 A frame is decodable by itself, by any process.
// G2 A frame covers the offsets [first, next). Records that compaction took away leave gaps; no record of another frame is inside.
// G3 A frame whose checksum is wrong gives CorruptFrameError with its place, and no record.
//
// Value: version u8, codec u8, columns u16, count u32, first u64, next u64, first stamp f64, highest stamp f64, bytes of the
// structures u32, crc32 u32 of all other bytes; the columns that are there (stamps f64 each, offsets u32 each from the first); structures; texts.
import { crc32 } from 'node:zlib';
import type { AnyRecord, Key } from '@tessera/contracts';
import type { LogRecord } from '@tessera/runtime';
import { RecordDecoder } from './record-decoder.js';
import { RecordEncoder } from './record-encoder.js';

export const FRAME_RECORDS_MAX = 1000;

export interface Frame {
  readonly first: number;
  readonly next: number;
  readonly records: readonly LogRecord[];
  /** Of the encoded form. */
  readonly bytes: number;
}

export interface FrameHeader {
  readonly count: number;
  readonly first: number;
  readonly next: number;
  readonly highestStampMs: number;
}

export class CorruptFrameError extends Error {
  constructor(place: string, offset: number, reason: string) {
    super(`the log is damaged: ${place}, the frame from offset ${String(offset)}: ${reason}; restore the folder from a copy`);
    this.name = 'CorruptFrameError';
  }
}

const VERSION = 1;
const CODEC = 1;
const COLUMN = { stamps: 1, offsets: 2 } as const;
const AT = {
  columns: 2,
  count: 4,
  first: 8,
  next: 16,
  firstStamp: 24,
  highestStamp: 32,
  structures: 40,
  crc: 44,
  body: 48,
} as const;
const TWO_32 = 0x100000000;

export class FrameCodec {
  private readonly encoder = new RecordEncoder();
  private readonly decoder = new RecordDecoder();

  /** The stored form, in memory from `take`. The records are in offset order; `next` is the offset after the frame. */
  encode(records: readonly LogRecord[], first: number, next: number, take = allocate): Buffer {
    const firstStamp = records[0]?.stampMs ?? 0;
    let highestStamp = firstStamp;
    let columns = 0;
    for (let index = 0; index < records.length; index++) {
      const { stampMs, offset } = records[index] as LogRecord;
      if (stampMs !== firstStamp) columns |= COLUMN.stamps;
      if (stampMs > highestStamp) highestStamp = stampMs;
      if (offset !== first + index) columns |= COLUMN.offsets;
    }
    const { structures, texts } = this.encoder.encode(records);
    const body = AT.body + columnBytes(columns) * records.length;
    const frame = take(body + structures.length + texts.length);
    frame[0] = VERSION;
    frame[1] = CODEC;
    frame.writeUInt16BE(columns, AT.columns);
    frame.writeUInt32BE(records.length, AT.count);
    writeOffset(frame, first, AT.first);
    writeOffset(frame, next, AT.next);
    frame.writeDoubleBE(firstStamp, AT.firstStamp);
    frame.writeDoubleBE(highestStamp, AT.highestStamp);
    frame.writeUInt32BE(structures.length, AT.structures);
    writeColumns(frame, columns, records, first);
    structures.copy(frame, body);
    texts.copy(frame, body + structures.length);
    frame.writeUInt32BE(checksum(frame), AT.crc);
    return frame;
  }

  /** The frame that `stored` holds; `place` names it in an error, `first` is the offset of its key. */
  decode(stored: Buffer, place: string, first: number): Frame {
    verify(stored, place, first);
    const { count, next } = headerOf(stored);
    const columns = stored.readUInt16BE(AT.columns);
    const body = AT.body + columnBytes(columns) * count;
    const texts = body + stored.readUInt32BE(AT.structures);
    const stampOf = stampsIn(stored, columns);
    const offsetOf = offsetsIn(stored, columns, count, first);
    const records: LogRecord[] = [];
    this.decoder.decode(stored.subarray(body, texts), stored.subarray(texts), count, (index, { key, value, headers }) => {
      records.push({
        offset: offsetOf(index),
        stampMs: stampOf(index),
        key: key as Key,
        value: value as AnyRecord | null,
        headers: headers as LogRecord['headers'],
      });
    });
    return { first, next, records, bytes: stored.length };
  }
}

function allocate(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(bytes);
}

/** The header alone, unchecked. */
export function headerOf(stored: Buffer): FrameHeader {
  return {
    count: stored.readUInt32BE(AT.count),
    first: readOffset(stored, AT.first),
    next: readOffset(stored, AT.next),
    highestStampMs: stored.readDoubleBE(AT.highestStamp),
  };
}

function verify(stored: Buffer, place: string, first: number): void {
  if (stored.length < AT.body) throw new CorruptFrameError(place, first, 'it is too short');
  if (checksum(stored) !== stored.readUInt32BE(AT.crc)) throw new CorruptFrameError(place, first, 'its checksum is wrong');
  if (readOffset(stored, AT.first) !== first) throw new CorruptFrameError(place, first, 'it stands in the wrong place');
  if (stored[0] === VERSION && stored[1] === CODEC) return;
  throw new Error(
    `${place}: the frame from offset ${String(first)} has form ${String(stored[0])}.${String(stored[1])}, written by a later release`,
  );
}

function checksum(frame: Buffer): number {
  return crc32(frame.subarray(AT.body), crc32(frame.subarray(0, AT.crc)));
}

function columnBytes(columns: number): number {
  return (columns & COLUMN.stamps ? 8 : 0) + (columns & COLUMN.offsets ? 4 : 0);
}

function writeColumns(frame: Buffer, columns: number, records: readonly LogRecord[], first: number): void {
  let at: number = AT.body;
  if (columns & COLUMN.stamps) for (const { stampMs } of records) at = frame.writeDoubleBE(stampMs, at);
  if (columns & COLUMN.offsets) for (const { offset } of records) at = frame.writeUInt32BE(offset - first, at);
}

function stampsIn(stored: Buffer, columns: number): (index: number) => number {
  const firstStamp = stored.readDoubleBE(AT.firstStamp);
  return columns & COLUMN.stamps ? (index) => stored.readDoubleBE(AT.body + index * 8) : () => firstStamp;
}

function offsetsIn(stored: Buffer, columns: number, count: number, first: number): (index: number) => number {
  if (!(columns & COLUMN.offsets)) return (index) => first + index;
  const at = AT.body + (columns & COLUMN.stamps ? count * 8 : 0);
  return (index) => first + stored.readUInt32BE(at + index * 4);
}

export function writeOffset(target: Buffer, offset: number, at: number): void {
  target.writeUInt32BE(Math.floor(offset / TWO_32), at);
  target.writeUInt32BE(offset % TWO_32, at + 4);
}

export function readOffset(source: Buffer, at: number): number {
  return source.readUInt32BE(at) * TWO_32 + source.readUInt32BE(at + 4);
}
