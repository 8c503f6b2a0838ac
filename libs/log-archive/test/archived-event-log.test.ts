import { afterEach, describe, expect, test } from '@jest/globals';
import type { TopicId } from '@tessera/contracts';
import { MemoryEventLog } from '@tessera/log-memory';
import { FolderObjectStore } from '@tessera/object-store';
import type { EventLog, LogRecord, NewRecord, ReadLimits } from '@tessera/runtime';
import { eventLogContract, type EventLogConditions, type EventLogSubject } from '@tessera/testkit';
import fc from 'fast-check';
import { ArchivedEventLog } from '../src/archived-event-log.js';
import { LogArchive } from '../src/log-archive.js';
import { ARCHIVED_TOPICS, LogArchiver } from '../src/log-archiver.js';
import { HandClock, memoryLog, newFolder, NO_LIMITS, openArchive, readAll, removeFolders, ticks } from './records.js';

afterEach(removeFolders);

const jsonValues = fc.sample(fc.jsonValue({ depthSize: 'large', stringUnit: 'binary' }), { numRuns: 500, seed: 20_260_105 });

/** What a log is that is archived and cut behind every append: all of it, or all but the last records, is read from the archive. */
class AtOnceArchived extends ArchivedEventLog {
  constructor(
    private readonly memory: MemoryEventLog,
    archive: LogArchive,
    private readonly archiver: LogArchiver,
    private readonly kept: number,
  ) {
    super(memory, archive);
  }

  private turn: Promise<unknown> = Promise.resolve();

  override async append(
    topic: TopicId,
    partition: number,
    records: readonly NewRecord[],
  ): Promise<{ readonly firstOffset: number }> {
    const appended = super.append(topic, partition, records);
    if (!ARCHIVED_TOPICS.includes(topic)) return appended;
    const archived = this.turn.then(async () => {
      await appended;
      await this.archiver.archive({ all: true });
      await this.memory.cutHead(topic, partition, (await this.memory.endOffset(topic, partition)) - this.kept);
    });
    this.turn = archived.catch(() => undefined);
    await archived;
    return appended;
  }
}

async function subject(conditions: EventLogConditions, kept: number | undefined): Promise<EventLogSubject> {
  const memory = new MemoryEventLog(conditions);
  const { clock, partitions } = conditions;
  const archive = await LogArchive.open({ store: await FolderObjectStore.open(newFolder()), clock, partitions });
  const archiver = new LogArchiver({ log: memory, archive, clock: new HandClock(), fileRecords: 700 });
  const log = kept === undefined ? new ArchivedEventLog(memory, archive) : new AtOnceArchived(memory, archive, archiver, kept);
  return { log, conditions, compact: (topic) => Promise.resolve(memory.compact(topic)), dispose: () => log.close() };
}

const runner = { describe, test };
for (const [name, kept] of [
  ['with nothing archived', undefined],
  ['with everything archived', 0],
  ['with all but two records archived', 2],
] as const) {
  eventLogContract(
    `ArchivedEventLog ${name}`,
    { offers: ['compact', 'wall-clock'], open: (conditions) => subject(conditions, kept), jsonValues },
    runner,
  );
}

/** A broker that lets go of its head at any moment of a read: before it, within it, or behind it. */
class CuttingLog extends MemoryEventLog {
  cutting: (() => Promise<void>) | undefined;
  refuses = false;

  override async read(topic: TopicId, partition: number, fromOffset: number, limits: ReadLimits) {
    if (this.refuses && fromOffset < (await this.startOffset(topic, partition))) throw new Error('offset out of range');
    await this.cutting?.();
    const batch = await super.read(topic, partition, fromOffset, limits);
    await this.cutting?.();
    return batch;
  }

  override async startOffset(topic: TopicId, partition: number): Promise<number> {
    const start = await super.startOffset(topic, partition);
    await this.cutting?.();
    return start;
  }
}

async function cuttingLog() {
  const clock = new HandClock();
  const broker = new CuttingLog({ clock: 'append', nowMs: () => clock.nowMs(), partitions: 2 });
  const folder = newFolder();
  const archiver = new LogArchiver({ log: broker, archive: await openArchive(folder), clock, fileRecords: 37 });
  const log = new ArchivedEventLog(broker, await openArchive(folder));
  return { broker, archiver, log };
}

