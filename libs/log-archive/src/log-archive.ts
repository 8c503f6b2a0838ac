// The archive of a log: immutable files in an ObjectStore, named by topic, partition and first offset.
//   <prefix>log.json                                   what log it is of: clock and partition count
//   <prefix><topic>/<partition>/<first offset>.ndjson.zst
// A1 The files of a partition follow each other: no gap, no overlap. A file is there whole or not at all, and never written over (only an erasure
//    rewrites one, under its name and for its offsets).
// A2 Several archivers may write: of two that name the same first offset one wins, and the other goes on behind the winner's file.
// A3 Files go from the beginning only (ArchiveRetention), one after another, never the newest: what is left has no gap, whenever the end comes.
//    Whoever holds an older listing is told where the archive starts now.
// A4 Bounded memory: 8 bytes per file of a partition that is read, 64 MiB of files, some decoded blocks.
import type { TopicId } from '@tessera/contracts';
import type { ObjectStore } from '@tessera/object-store';
import { listAll } from '@tessera/object-store';
import type { LogBatch, LogClock, LogRecord, ReadLimits } from '@tessera/runtime';
import { ArchiveFile, CorruptArchiveError, headerEnd, parseHeader } from './archive-file.js';
import type { ArchiveHeader } from './archive-file.js';

export interface LogArchiveOptions {
  readonly store: ObjectStore;
  /** Of the log: an archive belongs to one log, and says so. */
  readonly clock: LogClock;
  readonly partitions: number;
  /** Before every name, ending with `/`. Default `archive/`. */
  readonly prefix?: string;
}

/** Offsets that are archived: [start, end). */
export interface ArchivedRange {
  readonly start: number;
  readonly end: number;
}

interface Lane {
  readonly folder: string;
  readonly place: string;
  /** First offsets of the files, rising. */
  readonly firsts: number[];
  end: number;
  refreshing: Promise<void> | undefined;
}

const OFFSET_DIGITS = 16;
const SUFFIX = '.ndjson.zst';
const CACHED_BYTES_MAX = 64 << 20;
const DECODED_BLOCKS_MAX = 32;
/** Most headers are within. */
const HEADER_BYTES = 16 << 10;
/** A newest file that is gone again when it is read: that often another one has come meanwhile. */
const LISTINGS_MAX = 3;

export class LogArchive {
  private readonly lanes = new Map<string, Lane>();
  private readonly files = new Map<string, ArchiveFile>();
  private cachedBytes = 0;
  private readonly blocks = new Map<string, readonly LogRecord[]>();

  private constructor(
    private readonly store: ObjectStore,
    private readonly prefix: string,
  ) {}

  /** Throws where the archive under this prefix is of a log with another clock or partition count. */
  static async open({ store, clock, partitions, prefix = 'archive/' }: LogArchiveOptions): Promise<LogArchive> {
    const name = `${prefix}log.json`;
    const own = Buffer.from(JSON.stringify({ version: 1, clock, partitions }));
    if ((await store.put(name, own, { ifAbsent: true })) === 'present') {
      const found = Buffer.from((await store.get(name)) ?? new Uint8Array(0));
      if (!found.equals(own))
        throw new Error(
          `${name} is of another log: found ${found.toString('utf8')}, this one is ${own.toString('utf8')}; choose another prefix`,
        );
    }
    return new LogArchive(store, prefix);
  }

  /** What is archived of a partition; undefined for nothing. Looks for new files where `atLeast` is beyond what is known. */
  async range(topic: TopicId, partition: number, atLeast = Infinity): Promise<ArchivedRange | undefined> {
    const lane = this.lane(topic, partition);
    if (lane.firsts.length === 0 || atLeast >= lane.end) await this.refresh(lane);
    const [start] = lane.firsts;
    return start === undefined ? undefined : { start, end: lane.end };
  }

