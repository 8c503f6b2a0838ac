// The embedded profile: a system on one data folder, with its doors.
//   <data>/log, <data>/state      the log and the state store (LMDB)
//   <data>/credentials.json       write keys and tokens (credentials-file.ts)
//   <data>/endpoints.json         where the doors are while it runs; commands on this machine find it there
import { resolve } from 'node:path';
import type { Journal } from '@tessera/telemetry';
import type { Config } from './config.js';
import { accessOf, openCredentials, type CredentialsFile } from './credentials-file.js';
import { removeEndpoints, writeEndpoints } from './endpoints-file.js';
import { openSystem, type Endpoints, type System } from './system.js';
import { closePorts, openPorts, type SystemPorts } from './wiring.js';

export interface Embedded {
  readonly system: System;
  readonly endpoints: Endpoints;
  readonly credentials: CredentialsFile;
  /** What it stands on, for checks beside the doors. */
  readonly ports: SystemPorts;
  /** Absolute. */
  readonly data: string;
  /** Stops the system and closes the data folder. */
  stop(): Promise<void>;
}

/** Throws DataFolderOwnedError while another process has the folder. */
export async function openEmbedded(config: Config, journal?: Journal): Promise<Embedded> {
  const data = resolve(config.data);
  const ports = await openPorts(data, config.partitions);
  try {
    const credentials = openCredentials(data);
    const { host, httpPort, grpcPort, opsPort, publicUrl, freshCheckpointMs, checkpointMs } = config;
    const doors = { host, httpPort, grpcPort, opsPort, publicUrl };
    const system = await openSystem({ ports, access: accessOf(credentials), journal, doors, freshCheckpointMs, checkpointMs });
    const endpoints = system.endpoints as Endpoints;
    writeEndpoints(data, endpoints);
    let stopping: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      removeEndpoints(data);
      try {
        await system.stop();
      } finally {
        await closePorts(ports);
      }
    };
    return { system, endpoints, credentials, ports, data, stop: () => (stopping ??= stop()) };
  } catch (error) {
    await closePorts(ports);
    throw error;
  }
}
