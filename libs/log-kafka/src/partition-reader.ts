// Reads of one partition: cursors that go on where they ended, fed by the follower, and reads of anything else straight from the broker.
// R1 A read gives what is there: all that this process knows to be readable (its own acknowledged appends, the end it asked for, what a
//    broker told) is waited for; an empty batch says that nothing more is known.
// R2 A cursor holds a bounded number of bytes, undecoded; the follower stops at the bound and goes on when they are read.
// R3 Bytes that cannot be decoded are fetched once more: they may have been damaged on the way. Then the read fails for good.
// R4 Readers at different places of one partition have a cursor each; the one that was not read from for longest is given up.
import { RetryableError, type LogBatch, type ReadLimits } from '@tessera/runtime';
import type { FetchAnswer, RecordChunk } from './client.js';

const CURSORS_MAX = 4;
const WATCH_PAUSE_MS = 500;
/** Between two looks at a leader that does not serve yet. */
const ARRIVAL_MS = 20;

export interface Cursor {
  /** Offset of the next record that `read` gives. */
  front: number;
  /** Offset of the next fetch. */
  fetchFrom: number;
  chunks: RecordChunk[];
  bytes: number;
  /** 0: never. */
  lastReadMs: number;
  /** A read is under way: another at the same offset takes a cursor of its own. */
  reading: boolean;
  /** A fetch of the follower is under way. */
  following: boolean;
  /** The offset is not one that the broker has: the next read finds where to go on. */
  astray: boolean;
  /** Where bytes could not be decoded; -1 nowhere. */
  unreadableAt: number;
  /** Nobody reads here: what arrives is only told of. */
  watching: boolean;
}

/** What the reader needs of the log around it. */
export interface Reading {
  /** One fetch at once, from whoever leads the partition. */
  fetchNow(offset: number, bytes: number): Promise<FetchAnswer>;
  startOffset(): Promise<number>;
  endOffset(): Promise<number>;
  /** Something of the follower's bound was freed, or there is somebody new to follow. */
  kick(): void;
  nowMs(): number;
  /** How long a read waits for records that are known to be there. */
  readonly waitMs: number;
}