describe('the seam between archive and broker', () => {
  for (const refuses of [false, true]) {
    test(`gives every record once, in order, while the head is cut behind every call${refuses ? ', by a broker that refuses what it let go' : ''}`, async () => {
      let seams = 0;
      for (let seed = 0; seed < 25; seed++) {
        const { broker, archiver, log } = await cuttingLog();
        broker.refuses = refuses;
        let random = seed * 7_919 + 1;
        const next = (below: number): number => (random = (random * 48_271) % 2_147_483_647) % below;
        await broker.append('events', 0, ticks(200));
        await archiver.archive();
        let archivedTo = 185;
        broker.cutting = async () => {
          if (next(3) !== 0) return;
          const start = await MemoryEventLog.prototype.startOffset.call(broker, 'events', 0);
          await broker.cutHead('events', 0, Math.min(archivedTo, start + next(60)));
        };
        const seen: LogRecord[] = [];
        let appended = 200;
        for (let offset = next(30), first = offset; seen.length === 0 || offset < 400;) {
          const batch = await log.read('events', 0, offset, { records: 1 + next(50), bytes: NO_LIMITS.bytes });
          for (const record of batch.records) {
            if (record.offset !== seen.length + first)
              throw new Error(`${String(record.offset)} after ${String(seen.length + first - 1)}`);
            seen.push(record);
          }
          offset = batch.nextOffset;
          if (appended < 400) {
            await broker.append('events', 0, ticks(10, appended));
            appended += 10;
          }
          if (next(4) === 0) {
            await archiver.archive({ all: next(2) === 0 });
            archivedTo = archiver.progress()[0]?.archivedTo ?? 0;
          }
        }
        if ((await broker.startOffset('events', 0)) > 0) seams += 1;
        expect(seen.at(-1)?.offset).toBe(399);
        expect(seen.every(({ value, offset }) => value?.kind === 'tick' && value.source === offset)).toBe(true);
      }
      expect(seams).toBeGreaterThan(20);
    });
  }

  test('starts where the archive starts, and a read from before goes there', async () => {
    const { broker, archiver, log } = await cuttingLog();
    await broker.append('events', 0, ticks(100));
    await broker.cutHead('events', 0, 20);
    expect(await log.startOffset('events', 0)).toBe(20);
    await archiver.archive({ all: true });
    await broker.cutHead('events', 0, 90);
    expect(await log.startOffset('events', 0)).toBe(20);
    expect((await readAll(log)).map(({ offset }) => offset)).toEqual(Array.from({ length: 80 }, (_, i) => 20 + i));
  });

  test('is told of, where records are neither here nor there', async () => {
    const { broker, archiver, log } = await cuttingLog();
    await broker.append('events', 0, ticks(50));
    await archiver.archive({ all: true });
    await broker.append('events', 0, ticks(50, 50));
    await broker.cutHead('events', 0, 70);
    await expect(readAll(log)).rejects.toThrow(
      'events[0]: the records from 50 to 69 are neither in the archive nor in the broker',
    );
  });

  test('is crossed in small reads, by records and by bytes', async () => {
    const clock = new HandClock();
    const broker = memoryLog(clock);
    const folder = newFolder();
    await broker.append('events', 1, ticks(3_000));
    const all = await readAll(broker, 'events', 1);
    await new LogArchiver({ log: broker, archive: await openArchive(folder), clock, fileRecords: 1_250 }).archive();
    await broker.cutHead('events', 1, 2_100);
    const log: EventLog = new ArchivedEventLog(broker, await openArchive(folder));
    for (const limits of [
      { records: 1, bytes: 1 << 20 },
      { records: 333, bytes: 1 << 20 },
      { records: 5_000, bytes: 1 },
      { records: 5_000, bytes: 5_000 },
    ])
      expect(await readAll(log, 'events', 1, limits)).toEqual(all);
    expect((await log.read('events', 1, 10, { records: 333, bytes: 1 << 20 })).records).toHaveLength(333);
    expect((await log.read('events', 1, 10, { records: 333, bytes: 1 })).records).toHaveLength(1);
  });
});