  /** A file of the offsets [first, next), made by ArchiveFileWriter. `present`: another archiver was first. */
  async put(
    topic: TopicId,
    partition: number,
    { first, next }: { readonly first: number; readonly next: number },
    bytes: Uint8Array,
  ): Promise<'written' | 'present'> {
    const lane = this.lane(topic, partition);
    const put = await this.store.put(nameOf(lane, first), bytes, { ifAbsent: true });
    if (put === 'present') await this.refresh(lane);
    else if (first > (lane.firsts.at(-1) ?? -1)) {
      lane.firsts.push(first);
      lane.end = next;
    }
    return put;
  }

  /**
   * From an offset inside of the range on, to the end of its file at most. `records` may be empty where `nextOffset` goes on: also where the
   * start of the archive has moved beyond the offset, then it is the new start.
   */
  async read(topic: TopicId, partition: number, fromOffset: number, limits: ReadLimits): Promise<LogBatch> {
    const lane = this.lane(topic, partition);
    const file = await this.fileAt(lane, fromOffset);
    if (file === undefined) return { records: [], nextOffset: await this.movedStart(lane, fromOffset) };
    const records: LogRecord[] = [];
    let bytes = 0;
    let nextOffset = fromOffset;
    for (let index = file.blockAt(fromOffset); index < file.header.blocks.length; index++) {
      const { next, rawBytes } = file.header.blocks[index] as (typeof file.header.blocks)[0];
      for (const record of await this.block(file, index, rawBytes)) {
        if (record.offset < fromOffset) continue;
        const recordBytes = rawBytes / Math.max(1, (file.header.blocks[index] as { records: number }).records);
        const full = records.length >= limits.records || bytes + recordBytes > limits.bytes;
        if (records.length > 0 && full) return { records, nextOffset: record.offset };
        records.push(record);
        bytes += recordBytes;
      }
      nextOffset = next;
    }
    return { records, nextOffset };
  }

  /** The header of the oldest file of a partition, where a newer one follows it; else undefined. Looks for new files first. */
  async oldest(topic: TopicId, partition: number): Promise<ArchiveHeader | undefined> {
    const lane = this.lane(topic, partition);
    await this.refresh(lane);
    for (;;) {
      const [first, second] = lane.firsts;
      if (first === undefined || second === undefined) return undefined;
      const header = await this.header(nameOf(lane, first));
      if (header !== undefined) return header;
      await this.movedStart(lane, first);
    }
  }

  /** Deletes the oldest file, as `oldest` gave it: its offsets are gone then. A success where it is gone already. Throws RangeError for another one. */
  async deleteOldest(topic: TopicId, partition: number, first: number): Promise<void> {
    const lane = this.lane(topic, partition);
    if (first < (lane.firsts[0] ?? Infinity)) return;
    if (first !== lane.firsts[0] || lane.firsts.length < 2)
      throw new RangeError(
        `${lane.place}: the file from ${String(first)} is not the oldest one with another behind it: it is kept`,
      );
    const name = nameOf(lane, first);
    await this.store.delete(name);
    if (lane.firsts[0] === first) lane.firsts.shift();
    this.cachedBytes -= this.files.get(name)?.bytes ?? 0;
    this.files.delete(name);
  }

  private lane(topic: TopicId, partition: number): Lane {
    const place = `${topic}[${String(partition)}]`;
    let lane = this.lanes.get(place);
    if (lane === undefined) {
      const folder = `${this.prefix}${topic}/${String(partition).padStart(5, '0')}/`;
      lane = { folder, place, firsts: [], end: 0, refreshing: undefined };
      this.lanes.set(place, lane);
    }
    return lane;
  }

  private refresh(lane: Lane): Promise<void> {
    return (lane.refreshing ??= this.findNew(lane).finally(() => {
      lane.refreshing = undefined;
    }));
  }

  private async findNew(lane: Lane): Promise<void> {
    for (let listings = 1; ; listings++) {
      const found = await this.firstsFrom(lane, lane.firsts.at(-1));
      const last = found.at(-1);
      if (last === undefined) return;
      const file = await this.file(nameOf(lane, last));
      if (file !== undefined) {
        lane.firsts.push(...found.filter((first) => first > (lane.firsts.at(-1) ?? -1)));
        lane.end = file.header.next;
        return;
      }
      if (listings === LISTINGS_MAX) throw missing(nameOf(lane, last));
    }
  }

