// What the ingestion module is given, and what its controllers work with.
import { ProblemException } from '@tessera/nest';
import type { Credentials } from '@tessera/nest';
import type { CompiledIdentityRules } from '@tessera/identity';
import type { Clock, EventLog, Ids } from '@tessera/runtime';
import type { Sender } from '@tessera/telemetry';
import { TRACKING_LIMITS } from '@tessera/tracking';
import type { TrackingLimits } from '@tessera/tracking';
import type { IngestionCounters } from './intake/counters.js';
import { INTAKE_LIMITS } from './intake/intake.js';
import type { IntakeLimits } from './intake/intake.js';
import type { Reception } from './intake/reception.js';

export type IngestionLimits = TrackingLimits & IntakeLimits;

export const INGESTION_LIMITS: IngestionLimits = { ...TRACKING_LIMITS, ...INTAKE_LIMITS };

export interface IngestionOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly credentials: Credentials;
  /** The rules in force. */
  readonly identityRules: (workspace: string) => CompiledIdentityRules;
  /** Where it counts; default: counters of its own. */
  readonly counters?: IngestionCounters;
  /** What the records of a request carry beside their values. */
  readonly sender?: Sender | undefined;
  readonly limits?: Partial<IngestionLimits>;
  /** Address that browsers reach this server under; default: the one they asked. */
  readonly publicUrl?: string;
}

/** Provider token. */
export const INGESTION = Symbol('Ingestion');

export class Ingestion {
  constructor(
    readonly credentials: Credentials,
    readonly limits: TrackingLimits,
    readonly publicUrl: string | undefined,
    readonly reception: Reception,
    private readonly counters: IngestionCounters,
  ) {}

  /** Counts a request that is refused as a whole. */
  async counted<T>(receive: () => Promise<T>): Promise<T> {
    try {
      return await receive();
    } catch (error) {
      if (error instanceof ProblemException) this.counters.countRefused(error.code);
      throw error;
    }
  }
}
