// Retention of the archive against a naive model, with crashes amid it and readers that hold an older listing.
import { describe, expect, test } from '@jest/globals';
import { keyOf, TOPIC_IDS, TOPICS, type TopicId } from '@tessera/contracts';
import type { ListedObject, ObjectStore } from '@tessera/object-store';
import { RetryableError } from '@tessera/runtime';
import { ArchiveFileWriter } from '../src/archive-file.js';
import { ArchiveRetention, EXPIRING_TOPICS } from '../src/archive-retention.js';
import { ArchivedEventLog } from '../src/archived-event-log.js';
import { LogArchive } from '../src/log-archive.js';
import { LogArchiver } from '../src/log-archiver.js';
import { HandClock, memoryLog, readAll, ticks } from './records.js';

const DAY_MS = 86_400_000;
const DAYS = 10;
const LOG = { clock: 'append', partitions: (topic: TopicId) => (TOPICS[topic].partitions === 'one' ? 1 : 2) } as const;

/** Objects in memory; a deletion may be broken off, before or after it took effect. */
class Objects implements ObjectStore {
  readonly kept = new Map<string, Uint8Array>();
  breakOff: 'before' | 'after' | undefined;
  deletions = 0;

  put(name: string, bytes: Uint8Array, { ifAbsent = false } = {}): Promise<'written' | 'present'> {
    if (ifAbsent && this.kept.has(name)) return Promise.resolve('present');
    this.kept.set(name, bytes);
    return Promise.resolve('written');
  }
  get(name: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.kept.get(name));
  }
  getRange(name: string, start: number, end: number): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.kept.get(name)?.subarray(start, end));
  }
  list(
    prefix: string,
    { after = '' }: { readonly after?: string | undefined } = {},
  ): Promise<{
    readonly objects: readonly ListedObject[];
    readonly next: undefined;
  }> {
    const names = [...this.kept.keys()].filter((name) => name.startsWith(prefix) && name > after).sort();
    return Promise.resolve({ objects: names.map((name) => ({ name, bytes: 1 })), next: undefined });
  }
  delete(name: string): Promise<void> {
    this.deletions += 1;
    if (this.breakOff === 'before') return Promise.reject(new RetryableError('broken off'));
    this.kept.delete(name);
    return this.breakOff === 'after' ? Promise.reject(new RetryableError('broken off')) : Promise.resolve();
  }
}

const openArchive = (store: ObjectStore): Promise<LogArchive> => LogArchive.open({ store, clock: 'append', partitions: 2 });

function firstsIn(objects: Objects, topic: TopicId, partition: number): readonly number[] {
  const folder = `archive/${topic}/${String(partition).padStart(5, '0')}/`;
  return [...objects.kept.keys()]
    .filter((name) => name.startsWith(folder))
    .sort()
    .map((name) => Number.parseInt(name.slice(folder.length), 10));
}

interface ModelFile {
  readonly first: number;
  readonly next: number;
  readonly highestStampMs: number;
}

/** Files of one partition, with stamps as they come: not in order. */
class Partition {
  readonly files: ModelFile[] = [];
  end = 0;

  constructor(
    private readonly archive: LogArchive,
    private readonly topic: TopicId,
    private readonly partition: number,
  ) {}

  async add(stamps: readonly number[]): Promise<void> {
    const first = this.end;
    const writer = new ArchiveFileWriter(this.topic, this.partition, first);
    for (const stampMs of stamps) {
      const value = { kind: 'tick', closing: false, source: this.end, effectiveMs: 0 } as const;
      await writer.add({ offset: this.end++, stampMs, key: keyOf('w', 'profile', 'p'), value });
    }
    const { bytes, next } = await writer.finish();
    await this.archive.put(this.topic, this.partition, { first, next }, bytes);
    this.files.push({ first, next, highestStampMs: Math.max(...stamps) });
  }

  /** What is to be left, said as the rule says it. */
  left(oldestMs: number): readonly ModelFile[] {
    return this.files.filter((_, i) => i === this.files.length - 1 || this.files.slice(0, i + 1).some(({ highestStampMs }) => highestStampMs >= oldestMs)); // prettier-ignore
  }
}