export class PartitionReader {
  readonly wakers = new Set<{ readonly wake: () => void }>();
  cursors: Cursor[] = [];
  /** All below is readable, as far as this process knows. */
  knownEnd = 0;
  private arrivals: (() => void)[] = [];
  private appends = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly reading: Reading,
  ) {}

  /** Somebody wants to be woken: the follower keeps asking for this partition. */
  get followed(): boolean {
    return this.wakers.size > 0;
  }

  subscribe(wake: () => void): () => void {
    const waker = { wake };
    this.wakers.add(waker);
    if (this.cursors.length === 0) void this.watch();
    this.reading.kick();
    return () => void this.wakers.delete(waker);
  }

  async read(fromOffset: number, limits: ReadLimits): Promise<LogBatch> {
    const cursor = this.cursorAt(fromOffset);
    cursor.reading = true;
    try {
      return await this.readAt(cursor, fromOffset, limits);
    } finally {
      cursor.reading = false;
      if (this.cursors.some((other) => other !== cursor && !other.reading && other.front === cursor.front)) this.drop(cursor);
    }
  }

  /** An append of this process was acknowledged up to here. */
  appended(nextOffset: number): void {
    this.learnEnd(nextOffset);
    this.appends += 1;
  }

  private async readAt(cursor: Cursor, fromOffset: number, limits: ReadLimits): Promise<LogBatch> {
    for (const deadline = this.reading.nowMs() + this.reading.waitMs; ;) {
      const batch = this.takeOrForget(cursor, limits);
      if (batch !== undefined) return batch;
      if (this.followed && cursor.front >= this.knownEnd && cursor.bytes === 0 && cursor.lastReadMs > 0) {
        return this.ended(cursor, fromOffset);
      }
      if (!(await this.fill(cursor, limits.bytes))) return this.ended(cursor, fromOffset);
      if (this.reading.nowMs() > deadline) {
        throw new RetryableError(
          `${this.topic}[${String(this.partition)}]: records from offset ${String(cursor.front)} on are known to be there, ` +
            `and the brokers did not serve them within ${String(this.reading.waitMs)} ms`,
        );
      }
    }
  }

  /** What the follower fetched for a cursor; dropped if the cursor has gone elsewhere meanwhile. */
  arrived(cursor: Cursor, answer: FetchAnswer): void {
    this.learnEnd(answer.highWatermark);
    if (cursor.fetchFrom !== answer.offset || !this.cursors.includes(cursor)) return;
    const { chunk } = answer;
    if (chunk !== undefined && cursor.watching) cursor.front = cursor.fetchFrom = chunk.nextOffset;
    else if (chunk !== undefined) this.push(cursor, chunk);
    for (const arrival of this.arrivals.splice(0)) arrival();
    if (chunk !== undefined && chunk.nextOffset > answer.offset) for (const { wake } of this.wakers) wake();
  }

  learnEnd(offset: number): void {
    if (offset <= this.knownEnd) return;
    this.knownEnd = offset;
    for (const cursor of this.cursors) if (cursor.astray && cursor.fetchFrom <= offset) cursor.astray = false;
  }

  private ended(cursor: Cursor, fromOffset: number): LogBatch {
    cursor.lastReadMs = this.reading.nowMs();
    return { records: [], nextOffset: Math.max(fromOffset, cursor.front) };
  }

  private takeOrForget(cursor: Cursor, limits: ReadLimits): LogBatch | undefined {
    try {
      return this.takeFrom(cursor, limits);
    } catch (error) {
      cursor.chunks = [];
      cursor.bytes = 0;
      cursor.fetchFrom = cursor.front;
      if (cursor.unreadableAt === cursor.front) throw error;
      cursor.unreadableAt = cursor.front;
      return undefined;
    }
  }

  private takeFrom(cursor: Cursor, limits: ReadLimits): LogBatch | undefined {
    for (let chunk = cursor.chunks[0]; chunk !== undefined; chunk = cursor.chunks[0]) {
      const taken = chunk.take(limits.records, limits.bytes);
      if (taken.done) {
        cursor.chunks.shift();
        cursor.bytes -= chunk.bytes;
        this.reading.kick();
      }
      const last = taken.records.at(-1);
      cursor.front = taken.done ? chunk.nextOffset : last === undefined ? cursor.front : last.offset + 1;
      if (last !== undefined) {
        cursor.lastReadMs = this.reading.nowMs();
        return { records: taken.records, nextOffset: cursor.front };
      }
    }
    return undefined;
  }

  /** Gets more for a cursor that has nothing left; false where there is nothing. */
  private async fill(cursor: Cursor, bytes: number): Promise<boolean> {
    const offset = cursor.fetchFrom;
    const answer = await this.reading.fetchNow(offset, bytes);
    this.learnEnd(answer.highWatermark);
    if (answer.problem === 'out-of-range') return this.moveInside(cursor);
    // The follower may have been faster.
    if (cursor.fetchFrom !== offset) return true;
    if (answer.chunk !== undefined && answer.chunk.nextOffset > offset) {
      this.push(cursor, answer.chunk);
      // Others may wait at this offset, and the follower goes on behind it: nobody else tells them.
      for (const { wake } of this.wakers) wake();
      return true;
    }
    if (offset >= this.knownEnd) return false;
    await this.arrival();
    return true;
  }

  /** The broker has nothing at this offset: it is before the first one that is kept, or beyond the end. */
  private async moveInside(cursor: Cursor): Promise<boolean> {
    const start = await this.reading.startOffset();
    if (cursor.fetchFrom < start) {
      cursor.front = cursor.fetchFrom = start;
      cursor.astray = false;
      return true;
    }
    this.learnEnd(await this.reading.endOffset());
    if (cursor.fetchFrom >= this.knownEnd) {
      // Beyond the end: the follower asks again once there is something.
      cursor.astray = cursor.fetchFrom > this.knownEnd;
      return false;
    }
    await this.arrival();
    return true;
  }

  /** A leader that was just elected may not serve yet what its predecessor acknowledged. */
  private arrival(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ARRIVAL_MS);
      this.arrivals.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private push(cursor: Cursor, chunk: RecordChunk): void {
    cursor.chunks.push(chunk);
    cursor.bytes += chunk.bytes;
    cursor.fetchFrom = Math.max(cursor.fetchFrom, chunk.nextOffset);
  }

  private cursorAt(offset: number): Cursor {
    const known = this.cursors.find(({ front, reading }) => front === offset && !reading);
    if (known !== undefined) {
      known.watching = false;
      return known;
    }
    const cursor = newCursor(offset, false);
    const idle = this.cursors.filter(({ reading }) => !reading).sort((a, b) => a.lastReadMs - b.lastReadMs);
    if (this.cursors.length >= CURSORS_MAX && idle[0] !== undefined) this.drop(idle[0]);
    this.cursors.push(cursor);
    if (this.followed) this.reading.kick();
    return cursor;
  }

  private drop(cursor: Cursor): void {
    this.cursors = this.cursors.filter((one) => one !== cursor);
  }

  /** A subscriber that does not read is woken too: from the end on, and for what we appended ourselves while it was asked for. */
  private async watch(): Promise<void> {
    const before = this.appends;
    try {
      const end = await this.reading.endOffset();
      this.learnEnd(end);
      if (this.cursors.length === 0) this.cursors.push(newCursor(end, true));
      if (this.appends > before) for (const { wake } of this.wakers) wake();
    } catch {
      // The brokers do not answer: whoever reads is told so.
      await new Promise((resolve) => setTimeout(resolve, WATCH_PAUSE_MS));
      if (this.followed && this.cursors.length === 0) return this.watch();
    }
    this.reading.kick();
  }
}

function newCursor(offset: number, watching: boolean): Cursor {
  return {
    front: offset,
    fetchFrom: offset,
    chunks: [],
    bytes: 0,
    lastReadMs: 0,
    reading: false,
    following: false,
    astray: false,
    unreadableAt: -1,
    watching,
  };
}
