// The whole system in one process: processing, the services that answer for it and, where wanted, its doors.
// S1 Parts start in order, a failed start rolls back what had started, a stop goes in reverse (libs/runtime, Lifecycle).
// S2 Time, identifiers, log and store are given: the same composition runs behind doors and in a scenario with virtual time.
import { DecisionCounters } from '@tessera/app-decisions';
import { IngestionCounters } from '@tessera/app-ingestion';
import { Lifecycle, type Part } from '@tessera/runtime';
import { Metrics, OperationsServer } from '@tessera/telemetry';
import type { Access } from './credentials-file.js';
import { ApiDoor } from './doors/api-door.js';
import { freePort } from './doors/ports.js';
import { compactionMetrics, decisionMetrics, ingestionMetrics, processMetrics, stageMetrics } from './metrics.js';
import { createProcessing, type Processing, type ProcessingOptions } from './processing.js';
import { apiModulesOf, createServices, type Services } from './services.js';

export interface DoorOptions {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly opsPort: number;
  readonly publicUrl?: string | undefined;
}

export interface SystemOptions extends Omit<ProcessingOptions, 'secretOf'> {
  readonly access: Access;
  /** None: a system that is spoken to by its services only. */
  readonly doors?: DoorOptions | undefined;
}

/** Where the doors are. */
export interface Endpoints {
  readonly http: string;
  readonly grpc: string;
  readonly ops: string;
  /** Doors that are not where they were wanted. */
  readonly moved: readonly { readonly door: string; readonly wanted: number; readonly found: number }[];
}

export interface System extends Processing {
  /** What answers questions in this process, without a door. */
  readonly services: Services;
  readonly endpoints: Endpoints | undefined;
  /** Drains, writes and stops everything; the ports stay open. A second call waits for the first. */
  stop(): Promise<void>;
}

/** Resolves when everything runs. The ports are the caller's to close, after the stop. */
export async function openSystem(options: SystemOptions): Promise<System> {
  const { access, doors, journal } = options;
  const processing = createProcessing({ ...options, secretOf: (workspace) => access.secretOf(workspace) });
  const services = createServices(processing, options.ports, access);
  const parts: Part[] = [...processing.parts];
  const endpoints = doors && (await addDoors(parts, doors, services, processing, options));
  const lifecycle = new Lifecycle(parts);
  await lifecycle.start();
  journal?.info('running', { endpoints });
  return { ...processing, services, endpoints, stop: () => lifecycle.stop() };
}

async function addDoors(
  parts: Part[],
  doors: DoorOptions,
  services: Services,
  processing: Processing,
  options: SystemOptions,
): Promise<Endpoints> {
  const { host } = doors;
  const taken = new Set<number>();
  const take = async (wanted: number): Promise<number> => {
    const port = await freePort(host, wanted, taken);
    taken.add(port);
    return port;
  };
  const httpPort = await take(doors.httpPort);
  const grpcPort = await take(doors.grpcPort);
  const opsPort = await take(doors.opsPort);
  const { modules, contracts } = apiModulesOf(services, processing, options.ports, options.access, doors.publicUrl);
  const api = new ApiDoor({ modules, contracts, host, httpPort, grpcPort, clock: options.ports.clock });
  const metrics = new Metrics([
    ...stageMetrics(processing.hosts),
    ...ingestionMetrics(() => api.get(IngestionCounters)),
    ...decisionMetrics(
      () => api.get(DecisionCounters),
      () => processing.readModel.freshness(),
    ),
    ...compactionMetrics(processing.compaction),
    ...processMetrics(),
  ]);
  let open = false;
  const operations = new OperationsServer({
    host,
    port: opsPort,
    problems: () => (open ? processing.problems() : ['the system is starting or stopping']),
    metrics: () => metrics.text(),
  });
  const gate: Part = { name: 'readiness', start: () => void (open = true), stop: () => void (open = false) };
  parts.unshift(operations);
  parts.push(api, gate);
  const wanted = { http: [doors.httpPort, httpPort], grpc: [doors.grpcPort, grpcPort], ops: [doors.opsPort, opsPort] } as const;
  return {
    http: `http://${host}:${String(httpPort)}`,
    grpc: `${host}:${String(grpcPort)}`,
    ops: `http://${host}:${String(opsPort)}`,
    moved: Object.entries(wanted).flatMap(([door, [asked, found]]) =>
      asked !== 0 && asked !== found ? [{ door, wanted: asked, found }] : [],
    ),
  };
}
