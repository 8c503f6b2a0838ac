// The archive as it is set: TESSERA_ARCHIVE gives a log that is archived and read on from there.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { keyOf, TOPIC_IDS } from '@tessera/contracts';
import { ArchivedEventLog, EXPIRING_TOPICS, type ArchiveRetention, type LogArchiver } from '@tessera/log-archive';
import { readConfig, SETTINGS } from '@tessera/settings';
import { Metrics } from '@tessera/telemetry';
import { readExposition } from '@tessera/testkit';
import { archiveMetrics, partsOf } from '../src/archive-metrics.js';
import { closePorts, openPorts } from '../src/wiring.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-archive-'));
  folders.push(folder);
  return folder;
}

test('with an archive set, the log is read on from there, and a part fills it', async () => {
  const archive = newFolder();
  const config = readConfig({ TESSERA_DATA: newFolder(), TESSERA_ARCHIVE: archive, TESSERA_PARTITIONS: '2' });
  const ports = await openPorts(config);
  expect(ports.log).toBeInstanceOf(ArchivedEventLog);
  const value = { kind: 'tick', closing: false, source: -1, effectiveMs: 0 } as const;
  await ports.log.append('events', 1, [{ key: keyOf('', 'workspace', 'tick'), value }]);
  expect(await (ports.archiver as LogArchiver).archive({ all: true })).toBe(1);
  expect(readdirSync(join(archive, 'tessera/archive/events/00001'))).toEqual(['0000000000000000.ndjson.zst']);
  await closePorts(ports);
});

test('days of the archive name all topics that it may let go of, and no others', async () => {
  const allowed = SETTINGS.archiveDays.form.parse(EXPIRING_TOPICS.map((topic) => `${topic}=1`).join(','))?.value;
  expect(Object.keys(allowed ?? {})).toEqual(EXPIRING_TOPICS);
  expect(TOPIC_IDS.filter((topic) => SETTINGS.archiveDays.form.parse(`${topic}=1`) !== undefined)).toEqual(EXPIRING_TOPICS);
});

test('with days set, a part deletes what is older, and both are metrics', async () => {
  const environment = { TESSERA_DATA: newFolder(), TESSERA_ARCHIVE: newFolder(), TESSERA_PARTITIONS: '2' };
  const ports = await openPorts(readConfig({ ...environment, TESSERA_ARCHIVE_DAYS: 'events=1,links=2' }));
  const { archiver, archiveCleaner, retention } = ports;
  expect(partsOf(ports)).toEqual([archiver, archiveCleaner, retention]);
  const value = { kind: 'tick', closing: false, source: -1, effectiveMs: 0 } as const;
  for (let file = 0; file < 3; file++) {
    await ports.log.append('events', 1, [{ key: keyOf('', 'workspace', 'tick'), value }]);
    await (archiver as LogArchiver).archive({ all: true });
  }
  expect(await (archiveCleaner as ArchiveRetention).deleteOld()).toBe(0);
  const metrics = new Metrics(archiveMetrics(ports));
  const families = readExposition(await metrics.text());
  await metrics.close();
  const of = (name: string, topic: string): number | undefined =>
    families.get(name)?.samples.find(({ labels }) => labels['topic'] === topic)?.value;
  expect(of('tessera_archive_files_written_total', 'events')).toBe(3);
  expect(of('tessera_archive_records_written_total', 'events')).toBe(3);
  expect(of('tessera_archive_written_bytes_total', 'events')).toBeGreaterThan(500);
  expect(of('tessera_archive_files_written_total', 'links')).toBe(0);
  expect(of('tessera_archive_lag_records', 'events')).toBe(0);
  expect(of('tessera_archive_files_deleted_total', 'events')).toBe(0);
  expect(of('tessera_log_head_cuts_total', 'events')).toBe(0);
  expect(families.get('tessera_archive_staleness_seconds')?.samples).toHaveLength(1);
  await closePorts(ports);
});

test('without one, the log is as it was', async () => {
  const data = newFolder();
  const ports = await openPorts(readConfig({ TESSERA_DATA: data, TESSERA_PARTITIONS: '2' }));
  expect(ports.archiver).toBeUndefined();
  expect(ports.log).not.toBeInstanceOf(ArchivedEventLog);
  await closePorts(ports);
});

test('an archive that cannot be reached or is of another log is told, and the data folder is free again', async () => {
  const data = newFolder();
  const archive = newFolder();
  await closePorts(await openPorts(readConfig({ TESSERA_DATA: data, TESSERA_ARCHIVE: archive, TESSERA_PARTITIONS: '2' })));
  const other = readConfig({ TESSERA_DATA: newFolder(), TESSERA_ARCHIVE: archive, TESSERA_PARTITIONS: '3' });
  await expect(openPorts(other)).rejects.toThrow(/is of another log/);
  const keyless = readConfig({ TESSERA_DATA: data, TESSERA_ARCHIVE: 's3://bucket', TESSERA_PARTITIONS: '2' });
  await expect(openPorts(keyless)).rejects.toThrow('an s3:// address needs credentials');
  expect(existsSync(join(data, 'log'))).toBe(true);
  await closePorts(await openPorts(readConfig({ TESSERA_DATA: data, TESSERA_PARTITIONS: '2' })));
});