  /** Listed now, behind the file of the offset `after`. */
  private async firstsFrom(lane: Lane, after: number | undefined): Promise<readonly number[]> {
    const found: number[] = [];
    for await (const { name } of listAll(this.store, lane.folder, after === undefined ? undefined : nameOf(lane, after))) {
      const first = firstOf(lane, name);
      if (first !== undefined) found.push(first);
    }
    return found;
  }

  /** The start beyond an offset whose file is not there. Throws where files before or at it are: then it is lost, and was not deleted by its age. */
  private async movedStart(lane: Lane, offset: number): Promise<number> {
    const [known] = lane.firsts;
    if (known !== undefined && known > offset) return known;
    const [start] = await this.firstsFrom(lane, undefined);
    if (start === undefined || start <= offset)
      throw new CorruptArchiveError(
        lane.folder,
        `no file holds the offset ${String(offset)} of ${lane.place}, which is amid others`,
      );
    const kept = lane.firsts.findIndex((first) => first >= start);
    lane.firsts.splice(0, kept < 0 ? lane.firsts.length : kept);
    if (lane.firsts.length === 0) await this.refresh(lane);
    return start;
  }

  /** Undefined where no file that is there holds the offset. */
  private async fileAt(lane: Lane, offset: number): Promise<ArchiveFile | undefined> {
    let low = 0;
    let high = lane.firsts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((lane.firsts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const file = await this.file(nameOf(lane, lane.firsts[low] ?? 0));
    return file !== undefined && file.blockAt(offset) >= 0 ? file : undefined;
  }

  /** Undefined where there is no such file. */
  private async header(name: string): Promise<ArchiveHeader | undefined> {
    const cached = this.files.get(name);
    if (cached !== undefined) return cached.header;
    let bytes = await this.store.getRange(name, 0, HEADER_BYTES);
    if (bytes !== undefined && headerEnd(name, bytes) > bytes.length)
      bytes = await this.store.getRange(name, 0, headerEnd(name, bytes));
    return bytes === undefined ? undefined : parseHeader(name, bytes).header;
  }

  /** Undefined where there is no such file. */
  private async file(name: string): Promise<ArchiveFile | undefined> {
    const cached = this.files.get(name);
    if (cached !== undefined) {
      this.files.delete(name);
      this.files.set(name, cached);
      return cached;
    }
    const bytes = await this.store.get(name);
    if (bytes === undefined) return undefined;
    const file = ArchiveFile.open(name, bytes);
    if (nameOf(this.lane(file.header.topic as TopicId, file.header.partition), file.header.first) !== name)
      throw new CorruptArchiveError(
        name,
        `it holds ${file.header.topic}[${String(file.header.partition)}] from ${String(file.header.first)}`,
      );
    this.files.set(name, file);
    this.cachedBytes += file.bytes;
    for (const [oldest, { bytes: freed }] of this.files) {
      if (this.cachedBytes <= CACHED_BYTES_MAX || oldest === name) break;
      this.files.delete(oldest);
      this.cachedBytes -= freed;
    }
    return file;
  }

  /** Blocks above the usual size are not kept: one record of them may be megabytes. */
  private async block(file: ArchiveFile, index: number, rawBytes: number): Promise<readonly LogRecord[]> {
    const name = `${file.name}#${String(index)}`;
    const cached = this.blocks.get(name);
    if (cached !== undefined) return cached;
    const records = await file.read(index);
    if (rawBytes > 1 << 20) return records;
    this.blocks.set(name, records);
    if (this.blocks.size > DECODED_BLOCKS_MAX) this.blocks.delete(this.blocks.keys().next().value as string);
    return records;
  }
}

function missing(name: string): CorruptArchiveError {
  return new CorruptArchiveError(name, 'it was listed, and is not there');
}

function nameOf({ folder }: Lane, first: number): string {
  return `${folder}${String(first).padStart(OFFSET_DIGITS, '0')}${SUFFIX}`;
}

/** Undefined for what is no file of the archive. */
function firstOf({ folder }: Lane, name: string): number | undefined {
  const [, digits] = /^(\d{16})\.ndjson\.zst$/.exec(name.slice(folder.length)) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
