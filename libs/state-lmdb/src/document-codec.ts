// Documents on disk: a fixed header, then the document's own canonical bytes. Guard and timers are read from the header alone.
// D1 A stored document that a later release wrote in another form is an error, never a wrong value.
//
// Document: version u8, flags u8 (1: a job is owed), last offset f64, due f64 (Infinity: no timer), bytes.
// Partition document: version u8, next offset f64, log time f64, bytes.
import type { Key } from '@tessera/contracts';
import type { PartitionDocument, StateDocument } from '@tessera/runtime';

const VERSION = 1;
const JOB_OWED = 1;
const AT = { flags: 1, lastOffset: 2, dueMs: 10, bytes: 18 } as const;
const COPIES_BYTES = 1 << 16;
const PARTITION_AT = { nextOffset: 1, logTimeMs: 9, bytes: 17 } as const;

/** Bytes that the values of these documents take. */
export function encodedBytes(documents: readonly StateDocument[]): number {
  let total = 0;
  for (const { bytes } of documents) total += AT.bytes + bytes.length;
  return total;
}

/** Values of many documents in one piece of memory: an allocation per document costs as much as writing it. */
export function encodeDocuments(documents: readonly StateDocument[], memory: Buffer): readonly Buffer[] {
  let at = 0;
  return documents.map(({ lastOffset, dueMs, jobOwed, bytes }) => {
    memory[at] = VERSION;
    memory[at + AT.flags] = jobOwed ? JOB_OWED : 0;
    memory.writeDoubleBE(lastOffset, at + AT.lastOffset);
    memory.writeDoubleBE(dueMs, at + AT.dueMs);
    memory.set(bytes, at + AT.bytes);
    const start = at;
    at += AT.bytes + bytes.length;
    return memory.subarray(start, at);
  });
}

/** Copies small pieces of memory into large ones, for the same reason. A kept piece keeps its large one. */
export class Copies {
  private memory = new Uint8Array(0);
  private at = 0;

  of(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start;
    if (this.at + length > this.memory.length) {
      if (length > COPIES_BYTES / 4) return new Uint8Array(bytes.subarray(start, end));
      this.memory = new Uint8Array(COPIES_BYTES);
      this.at = 0;
    }
    const copy = this.memory.subarray(this.at, this.at + length);
    copy.set(bytes.subarray(start, end));
    this.at += length;
    return copy;
  }
}

/** `stored` may be LMDB's own reused memory, and longer than `length`: everything that is kept is copied. */
export function decodeDocument(key: Key, stored: Buffer, length: number, copies: Copies): StateDocument {
  const lastOffset = lastOffsetOf(stored);
  return { key, lastOffset, dueMs: dueMsOf(stored), jobOwed: jobOwedOf(stored), bytes: copies.of(stored, AT.bytes, length) };
}

export function lastOffsetOf(stored: Buffer): number {
  requireVersion(stored);
  return stored.readDoubleBE(AT.lastOffset);
}

export function dueMsOf(stored: Buffer): number {
  requireVersion(stored);
  return stored.readDoubleBE(AT.dueMs);
}

export function jobOwedOf(stored: Buffer): boolean {
  return ((stored[AT.flags] as number) & JOB_OWED) !== 0;
}

export function encodePartition({ nextOffset, logTimeMs, bytes }: PartitionDocument): Buffer {
  const stored = Buffer.allocUnsafeSlow(PARTITION_AT.bytes + bytes.length);
  stored[0] = VERSION;
  stored.writeDoubleBE(nextOffset, PARTITION_AT.nextOffset);
  stored.writeDoubleBE(logTimeMs, PARTITION_AT.logTimeMs);
  stored.set(bytes, PARTITION_AT.bytes);
  return stored;
}

export function decodePartition(stored: Buffer): PartitionDocument {
  requireVersion(stored);
  return {
    nextOffset: stored.readDoubleBE(PARTITION_AT.nextOffset),
    logTimeMs: stored.readDoubleBE(PARTITION_AT.logTimeMs),
    bytes: new Uint8Array(stored.subarray(PARTITION_AT.bytes)),
  };
}

function requireVersion(stored: Buffer): void {
  if (stored[0] !== VERSION) throw new Error(`a state document has form ${String(stored[0])}, written by a later release`);
}
