// The archive of a log: immutable files in an ObjectStore, named by topic, partition and first offset.
//   <prefix>log.json                                   what log it is of: clock and partition count
//   <prefix><topic>/<partition>/<first offset>.ndjson.zst
// A1 The files of a partition follow each other: no gap, no overlap. A file is there whole or not at all, and never written over (only an erasure
//    rewrites one, under its name and for its offsets).
// A2 Several archivers may write: of two that name the same first offset one wins, and the other goes on behind the winner's file.
// A3 Bounded memory: 8 bytes per file of a partition that is read, 64 MiB of files, some decoded blocks.
import type { TopicId } from '@tessera/contracts';
import type { ObjectStore } from '@tessera/object-store';
import { listAll } from '@tessera/object-store';
import type { LogBatch, LogClock, LogRecord, ReadLimits } from '@tessera/runtime';
import { ArchiveFile, CorruptArchiveError } from './archive-file.js';

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

  /** From an offset inside of the range on, to the end of its file at most; `records` may be empty where `nextOffset` goes on. */
  async read(topic: TopicId, partition: number, fromOffset: number, limits: ReadLimits): Promise<LogBatch> {
    const file = await this.fileAt(this.lane(topic, partition), fromOffset);
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
    const known = lane.firsts.at(-1);
    const found: number[] = [];
    for await (const { name } of listAll(this.store, lane.folder, known === undefined ? undefined : nameOf(lane, known))) {
      const first = firstOf(lane, name);
      if (first !== undefined) found.push(first);
    }
    const last = found.at(-1);
    if (last === undefined) return;
    const { header } = await this.file(nameOf(lane, last));
    lane.firsts.push(...found.filter((first) => first > (lane.firsts.at(-1) ?? -1)));
    lane.end = header.next;
  }

  private async fileAt(lane: Lane, offset: number): Promise<ArchiveFile> {
    let low = 0;
    let high = lane.firsts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((lane.firsts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const file = await this.file(nameOf(lane, lane.firsts[low] ?? 0));
    if (file.blockAt(offset) >= 0) return file;
    throw new CorruptArchiveError(
      file.name,
      `no file of ${lane.place} holds the offset ${String(offset)}, which is between others`,
    );
  }

  private async file(name: string): Promise<ArchiveFile> {
    const cached = this.files.get(name);
    if (cached !== undefined) {
      this.files.delete(name);
      this.files.set(name, cached);
      return cached;
    }
    const bytes = await this.store.get(name);
    if (bytes === undefined) throw new CorruptArchiveError(name, 'it was listed, and is not there');
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

function nameOf({ folder }: Lane, first: number): string {
  return `${folder}${String(first).padStart(OFFSET_DIGITS, '0')}${SUFFIX}`;
}

/** Undefined for what is no file of the archive. */
function firstOf({ folder }: Lane, name: string): number | undefined {
  const [, digits] = /^(\d{16})\.ndjson\.zst$/.exec(name.slice(folder.length)) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
