// The archive over a real Kafka whose head is really cut, by deleteRecords, as its retention does.
import { randomUUID } from 'node:crypto';
import { Admin } from '@platformatic/kafka';
import { afterAll, describe, expect, test } from '@jest/globals';
import { topicName } from '@tessera/contracts';
import { KafkaEventLog } from '@tessera/log-kafka';
import { systemClock, type LogRecord } from '@tessera/runtime';
import { eventLogContract, type EventLogConditions, type EventLogSubject } from '@tessera/testkit';
import { FolderObjectStore } from '@tessera/object-store';
import { ArchivedEventLog } from '../src/archived-event-log.js';
import { LogArchive } from '../src/log-archive.js';
import { LogArchiver } from '../src/log-archiver.js';
import { newFolder, readAll, removeFolders, ticks } from './records.js';

afterAll(removeFolders);

function brokers(): string[] {
  const found = process.env['TESSERA_TEST_KAFKA'] ?? '';
  if (found === '') throw new Error('TESSERA_TEST_KAFKA names no broker: run this test by `npm run test:services`');
  return found.split(',');
}

const prefixOf = (): string => `a${randomUUID().slice(0, 8)}`;

async function openKafka(
  prefix: string,
  { clock, partitions }: Pick<EventLogConditions, 'clock' | 'partitions'>,
): Promise<KafkaEventLog> {
  return KafkaEventLog.open({ connection: { brokers: brokers(), clientId: 'test' }, clock, partitions, prefix });
}

async function subject(conditions: EventLogConditions): Promise<EventLogSubject> {
  const { clock, partitions } = conditions;
  const kafka = await openKafka(prefixOf(), conditions);
  const archive = await LogArchive.open({ store: await FolderObjectStore.open(newFolder()), clock, partitions });
  const log = new ArchivedEventLog(kafka, archive);
  return { log, conditions, dispose: () => log.close() };
}

eventLogContract('ArchivedEventLog over Kafka', { offers: [], open: subject, jsonValues: [] }, { describe, test });

describe('the seam over Kafka', () => {
  test('gives every record once, in order, while the broker lets go of its head', async () => {
    const prefix = prefixOf();
    const kafka = await openKafka(prefix, { clock: 'append', partitions: 2 });
    const admin = new Admin({ bootstrapBrokers: brokers(), clientId: 'cutter' });
    const store = await FolderObjectStore.open(newFolder());
    const open = () => LogArchive.open({ store, clock: 'append', partitions: 2 });
    const archiver = new LogArchiver({
      log: kafka,
      archive: await open(),
      clock: systemClock,
      topics: ['events'],
      fileRecords: 70,
    });
    const log = new ArchivedEventLog(kafka, await open());
    const topic = topicName('events', prefix);

    const seen: LogRecord[] = [];
    let cut = 0;
    let offset = 0;
    for (let round = 0; round < 30; round++) {
      await kafka.append('events', 1, ticks(50, round * 50));
      if (round % 3 === 2) {
        await archiver.archive({ all: round % 2 === 0 });
        const archivedTo = archiver.progress().find(({ partition }) => partition === 1)?.archivedTo ?? 0;
        // Behind the reader, and ahead of it: what it has not read yet is in the archive only.
        await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 1, offset: BigInt(archivedTo) }] }] });
        cut = archivedTo;
      }
      const batch = await log.read('events', 1, offset, { records: 40, bytes: 1 << 20 });
      seen.push(...batch.records);
      offset = batch.nextOffset;
    }
    while (seen.length < 1_500) {
      const batch = await log.read('events', 1, offset, { records: 333, bytes: 1 << 20 });
      seen.push(...batch.records);
      offset = batch.nextOffset;
    }
    expect(seen.map(({ value }) => (value?.kind === 'tick' ? value.source : -1))).toEqual(
      Array.from({ length: 1_500 }, (_, i) => i),
    );
    expect(cut).toBeGreaterThan(1_000);
    expect(await kafka.startOffset('events', 1)).toBe(cut);
    expect(await log.startOffset('events', 1)).toBe(0);
    expect(await readAll(new ArchivedEventLog(kafka, await open()), 'events', 1)).toEqual(seen);
    await admin.close();
    await log.close();
  });
});
