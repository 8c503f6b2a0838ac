// One file of the archive: the records of one partition with offsets in [first, next), compressed and checksummed.
// F1 The file is a zstd stream that every zstd tool reads (`zstd -dc FILE` prints the records, one JSON line each): first a skippable frame
//    with the header, then one frame per block of up to 1,000 records.
// F2 The same records in the same limits give the same lines and header figures; the compressed bytes are the same with the same release of zstd.
// F3 A file is checked as a whole before a record of it is given: a damaged one is an error that names it.
//
// Skippable frame: 0x184D2A50 u32 LE, length u32 LE, then SHA-256 of the header (32 bytes), then the header as JSON:
//   {"format":"tessera-archive","version":1,"topic","partition","first","next","records","highestStampMs","sha256" (of all blocks),
//    "blocks":[[first,next,records,raw bytes,stored bytes],…]}
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { LogRecord } from '@tessera/runtime';
import { decodeLines, encodeLine } from './record-line.js';

export interface ArchiveBlock {
  readonly first: number;
  readonly next: number;
  readonly records: number;
  readonly rawBytes: number;
  readonly storedBytes: number;
}

export interface ArchiveHeader {
  readonly topic: string;
  readonly partition: number;
  readonly first: number;
  readonly next: number;
  readonly records: number;
  readonly highestStampMs: number;
  readonly blocks: readonly ArchiveBlock[];
}

export class CorruptArchiveError extends Error {
  constructor(name: string, reason: string) {
    super(`the archive is damaged: ${name}: ${reason}; restore this object from a copy of the store`);
    this.name = 'CorruptArchiveError';
  }
}

const FORMAT = 'tessera-archive';
const VERSION = 1;
const SKIPPABLE = 0x184d2a50;
const FRAME_HEAD_BYTES = 8;
const HASH_BYTES = 32;
const HEADER_START = FRAME_HEAD_BYTES + HASH_BYTES;
const BLOCK_RECORDS_MAX = 1_000;
const BLOCK_BYTES_MAX = 256 << 10;
/** A block holds one record at least, however large. */
const RAW_BLOCK_BYTES_MAX = 512 << 20;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Takes records in offset order; holds the compressed blocks and the lines of one more. */
export class ArchiveFileWriter {
  records = 0;
  rawBytes = 0;
  private lines: string[] = [];
  private lineBytes = 0;
  private blockFirst: number;
  private next: number;
  private highestStampMs = -Infinity;
  private readonly blocks: ArchiveBlock[] = [];
  private readonly stored: Buffer[] = [];

  constructor(
    private readonly topic: string,
    private readonly partition: number,
    private readonly first: number,
  ) {
    this.blockFirst = first;
    this.next = first;
  }

  async add(record: LogRecord): Promise<void> {
    const line = `${encodeLine(record)}\n`;
    const bytes = Buffer.byteLength(line);
    if (this.lines.length === BLOCK_RECORDS_MAX || (this.lines.length > 0 && this.lineBytes + bytes > BLOCK_BYTES_MAX))
      await this.closeBlock();
    this.lines.push(line);
    this.lineBytes += bytes;
    this.records += 1;
    this.rawBytes += bytes;
    this.next = record.offset + 1;
    this.highestStampMs = Math.max(this.highestStampMs, record.stampMs);
  }

  /** The file. It holds one record at least. */
  async finish(): Promise<{ readonly bytes: Buffer; readonly next: number }> {
    await this.closeBlock();
    const blocks = Buffer.concat(this.stored);
    const header = Buffer.from(
      JSON.stringify({
        format: FORMAT,
        version: VERSION,
        topic: this.topic,
        partition: this.partition,
        first: this.first,
        next: this.next,
        records: this.records,
        highestStampMs: this.highestStampMs,
        sha256: sha256(blocks).toString('hex'),
        blocks: this.blocks.map(({ first, next, records, rawBytes, storedBytes }) => [
          first,
          next,
          records,
          rawBytes,
          storedBytes,
        ]),
      }),
    );
    const head = Buffer.alloc(FRAME_HEAD_BYTES);
    head.writeUInt32LE(SKIPPABLE, 0);
    head.writeUInt32LE(HASH_BYTES + header.length, 4);
    return { bytes: Buffer.concat([head, sha256(header), header, blocks]), next: this.next };
  }