describe('retention of the archive', () => {
  test('leaves what the rule leaves, through crashes, under readers with older listings', async () => {
    let moved = 0;
    let brokenOff = 0;
    for (let seed = 1; seed <= 60; seed++) {
      let random = seed * 7_919;
      const next = (below: number): number => (random = (random * 48_271) % 2_147_483_647) % below;
      const clock = new HandClock();
      const objects = new Objects();
      const events = new Partition(await openArchive(objects), 'events', 1);
      const reader = await openArchive(objects);
      let deleter = new ArchiveRetention({ archive: await openArchive(objects), log: LOG, clock, daysOf: () => DAYS });
      let start = 0;
      for (let step = 0; step < 60; step++) {
        const what = next(10);
        if (what < 4 || events.end === 0)
          await events.add(Array.from({ length: 1 + next(5) }, () => clock.nowMs() - next(4 * DAY_MS)));
        else if (what < 6) clock.advance(next(5 * DAY_MS));
        else if (what < 8) {
          const oldestMs = clock.nowMs() - DAYS * DAY_MS;
          const before = firstsIn(objects, 'events', 1);
          const wanted = events.left(oldestMs).map(({ first }) => first);
          objects.breakOff = ([undefined, 'before', 'after'] as const)[next(3)];
          const failed = await deleter.deleteOld().then(
            () => false,
            () => true,
          );
          objects.breakOff = undefined;
          const amid = firstsIn(objects, 'events', 1);
          expect(before.slice(before.length - amid.length)).toEqual(amid);
          if (failed) {
            brokenOff += 1;
            deleter = new ArchiveRetention({ archive: await openArchive(objects), log: LOG, clock, daysOf: () => DAYS });
            await deleter.deleteOld();
          }
          // What an earlier round deleted stays deleted, also where the rule would keep it now: the clock only goes on.
          expect(firstsIn(objects, 'events', 1)).toEqual(wanted.filter((first) => first >= start));
          start = firstsIn(objects, 'events', 1)[0] as number;
        } else {
          let offset = next(events.end);
          await reader.range('events', 1, offset);
          let batch = await reader.read('events', 1, offset, { records: 3, bytes: 1 << 20 });
          // An older listing may move to where it thinks that the start is, and from there on.
          while (batch.records.length === 0) {
            moved += 1;
            expect([batch.nextOffset > offset, batch.nextOffset <= start]).toEqual([true, true]);
            offset = batch.nextOffset;
            batch = await reader.read('events', 1, offset, { records: 3, bytes: 1 << 20 });
          }
          expect(batch.records[0]?.offset).toBe(offset);
          expect(batch.records.map(({ value }) => value)).toEqual(
            batch.records.map((_, i) => ({ kind: 'tick', closing: false, source: offset + i, effectiveMs: 0 })),
          );
        }
      }
    }
    expect([moved > 50, brokenOff > 20]).toEqual([true, true]);
  }, 60_000);

  test('is of topics with days only: never of a compacted one, nor of one that has none, nor of the newest file', async () => {
    const clock = new HandClock();
    const objects = new Objects();
    const archive = await openArchive(objects);
    for (const topic of TOPIC_IDS.filter((one) => TOPICS[one].archived)) {
      const lane = new Partition(archive, topic, 0);
      for (let file = 0; file < 3; file++) await lane.add([clock.nowMs()]);
    }
    clock.advance(1_000 * DAY_MS);
    const retention = new ArchiveRetention({
      archive: await openArchive(objects),
      log: LOG,
      clock,
      daysOf: (topic) => (topic === 'audit' ? undefined : 1),
    });
    expect(EXPIRING_TOPICS).toEqual(['events', 'links', 'fragments', 'audit']);
    expect(await retention.deleteOld()).toBe(6);
    const left = (topic: TopicId): readonly number[] => firstsIn(objects, topic, 0);
    expect([left('events'), left('links'), left('fragments'), left('definitions'), left('audit')]).toEqual([
      [2],
      [2],
      [2],
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect([...retention.filesDeleted]).toEqual([
      ['events', 2],
      ['links', 2],
      ['fragments', 2],
      ['audit', 0],
    ]);
    expect(await retention.deleteOld()).toBe(0);
    expect(objects.deletions).toBe(6);
  });

  test('moves the start of the log that reads on from it: readers go on there, and the archiver behind it', async () => {
    const clock = new HandClock();
    const log = memoryLog(clock);
    const objects = new Objects();
    const archiver = new LogArchiver({ log, archive: await openArchive(objects), clock, fileRecords: 10 });
    const reader = new ArchivedEventLog(log, await openArchive(objects));
    const retention = new ArchiveRetention({ archive: await openArchive(objects), log, clock, daysOf: () => DAYS });
    for (let day = 0; day < 30; day++) {
      await log.append('events', 0, ticks(10, day * 10));
      await archiver.archive();
      clock.advance(DAY_MS);
    }
    await log.cutHead('events', 0, 250);
    expect((await readAll(reader)).map(({ offset }) => offset)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(await retention.deleteOld()).toBe(20);
    const fresh = new ArchivedEventLog(log, await openArchive(objects));
    expect(await fresh.startOffset('events', 0)).toBe(200);
    for (const each of [reader, fresh])
      expect((await readAll(each, 'events', 0, { records: 7, bytes: 1 << 20 }, 55)).map(({ offset }) => offset)).toEqual(
        expect.arrayContaining(Array.from({ length: 100 }, (_, i) => 200 + i)),
      );
    await log.append('events', 0, ticks(10, 300));
    expect(await archiver.archive()).toBe(1);
    expect(firstsIn(objects, 'events', 0).at(-1)).toBe(300);
  });

  test('an archiver that slept while its file was made and let go of by others writes none in its place', async () => {
    const clock = new HandClock();
    const log = memoryLog(clock);
    const objects = new Objects();
    const sleeper = new LogArchiver({ log, archive: await openArchive(objects), clock, fileRecords: 10 });
    const other = new LogArchiver({ log, archive: await openArchive(objects), clock, fileRecords: 10 });
    await log.append('events', 0, ticks(10));
    await sleeper.archive();
    await log.append('events', 0, ticks(30, 10));
    await other.archive();
    clock.advance(20 * DAY_MS);
    await new ArchiveRetention({ archive: await openArchive(objects), log, clock, daysOf: () => 5 }).deleteOld();
    expect(firstsIn(objects, 'events', 0)).toEqual([30]);
    expect(await sleeper.archive()).toBe(0);
    expect(firstsIn(objects, 'events', 0)).toEqual([30]);
  });

  test('a file that is gone from amid others is damage, not retention', async () => {
    const objects = new Objects();
    const events = new Partition(await openArchive(objects), 'events', 0);
    for (let file = 0; file < 3; file++) await events.add([1, 2]);
    const name = [...objects.kept.keys()].sort()[1] as string;
    objects.kept.delete(name);
    const reader = await openArchive(objects);
    await reader.range('events', 0);
    await expect(reader.read('events', 0, 2, { records: 1, bytes: 1 })).rejects.toThrow(
      'no file holds the offset 2 of events[0], which is amid others; restore this object from a copy of the store',
    );
  });
});
