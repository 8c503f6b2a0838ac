// The whole system in one process: all services on one ground and, where wanted, their doors.
import { createGround, openProcess, type DoorOptions, type Ground, type GroundOptions, type OpenDoors } from '@tessera/service';
import { composeSystem, type SystemComposition } from './compose-system.js';

export interface SystemOptions extends GroundOptions {
  /** None: a system that is spoken to by its services only. */
  readonly doors?: DoorOptions | undefined;
}

/** Where the doors are: all of them are there. */
export interface Endpoints extends OpenDoors {
  readonly http: string;
  readonly grpc: string;
}

export interface System extends Pick<SystemComposition, 'hosts' | 'readModel' | 'services'> {
  readonly catalog: Ground['catalog'];
  readonly endpoints: Endpoints | undefined;
  /** What keeps the process from being ready, one line per partition. */
  problems(): readonly string[];
  /** Drains, writes and stops everything; the ports stay open. A second call waits for the first. */
  stop(): Promise<void>;
}

/** Resolves when everything runs. The ports are the caller's to close, after the stop. */
export async function openSystem({ doors, ...options }: SystemOptions): Promise<System> {
  const ground = createGround(options);
  const composition = composeSystem(ground);
  const running = await openProcess(ground, composition, doors);
  const { hosts, readModel, services, readyWhen } = composition;
  return {
    hosts,
    readModel,
    services,
    catalog: ground.catalog,
    endpoints: running.doors as Endpoints | undefined,
    problems: () => ground.problemsOf(hosts, readyWhen),
    stop: () => running.stop(),
  };
}
