import { afterEach, describe, expect, test } from '@jest/globals';
import { FolderObjectStore, listAll } from '@tessera/object-store';
import { LogArchiver, type LogArchiverOptions } from '../src/log-archiver.js';
import { HandClock, memoryLog, newFolder, openArchive, readAll, removeFolders, ticks } from './records.js';
import { ArchivedEventLog } from '../src/archived-event-log.js';
import { LogRetention } from '../src/log-retention.js';

afterEach(removeFolders);

const HOUR_MS = 3_600_000;

async function filesIn(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of listAll(await FolderObjectStore.open(folder), 'archive/events/')) names.push(name);
  return names;
}

async function setUp(options: Partial<LogArchiverOptions> = {}) {
  const clock = new HandClock();
  const log = memoryLog(clock);
  const folder = newFolder();
  const archive = await openArchive(folder);
  return { clock, log, folder, archive, archiver: new LogArchiver({ log, archive, clock, fileRecords: 100, ...options }) };
}

describe('the archiver', () => {
  test('archives what fills a file, and the rest once it has waited long enough', async () => {
    const { clock, log, folder, archiver, archive } = await setUp();
    await log.append('events', 0, ticks(250));
    await log.append('events', 1, ticks(5));
    expect(await archiver.archive()).toBe(2);
    expect(await filesIn(folder)).toEqual([
      'archive/events/00000/0000000000000000.ndjson.zst',
      'archive/events/00000/0000000000000100.ndjson.zst',
    ]);
    expect(archiver.progress().filter(({ endOffset }) => endOffset > 0)).toEqual([
      { topic: 'events', partition: 0, archivedTo: 200, endOffset: 250, lagRecords: 50, lagMs: 0 },
      { topic: 'events', partition: 1, archivedTo: 0, endOffset: 5, lagRecords: 5, lagMs: 0 },
    ]);
    clock.advance(HOUR_MS - 1);
    expect(await archiver.archive()).toBe(0);
    expect(archiver.progress()[1]?.lagMs).toBe(HOUR_MS - 1);
    expect(archiver.progress()[0]?.lagMs).toBe(HOUR_MS - 1);
    clock.advance(1);
    expect(await archiver.archive()).toBe(2);
    expect(await archive.range('events', 0)).toEqual({ start: 0, end: 250 });
    expect(await archive.range('events', 1)).toEqual({ start: 0, end: 5 });
    expect(archiver.progress().every(({ lagRecords, lagMs }) => lagRecords === 0 && lagMs === 0)).toBe(true);
    expect([archiver.filesWritten, archiver.recordsWritten, archiver.failures].map((counts) => counts.get('events'))).toEqual([
      4, 255, 0,
    ]);
    expect(archiver.bytesWritten.get('events')).toBeGreaterThan(1_000);
    expect(archiver.filesWritten.get('links')).toBe(0);
  });

  test('closes a file by its bytes too', async () => {
    const { log, archiver, folder } = await setUp({ fileBytes: 2_000, fileRecords: 10_000 });
    await log.append('events', 0, ticks(100));
    const files = await archiver.archive();
    expect(files).toBeGreaterThan(3);
    expect(await filesIn(folder)).toHaveLength(files);
  });

  test('goes on where another one ended, whose files are never touched', async () => {
    const { clock, log, folder, archiver } = await setUp();
    await log.append('events', 0, ticks(150));
    await archiver.archive({ all: true });
    const archive = await openArchive(folder);
    await log.append('events', 0, ticks(150, 150));
    await new LogArchiver({ log, archive, clock, fileRecords: 70 }).archive({ all: true });
    expect((await filesIn(folder)).map((name) => Number(name.slice(-27, -11)))).toEqual([0, 100, 150, 220, 290]);
    expect((await readAll(new ArchivedEventLog(log, archive))).map(({ offset }) => offset)).toEqual(
      Array.from({ length: 300 }, (_, i) => i),
    );
  });

  test('races with others without a gap, an overlap or a record twice', async () => {
    const clock = new HandClock();
    const log = memoryLog(clock);
    const folder = newFolder();
    const rivals = await Promise.all(
      [7, 11, 13, 100].map(
        async (fileRecords) => new LogArchiver({ log, archive: await openArchive(folder), clock, fileRecords }),
      ),
    );
    for (let round = 0; round < 10; round++) {
      const appended = log.append('events', 0, ticks(97, round * 97));
      await Promise.all(rivals.map((rival) => rival.archive({ all: round % 3 === 0 })));
      await appended;
    }
    await Promise.all(rivals.map((rival) => rival.archive({ all: true })));
    const before = await readAll(log);
    await log.cutHead('events', 0, await log.endOffset('events', 0));
    expect(await readAll(log)).toEqual([]);
    expect(await readAll(new ArchivedEventLog(log, await openArchive(folder)))).toEqual(before);
    expect(rivals.filter(({ filesWritten }) => (filesWritten.get('events') ?? 0) > 0).length).toBeGreaterThan(1);
    expect(rivals.reduce((sum, { recordsWritten }) => sum + (recordsWritten.get('events') ?? 0), 0)).toBe(970);
  });

  test('says what was let go before it was archived, and goes on with other partitions', async () => {
    const failures: string[] = [];
    const { log, archiver } = await setUp({
      failed: (topic, partition, error) => failures.push(`${topic} ${String(partition)} ${String(error)}`),
    });
    await log.append('events', 0, ticks(10));
    await archiver.archive({ all: true });
    await log.append('events', 0, ticks(10, 10));
    await log.append('events', 1, ticks(10));
    await log.cutHead('events', 0, 15);
    expect(await archiver.archive({ all: true })).toBe(1);
    expect(failures).toEqual([
      expect.stringMatching(/^events 0 .*the log begins at 15, the archive ends at 10: records between them were let go/),
    ]);
  });

  test('tells how long it has not gone over everything without a failure, and how old the oldest record is meanwhile', async () => {
    const { clock, log, archive } = await setUp();
    const full = new LogArchiver({ log, archive, clock, fileRecords: 100, failed: () => undefined });
    const put = archive.put.bind(archive);
    archive.put = () => Promise.reject(new Error('the disk is full'));
    await full.archive();
    clock.advance(1_000);
    expect(full.stalenessMs()).toBe(1_000);
    await log.append('events', 0, ticks(100));
    for (let round = 0; round < 3; round++) {
      clock.advance(60_000);
      expect(await full.archive()).toBe(0);
    }
    expect([full.stalenessMs(), full.progress()[0], full.failures.get('events')]).toMatchObject([
      181_000,
      { lagRecords: 100, lagMs: 180_000 },
      3,
    ]);
    archive.put = put;
    expect(await full.archive()).toBe(1);
    expect([full.stalenessMs(), full.progress()[0]]).toMatchObject([0, { lagRecords: 0, lagMs: 0 }]);
  });

  test('leaves an archive alone that is ahead of the log: the log was restored to an earlier moment', async () => {
    const { clock, log, folder, archiver } = await setUp();
    await log.append('events', 0, ticks(10));
    await archiver.archive({ all: true });
    const restored = memoryLog(clock);
    await restored.append('events', 0, ticks(7));
    const again = new LogArchiver({ log: restored, archive: await openArchive(folder), clock });
    await expect(again.archive({ all: true })).rejects.toThrow(
      'events[0]: the archive ends at 10, beyond the log, which ends at 7: the log was restored to an earlier moment',
    );
    expect(await filesIn(folder)).toHaveLength(1);
  });

  test('archives nothing of topics that are made again from others', async () => {
    const { log, archiver } = await setUp();
    await log.append('segment-changes', 0, ticks(10));
    await log.append('segment-memberships', 0, ticks(10));
    expect(await archiver.archive({ all: true })).toBe(0);
  });

  test('works in the background until it is stopped', async () => {
    const { log, archive, archiver } = await setUp();
    archiver.start();
    await log.append('fragments', 1, ticks(100));
    while ((await archive.range('fragments', 1))?.end !== 100) await new Promise((resolve) => setTimeout(resolve, 1));
    await archiver.stop();
  });

  test('refuses an archive of another log', async () => {
    const folder = newFolder();
    await openArchive(folder);
    await expect(openArchive(folder, 5)).rejects.toThrow(/is of another log: found .*"partitions":2.*choose another prefix/);
  });
});

