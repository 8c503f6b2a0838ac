// The adapters of both profiles, chosen by configuration: the one file that names them.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LmdbEventLog } from '@tessera/log-lmdb';
import { LmdbStateStore } from '@tessera/state-lmdb';
import { systemClock, systemIds, type Clock, type EventLog, type Ids, type LogClock, type StateStore } from '@tessera/runtime';
import type { Compactor } from './log-compaction.js';
import { partitionsOf, type Config } from '@tessera/settings';

/** What a system stands on. */
export interface SystemPorts {
  readonly log: EventLog;
  readonly store: StateStore;
  /** Where the log has nobody else who compacts it. */
  readonly compactor?: Compactor;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Other processes may write the same store: what is read of it is not kept. */
  readonly shared: boolean;
}

/** A data folder has one owner. */
export class DataFolderOwnedError extends Error {
  constructor(
    readonly folder: string,
    readonly pid: number,
    cause: unknown,
  ) {
    super(
      `the data folder ${folder} is in use by process ${String(pid)}. ` +
        `Stop that process (kill ${String(pid)}), or start on another folder: TESSERA_DATA=./other`,
      { cause },
    );
    this.name = 'DataFolderOwnedError';
  }
}

/** Opens the log and the state store that are set. */
export function openPorts(config: Config): Promise<SystemPorts> {
  return openEmbeddedPorts(config.data, partitionsOf(config));
}

/** Opens the log and the state store of a data folder; throws DataFolderOwnedError while another process has it. */
export async function openEmbeddedPorts(
  data: string,
  partitions: number,
  clock: Clock = systemClock,
  logClock: LogClock = 'append',
): Promise<SystemPorts> {
  const folder = resolve(data);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    const log = await LmdbEventLog.open({ folder: join(folder, 'log'), clock: logClock, partitions, nowMs: () => clock.nowMs() });
    try {
      const store = await LmdbStateStore.open({ folder: join(folder, 'state') });
      return { log, store, compactor: log, clock, ids: systemIds, shared: false };
    } catch (error) {
      await log.close();
      throw error;
    }
  } catch (error) {
    throw isOwned(error) ? new DataFolderOwnedError(folder, error.pid, error) : error;
  }
}

export async function closePorts({ log, store }: SystemPorts): Promise<void> {
  await store.close();
  await log.close();
}

function isOwned(error: unknown): error is Error & { readonly pid: number } {
  return error instanceof Error && error.name === 'FolderOwnedError' && 'pid' in error;
}
