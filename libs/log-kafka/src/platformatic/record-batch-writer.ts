// A batch of records in Kafka's format (magic 2), written into one buffer.
// B1 What a producer sends again is the same bytes: producer, epoch and sequence are set once per batch, and again only when the broker
//    has forgotten the producer.
// B2 Written by hand: the library's writer makes six objects per record, and producing is a third of a stage's cost (bench/kafka).
import { crc32c } from '@platformatic/kafka';
import type { WireRecord } from '../client.js';

/** What the broker knows a writer by, for one partition. */
export interface ProducerState {
  id: bigint;
  epoch: number;
  /** Of the next record; 2^31 - 1 is followed by 0. */
  sequence: number;
}

const HEADER_BYTES = 61;
/** Length, attributes, time delta, offset delta, key and value length, header count: never more than this beside the content. */
const RECORD_FRAME_BYTES_MAX = 40;
const HEADER_FRAME_BYTES_MAX = 10;
/** Lengths whose varint is one byte. */
const ONE_BYTE_BELOW = 64;
const CRC_AT = 17;
const CRC_FROM = 21;
const PRODUCER_AT = 43;

export function writeBatch(records: readonly WireRecord[], producer: ProducerState): Buffer {
  const buffer = Buffer.allocUnsafe(sizeMaxOf(records));
  const baseTimeMs = records[0]?.timeMs ?? 0;
  let maxTimeMs = baseTimeMs;
  let at = HEADER_BYTES;
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as WireRecord;
    if (record.timeMs > maxTimeMs) maxTimeMs = record.timeMs;
    at = writeRecord(buffer, at, record, i, record.timeMs - baseTimeMs);
  }
  const batch = buffer.subarray(0, at);
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(at - 12, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(0, 21);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(baseTimeMs), 27);
  batch.writeBigInt64BE(BigInt(maxTimeMs), 35);
  batch.writeInt32BE(records.length, 57);
  setProducer(batch, producer);
  return batch;
}

/** Names the writer in a batch, and seals it with its checksum. */
export function setProducer(batch: Buffer, { id, epoch, sequence }: ProducerState): void {
  batch.writeBigInt64BE(id, PRODUCER_AT);
  batch.writeInt16BE(epoch, PRODUCER_AT + 8);
  batch.writeInt32BE(sequence, PRODUCER_AT + 10);
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_FROM)), CRC_AT);
}

function sizeMaxOf(records: readonly WireRecord[]): number {
  let size = HEADER_BYTES;
  for (const { bytes, headers } of records) {
    size += RECORD_FRAME_BYTES_MAX + bytes;
    if (headers !== undefined) size += HEADER_FRAME_BYTES_MAX * Object.keys(headers).length;
  }
  return size;
}

function writeRecord(buffer: Buffer, start: number, record: WireRecord, index: number, timeDelta: number): number {
  const { key, value, headers } = record;
  // The length goes first, and is known last: the content is written behind room for it, and moved only if it takes less.
  const bodyMax = record.bytes + RECORD_FRAME_BYTES_MAX;
  const body = start + varintBytes(bodyMax * 2);
  let at = body;
  buffer[at++] = 0;
  at = writeVarint(buffer, at, timeDelta);
  at = writeVarint(buffer, at, index);
  at = writeText(buffer, at, key);
  at = value === null ? writeVarint(buffer, at, -1) : writeText(buffer, at, value);
  at = writeHeaders(buffer, at, headers);
  const length = at - body;
  const end = start + varintBytes(length * 2);
  if (end < body) buffer.copyWithin(end, body, at);
  writeVarint(buffer, start, length);
  return end + length;
}

function writeHeaders(buffer: Buffer, start: number, headers: WireRecord['headers']): number {
  if (headers === undefined) return writeVarint(buffer, start, 0);
  const names = Object.keys(headers);
  let at = writeVarint(buffer, start, names.length);
  for (const name of names) {
    at = writeText(buffer, at, name);
    at = writeText(buffer, at, headers[name] as string);
  }
  return at;
}

/** Length and bytes. A short text of ASCII is copied by hand: a record with headers has a dozen, and two native calls each. */
function writeText(buffer: Buffer, start: number, text: string): number {
  const units = text.length;
  if (units < ONE_BYTE_BELOW && writeAscii(buffer, start + 1, text)) {
    buffer[start] = units * 2;
    return start + 1 + units;
  }
  const at = writeVarint(buffer, start, Buffer.byteLength(text));
  return at + buffer.write(text, at);
}

function writeAscii(buffer: Buffer, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return false;
    buffer[start + i] = unit;
  }
  return true;
}

/** Zigzag, seven bits a byte. Beyond 2^53 nothing is written here. */
function writeVarint(buffer: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value < 0 ? -value * 2 - 1 : value * 2;
  while (rest > 0x7f) {
    buffer[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  buffer[at++] = rest;
  return at;
}

/** Of a number that is zigzagged already. */
function varintBytes(zigzag: number): number {
  let bytes = 1;
  for (let rest = zigzag; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}
