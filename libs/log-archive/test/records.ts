// Logs and archives for the tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyOf, type AnyRecord, type TopicId } from '@tessera/contracts';
import { MemoryEventLog } from '@tessera/log-memory';
import { FolderObjectStore } from '@tessera/object-store';
import type { Clock, EventLog, LogRecord, NewRecord } from '@tessera/runtime';
import { LogArchive } from '../src/log-archive.js';

export const NO_LIMITS = { records: 1_000_000, bytes: 1 << 30 };
export const PARTITIONS = 2;

const folders: string[] = [];

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-archive-'));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** A clock that stands until it is moved. */
export class HandClock implements Clock {
  constructor(private ms = 1_767_225_600_000) {}
  nowMs(): number {
    return this.ms;
  }
  advance(ms: number): void {
    this.ms += ms;
  }
  wait(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}

export function memoryLog(clock: Clock): MemoryEventLog {
  return new MemoryEventLog({ clock: 'append', nowMs: () => clock.nowMs(), partitions: PARTITIONS });
}

export async function openArchive(folder = newFolder(), partitions = PARTITIONS): Promise<LogArchive> {
  return LogArchive.open({ store: await FolderObjectStore.open(folder), clock: 'append', partitions });
}

/** Ticks whose `source` counts from `from`. */
export function ticks(count: number, from = 0): readonly NewRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const value = { kind: 'tick', closing: false, source: from + i, effectiveMs: 0 } satisfies AnyRecord;
    return { key: keyOf('w', 'profile', String((from + i) % 10)), value };
  });
}

/** Everything from an offset on, in steps; fails where offsets do not rise. */
export async function readAll(
  log: EventLog,
  topic: TopicId = 'events',
  partition = 0,
  limits = NO_LIMITS,
  fromOffset = 0,
): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  for (let offset = fromOffset; ;) {
    const batch = await log.read(topic, partition, offset, limits);
    for (const record of batch.records) {
      if (record.offset < offset) throw new Error(`the record ${String(record.offset)} came again`);
      records.push(record);
    }
    if (batch.nextOffset === offset) return records;
    offset = batch.nextOffset;
  }
}
