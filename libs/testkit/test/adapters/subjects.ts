// The adapters of this repository that need no server, as subjects of the contract suites.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LmdbEventLog } from '@tessera/log-lmdb';
import { MemoryEventLog } from '@tessera/log-memory';
import { LmdbStateStore } from '@tessera/state-lmdb';
import { MemoryStateStore } from '@tessera/state-memory';
import type { EventLogConditions, EventLogOffer, EventLogSubject } from '../../src/contract-suites/event-log.js';
import type { StateStoreOffer, StateStoreSubject } from '../../src/contract-suites/state-store.js';
import type { JournalEntry } from '../../src/contract-suites/contract.js';

export const MEMORY_LOG_OFFERS: readonly EventLogOffer[] = ['compact', 'wall-clock'];
export const LMDB_LOG_OFFERS: readonly EventLogOffer[] = ['journal', 'reopen', 'crash', 'compact', 'wall-clock'];
export const MEMORY_STORE_OFFERS: readonly StateStoreOffer[] = ['reads-under-way'];
export const LMDB_STORE_OFFERS: readonly StateStoreOffer[] = ['journal', 'reopen', 'crash', 'reads-under-way'];

export function memoryLog(conditions: EventLogConditions): Promise<EventLogSubject> {
  const log = new MemoryEventLog(conditions);
  return Promise.resolve({
    log,
    conditions,
    compact: (topic) => Promise.resolve(log.compact(topic)),
    dispose: () => log.close(),
  });
}

export function memoryStore(): Promise<StateStoreSubject> {
  const store = new MemoryStateStore();
  return Promise.resolve({ store, dispose: () => store.close() });
}

export async function lmdbLog(conditions: EventLogConditions, folder = newFolder()): Promise<EventLogSubject> {
  const journal: JournalEntry[] = [];
  const log = await LmdbEventLog.open({ ...conditions, folder, observer: (event, number) => journal.push({ event, number }) });
  return {
    log,
    conditions,
    journal,
    compact: async (topic) => {
      while (!(await log.compact(topic, { frames: 3, dirtyShareMin: 0 })).finished);
    },
    reopen: async () => {
      await log.close();
      return lmdbLog(conditions, folder);
    },
    crash: () => lmdbLog(conditions, imageOf(folder)),
    dispose: async () => {
      await log.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function lmdbStore(folder = newFolder()): Promise<StateStoreSubject> {
  const journal: JournalEntry[] = [];
  const store = await LmdbStateStore.open({ folder, observer: (event, number) => journal.push({ event, number }) });
  return {
    store,
    journal,
    reopen: async () => {
      await store.close();
      return lmdbStore(folder);
    },
    crash: () => lmdbStore(imageOf(folder)),
    dispose: async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a process killed at this moment leaves: the data file as the system has it, without the other process's lock table. */
function imageOf(folder: string): string {
  const image = newFolder();
  copyFileSync(join(folder, 'data.mdb'), join(image, 'data.mdb'));
  return image;
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'tessera-adapter-'));
}