  private async closeBlock(): Promise<void> {
    if (this.lines.length === 0) return;
    const raw = Buffer.from(this.lines.join(''));
    const stored = await compress(raw);
    this.blocks.push({
      first: this.blockFirst,
      next: this.next,
      records: this.lines.length,
      rawBytes: raw.length,
      storedBytes: stored.length,
    });
    this.stored.push(stored);
    this.blockFirst = this.next;
    this.lines = [];
    this.lineBytes = 0;
  }
}

/** A file that was read and checked; its blocks are decoded when asked for. */
export class ArchiveFile {
  private constructor(
    readonly name: string,
    readonly header: ArchiveHeader,
    /** All blocks. */
    private readonly stored: Uint8Array,
  ) {}

  /** Throws CorruptArchiveError; an Error for a version of a later release. */
  static open(name: string, bytes: Uint8Array): ArchiveFile {
    const { header, sha256: expected } = parseHeader(name, bytes);
    const stored = bytes.subarray(headerEnd(name, bytes));
    if (sha256(stored).toString('hex') !== expected) throw new CorruptArchiveError(name, 'the checksum of its records is wrong');
    return new ArchiveFile(name, header, stored);
  }

  get bytes(): number {
    return this.stored.length;
  }

  /** Index of the block that holds the offset; -1 where the offset is outside of the file. */
  blockAt(offset: number): number {
    return this.header.blocks.findIndex(({ first, next }) => first <= offset && offset < next);
  }

  async read(block: number): Promise<readonly LogRecord[]> {
    const { rawBytes, storedBytes, records } = this.header.blocks[block] as ArchiveBlock;
    let start = 0;
    for (const before of this.header.blocks.slice(0, block)) start += before.storedBytes;
    const raw = await decompress(this.stored.subarray(start, start + storedBytes), {
      maxOutputLength: Math.min(RAW_BLOCK_BYTES_MAX, Math.max(1, rawBytes)),
    });
    const decoded = decodeLines(raw.toString('utf8'));
    if (raw.length !== rawBytes || decoded.length !== records)
      throw new CorruptArchiveError(
        this.name,
        `block ${String(block)} holds ${String(decoded.length)} records, not ${String(records)}`,
      );
    return decoded;
  }
}

/** Where the header of a file ends, from its first bytes: 40 at least. Throws CorruptArchiveError. */
export function headerEnd(name: string, bytes: Uint8Array): number {
  const file = viewOf(bytes);
  if (file.length < HEADER_START || file.readUInt32LE(0) !== SKIPPABLE)
    throw new CorruptArchiveError(name, 'it is no file of the archive');
  return FRAME_HEAD_BYTES + file.readUInt32LE(4);
}

/** The header, of a file or of its beginning, and the SHA-256 of its blocks in hex. Throws as ArchiveFile.open. */
export function parseHeader(name: string, bytes: Uint8Array): { readonly header: ArchiveHeader; readonly sha256: string } {
  const end = headerEnd(name, bytes);
  const file = viewOf(bytes);
  if (end < HEADER_START || end > file.length) throw new CorruptArchiveError(name, 'it ends inside of its header');
  const text = file.subarray(HEADER_START, end);
  if (!sha256(text).equals(file.subarray(FRAME_HEAD_BYTES, HEADER_START)))
    throw new CorruptArchiveError(name, 'the checksum of its header is wrong');
  const told = JSON.parse(text.toString('utf8')) as Told;
  if (told.format !== FORMAT || told.version !== VERSION)
    throw new Error(
      `${name} has the form ${told.format} ${String(told.version)}, known is ${FORMAT} ${String(VERSION)}: use a later release`,
    );
  const { topic, partition, first, next, records, highestStampMs } = told;
  const blocks = told.blocks.map(([from, to, count, rawBytes, storedBytes]) => ({
    first: from,
    next: to,
    records: count,
    rawBytes,
    storedBytes,
  }));
  return { header: { topic, partition, first, next, records, highestStampMs, blocks }, sha256: told.sha256 };
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The header as it stands in the file. */
interface Told extends Omit<ArchiveHeader, 'blocks'> {
  readonly format: string;
  readonly version: number;
  readonly sha256: string;
  readonly blocks: readonly (readonly [number, number, number, number, number])[];
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
