// Batches of records as a broker sends them, decoded one record at a time.
// D1 A batch that is cut off at the end of an answer is left for the next fetch.
// D2 Whoever wrote them: other clients' compression, null keys, control batches and records without headers are all read.
// D3 The stamp is the broker's where the topic says so, and then one for the whole batch.
// D4 What cannot be decoded at all (a broken batch, an unknown compression) is an UnreadableBatchError, and no record is skipped: those
//    before it are given first, and it is thrown each time somebody asks for those after.
import type { AnyRecord, Key } from '@tessera/contracts';
import type { LogRecord } from '@tessera/runtime';
import type { RecordChunk } from '../client.js';
import { decompressed, UnreadableBatchError } from '../compression.js';
import { keyFrom, valueOf } from '../record-value.js';

const BATCH_HEAD_BYTES = 12;
const BATCH_HEADER_BYTES = 61;
const COMPRESSION = 0b111;
const STAMPED_BY_LOG = 0b1000;
const CONTROL = 0b100000;
const MAGIC = 2;
const BEYOND = 'a record of it ends beyond its end';

export class BatchChunk implements RecordChunk {
  readonly nextOffset: number;
  /** Of the batch under way: its decompressed records, where the next one begins, how many are left. */
  private records: Buffer = Buffer.alloc(0);
  private at = 0;
  private left = 0;
  private baseOffset = 0;
  private baseTimeMs = 0;
  private stampMs = -1;
  /** Where the next batch begins. */
  private batchAt = 0;
  private readonly end: number;

  constructor(
    private readonly place: string,
    private readonly buffer: Buffer,
    private readonly fromOffset: number,
  ) {
    let nextOffset = fromOffset;
    let end = 0;
    for (;;) {
      if (buffer.length - end < BATCH_HEADER_BYTES) break;
      const next = end + BATCH_HEAD_BYTES + buffer.readInt32BE(end + 8);
      if (next > buffer.length) break;
      nextOffset = Math.max(nextOffset, Number(buffer.readBigInt64BE(end)) + buffer.readInt32BE(end + 23) + 1);
      end = next;
    }
    this.nextOffset = nextOffset;
    this.end = end;
  }

  get bytes(): number {
    return this.end;
  }

  take(
    records: number,
    bytes: number,
  ): { readonly records: readonly LogRecord[]; readonly bytes: number; readonly done: boolean } {
    const taken: LogRecord[] = [];
    let size = 0;
    while (taken.length < records && (taken.length === 0 || size < bytes)) {
      const start = this.at;
      try {
        if (this.left === 0) {
          if (!this.openBatch()) break;
          continue;
        }
        const record = this.readRecord();
        this.left -= 1;
        if (record === undefined) continue;
        size += this.at - start;
        taken.push(record);
      } catch (error) {
        this.at = start;
        if (taken.length === 0) throw this.unreadable(error);
        break;
      }
    }
    return { records: taken, bytes: size, done: this.left === 0 && this.batchAt >= this.end };
  }

  private openBatch(): boolean {
    const start = this.batchAt;
    if (start >= this.end) return false;
    const { buffer } = this;
    const end = start + BATCH_HEAD_BYTES + buffer.readInt32BE(start + 8);
    this.baseOffset = Number(buffer.readBigInt64BE(start));
    const magic = buffer.readInt8(start + 16);
    if (magic !== MAGIC) throw new Error(`it has the format ${String(magic)}, read is ${String(MAGIC)}`);
    const attributes = buffer.readInt16BE(start + 21);
    if ((attributes & CONTROL) !== 0) {
      this.batchAt = end;
      return true;
    }
    this.baseTimeMs = Number(buffer.readBigInt64BE(start + 27));
    this.stampMs = (attributes & STAMPED_BY_LOG) === 0 ? -1 : Number(buffer.readBigInt64BE(start + 35));
    const codec = attributes & COMPRESSION;
    const bytes = buffer.subarray(start + BATCH_HEADER_BYTES, end);
    this.records = codec === 0 ? bytes : decompressed(codec, bytes);
    this.left = buffer.readInt32BE(start + 57);
    this.at = 0;
    this.batchAt = end;
    return true;
  }

  private unreadable(error: unknown): UnreadableBatchError {
    return new UnreadableBatchError(this.place, this.baseOffset, error instanceof Error ? error.message : String(error), error);
  }

  /** Undefined for one before the offset that was asked for: a batch is sent whole. */
  private readRecord(): LogRecord | undefined {
    const { records } = this;
    const length = this.readVarint();
    const end = this.at + length;
    if (end > records.length || length < 0) throw new Error(BEYOND);
    this.at += 1;
    const timeDelta = this.readVarint();
    const offset = this.baseOffset + this.readVarint();
    if (offset < this.fromOffset) {
      this.at = end;
      return undefined;
    }
    const key = keyFrom(this.readText());
    const value = this.readValue(key);
    const headers = this.readHeaders();
    this.at = end;
    return {
      offset,
      stampMs: this.stampMs >= 0 ? this.stampMs : this.baseTimeMs + timeDelta,
      key,
      value,
      headers,
    };
  }

  private readHeaders(): Readonly<Record<string, string>> | undefined {
    const count = this.readVarint();
    if (count <= 0) return undefined;
    const headers: Record<string, string> = {};
    for (let i = 0; i < count; i++) {
      const name = this.readText() ?? '';
      // Like any property, also when it is called __proto__.
      Object.defineProperty(headers, name, {
        value: this.readText() ?? '',
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return headers;
  }

  private readValue(key: Key): AnyRecord | null {
    const length = this.readVarint();
    if (length < 0) return null;
    const start = this.at;
    this.at += length;
    return valueOf(this.records, start, this.at, key);
  }

  private readText(): string | null {
    const length = this.readVarint();
    if (length < 0) return null;
    const text = this.records.toString('utf8', this.at, this.at + length);
    this.at += length;
    return text;
  }

  private readVarint(): number {
    const { records } = this;
    let zigzag = 0;
    let factor = 1;
    for (;;) {
      const byte = records[this.at++];
      if (byte === undefined) throw new Error(BEYOND);
      zigzag += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 0x80;
    }
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }
}
