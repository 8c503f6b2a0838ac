// A system of one process on one data folder, with its doors. Log and state may be those of a cluster instead: then nothing of them
// is in the folder.
//   <data>/log, <data>/state      the log and the state store (LMDB)
//   <data>/credentials.json       write keys and tokens (libs/service), unless they are those of a cluster
//   <data>/endpoints.json         where the doors are while it runs; commands on this machine find it there
import { resolve } from 'node:path';
import {
  accessOf,
  closePorts,
  openCredentials,
  openPorts,
  readCredentialsFile,
  readTls,
  telemetryOf,
  traceConfigOf,
  type CredentialsFile,
  type SystemPorts,
} from '@tessera/service';
import type { Config } from '@tessera/settings';
import type { Journal, TraceConfig } from '@tessera/telemetry';
import { removeEndpoints, writeEndpoints } from './endpoints-file.js';
import { openSystem, type Endpoints, type System } from './system.js';

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

/** Throws DataFolderOwnedError while another process has the folder, TraceConfigError for wrong OTEL_* variables. */
export async function openEmbedded(
  config: Config,
  journal?: Journal,
  traces: TraceConfig = traceConfigOf('tessera'),
): Promise<Embedded> {
  const data = resolve(config.data);
  const ports = await openPorts({ ...config, data }, { journal });
  const telemetry = telemetryOf(config, traces);
  try {
    const { credentialsFile } = config;
    const credentials = credentialsFile === undefined ? openCredentials(data) : readCredentialsFile(credentialsFile);
    const { host, httpPort, grpcPort, opsPort, publicUrl, freshCheckpointMs, checkpointMs } = config;
    const tls = readTls(config);
    const doors = { host, httpPort, grpcPort, opsPort, tls, whenBusy: 'move-aside', reflection: true } as const;
    const access = accessOf(credentials);
    const system = await openSystem({ ports, access, journal, telemetry, doors, publicUrl, freshCheckpointMs, checkpointMs });
    const endpoints = system.endpoints as Endpoints;
    writeEndpoints(data, endpoints);
    let stopping: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      removeEndpoints(data);
      try {
        await system.stop();
      } finally {
        await closePorts(ports);
        await telemetry.close();
      }
    };
    return { system, endpoints, credentials, ports, data, stop: () => (stopping ??= stop()) };
  } catch (error) {
    await closePorts(ports);
    await telemetry.close();
    throw error;
  }
}
