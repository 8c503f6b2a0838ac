// Frames on disk: key = topic number, partition, first offset, big endian, so that a lane's frames stand in offset order.
// S1 What is read is checked: a damaged frame is an error that names its place.
import type { Frame, FrameCodec, FrameHeader } from './frame.js';
import { headerOf, readOffset, writeOffset } from './frame.js';
import type { ByteDatabase } from '@tessera/lmdb-environment';
import type { Lane } from './lane.js';

const KEY_BYTES = 11;
const OFFSET_MAX = Number.MAX_SAFE_INTEGER;

export class FrameStore {
  constructor(
    readonly database: ByteDatabase,
    private readonly codec: FrameCodec,
  ) {}

  /** Inside a transaction. */
  put(lane: Lane, first: number, stored: Buffer): void {
    void this.database.put(keyOf(lane, first), stored);
  }

  /** Inside a transaction. */
  remove(lane: Lane, first: number): void {
    void this.database.remove(keyOf(lane, first));
  }

  /** The frame that holds the offset, or the next one after it. */
  frameAt(lane: Lane, offset: number): Frame | undefined {
    for (const { key, value } of this.database.getRange({
      start: keyOf(lane, offset),
      end: keyOf(lane, 0),
      inclusiveEnd: true,
      reverse: true,
      limit: 1,
    })) {
      const frame = this.decode(lane, key, value);
      if (frame.next > offset) return frame;
    }
    return this.frameAfter(lane, offset);
  }

  firstOffset(lane: Lane): number | undefined {
    return this.frameAfter(lane, -1)?.first;
  }

  /** First offsets of the lane's oldest frames on disk, at most `limit`; no frame is decoded. */
  firstOffsets(lane: Lane, limit: number): readonly number[] {
    const firsts: number[] = [];
    for (const key of this.database.getKeys({ start: keyOf(lane, 0), end: keyOf(lane, lane.durable), limit }))
      firsts.push(readOffset(view(key), lane.prefix.length));
    return firsts;
  }

  /** Header of the last frame, from a frame that was checked. */
  last(lane: Lane): FrameHeader | undefined {
    for (const { key, value } of this.database.getRange({
      start: keyOf(lane, OFFSET_MAX),
      end: keyOf(lane, 0),
      inclusiveEnd: true,
      reverse: true,
      limit: 1,
    })) {
      this.decode(lane, key, value);
      return headerOf(view(value));
    }
    return undefined;
  }

  private frameAfter(lane: Lane, offset: number): Frame | undefined {
    for (const { key, value } of this.database.getRange({
      start: keyOf(lane, offset + 1),
      end: keyOf(lane, OFFSET_MAX),
      limit: 1,
    })) {
      return this.decode(lane, key, value);
    }
    return undefined;
  }

  private decode(lane: Lane, key: Buffer, value: Buffer): Frame {
    return this.codec.decode(view(value), lane.name, readOffset(view(key), lane.prefix.length));
  }
}

function keyOf(lane: Lane, first: number): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  lane.prefix.copy(key);
  writeOffset(key, first, lane.prefix.length);
  return key;
}

/** LMDB hands out arrays whose `length` is its own property; a view of our own has none of that. */
function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
