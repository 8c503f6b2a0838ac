// A process that runs: its parts, and where wanted its doors.
// O1 Parts start in order, a failed start rolls back what had started, a stop goes in reverse (libs/runtime, Lifecycle).
// O2 The operations door opens first and closes last. It says "ready" once everything runs, and no longer from the beginning of a stop.
// O3 Time, identifiers, log and store are given: the same composition runs behind doors and in a scenario with virtual time.
import { Lifecycle, type Part } from '@tessera/runtime';
import { Metrics, OperationsServer, stageMetrics } from '@tessera/telemetry';
import type { Composition } from './composition.js';
import { ApiDoor } from './doors/api-door.js';
import { freePort } from './doors/free-port.js';
import type { Tls } from './doors/tls.js';
import type { Ground } from './ground.js';

export interface DoorOptions {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly opsPort: number;
  readonly tls?: Tls | undefined;
  /** A busy port is an error, or the next free one is taken. */
  readonly whenBusy: 'fail' | 'move-aside';
  /** Of gRPC; off in production. */
  readonly reflection: boolean;
}

/** Where the doors are. */
export interface OpenDoors {
  /** Undefined where the process has nothing for HTTP. */
  readonly http: string | undefined;
  /** Undefined where it serves no contract. */
  readonly grpc: string | undefined;
  readonly ops: string;
  /** Doors that are not where they were wanted. */
  readonly moved: readonly { readonly door: string; readonly wanted: number; readonly found: number }[];
}

export interface OpenProcess {
  readonly doors: OpenDoors | undefined;
  /** Drains, writes and stops everything; the ports stay open. A second call waits for the first. */
  stop(): Promise<void>;
}

/** Resolves when everything runs. The ports are the caller's to close, after the stop. */
export async function openProcess(ground: Ground, composition: Composition, options?: DoorOptions): Promise<OpenProcess> {
  const parts: Part[] = [ground.catalog, ...composition.parts];
  const doors = options && (await addDoors(parts, options, ground, composition));
  const lifecycle = new Lifecycle(parts);
  await lifecycle.start();
  ground.journal?.info('running', { doors });
  return { doors, stop: () => lifecycle.stop() };
}

async function addDoors(parts: Part[], options: DoorOptions, ground: Ground, composition: Composition): Promise<OpenDoors> {
  const { host, tls, reflection } = options;
  const { modules, contracts, http } = composition;
  const { httpPort, grpcPort, opsPort } = await portsFor(options);
  const { ports, telemetry, journal } = ground;
  let open = false;
  const metrics = telemetry?.metrics ?? new Metrics();
  metrics.add([...stageMetrics(composition.hosts, ports.log), ...composition.metrics]);
  const operations = new OperationsServer({
    host,
    port: opsPort,
    problems: () =>
      open ? ground.problemsOf(composition.hosts, composition.readyWhen) : ['the process is starting or stopping'],
    metrics: () => metrics.text(),
  });
  const gate: Part = { name: 'readiness', start: () => void (open = true), stop: () => void (open = false) };
  parts.unshift(operations);
  if (http || contracts.length > 0) {
    const apiPorts = { httpPort: http ? httpPort : undefined, grpcPort };
    parts.push(new ApiDoor({ modules, contracts, host, ...apiPorts, reflection, tls, clock: ports.clock, telemetry, journal }));
  }
  parts.push(gate);
  const wanted = {
    http: [http, options.httpPort, httpPort],
    grpc: [contracts.length > 0, options.grpcPort, grpcPort],
    ops: [true, options.opsPort, opsPort],
  } as const;
  return {
    http: http ? `${tls ? 'https' : 'http'}://${host}:${String(httpPort)}` : undefined,
    grpc: contracts.length > 0 ? `${host}:${String(grpcPort)}` : undefined,
    ops: `http://${host}:${String(opsPort)}`,
    moved: Object.entries(wanted).flatMap(([door, [used, asked, found]]) =>
      used && asked !== 0 && asked !== found ? [{ door, wanted: asked, found }] : [],
    ),
  };
}

/** Ports of the doors. Where a busy one is an error, whoever listens on it says so. */
async function portsFor({
  host,
  whenBusy,
  ...wanted
}: DoorOptions): Promise<Pick<DoorOptions, 'httpPort' | 'grpcPort' | 'opsPort'>> {
  const taken = new Set<number>();
  const take = async (port: number): Promise<number> => {
    const found = whenBusy === 'fail' && port !== 0 ? port : await freePort(host, port, taken);
    taken.add(found);
    return found;
  };
  const httpPort = await take(wanted.httpPort);
  const grpcPort = await take(wanted.grpcPort);
  return { httpPort, grpcPort, opsPort: await take(wanted.opsPort) };
}