describe('retention', () => {
  test('lets go of what is archived and older than its days, and of no other record', async () => {
    const { clock, log, archive, archiver } = await setUp();
    const retention = new LogRetention({ log, cutter: log, clock, archive, archivedDays: 7 });
    for (let day = 0; day < 10; day++) {
      await log.append('events', 0, ticks(10, day * 10));
      await log.append('segment-changes', 0, ticks(10, day * 10));
      await log.append('segment-memberships', 0, ticks(10, day * 10));
      clock.advance(24 * HOUR_MS);
    }
    const all = await readAll(log);
    await retention.cut();
    expect(await log.startOffset('events', 0)).toBe(0);
    await archiver.archive({ all: true });
    await retention.cut();
    expect(await log.startOffset('events', 0)).toBe(30);
    expect(await log.startOffset('segment-changes', 0)).toBe(0);
    expect([retention.recordsCut, retention.cuts].map((counts) => counts.get('events'))).toEqual([30, 1]);
    expect(await readAll(new ArchivedEventLog(log, archive))).toEqual(all);
    clock.advance(25 * 24 * HOUR_MS);
    await retention.cut();
    expect(await log.startOffset('events', 0)).toBe(100);
    expect(await log.startOffset('segment-changes', 0)).toBe(50);
    expect(await log.startOffset('segment-memberships', 0)).toBe(0);
    expect(await readAll(new ArchivedEventLog(log, archive))).toEqual(all);
  });
});
