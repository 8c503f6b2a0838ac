// All that a process tells of itself, put together: one per process, given to its ports, its stages and its doors.
import type { EventLog, HostPorts, StateStore } from '@tessera/runtime';
import { Metrics, type Histogram } from './metrics.js';
import { observedLog } from './observed-log.js';
import { observedStore } from './observed-store.js';
import { observeProcess } from './process-metrics.js';
import { createSender, type Sender } from './sending.js';
import { stageObserver } from './stage-observer.js';
import type { TraceConfig } from './trace-config.js';
import { Tracing } from './tracing.js';

/** What a door takes from it. */
export interface DoorTelemetry {
  readonly tracing: Tracing;
  readonly httpRequests: Histogram;
  readonly rpcCalls: Histogram;
}

export interface Telemetry extends DoorTelemetry {
  readonly metrics: Metrics;
  /** For the stages of the process. */
  readonly observe: NonNullable<HostPorts['observe']>;
  /** For whoever appends the records of a request. */
  readonly sender: Sender;
  log(log: EventLog): EventLog;
  store(store: StateStore): StateStore;
  /** Sends the spans that wait; ends what is observed of the process. */
  close(): Promise<void>;
}

export interface TelemetryOptions {
  readonly traces: TraceConfig;
  /** `messaging.system.name` of the log: `kafka`, or `tessera` for one of our own. */
  readonly logSystem: string;
  /** `db.system.name` of the state store: `mongodb`, or `lmdb`. */
  readonly storeSystem: string;
  readonly nowMs?: () => number;
}

export function createTelemetry({ traces, logSystem, storeSystem, nowMs = Date.now }: TelemetryOptions): Telemetry {
  const metrics = new Metrics();
  const tracing = new Tracing(traces);
  const unobserve = observeProcess(metrics);
  return {
    metrics,
    tracing,
    httpRequests: metrics.histogram('http.server.request.duration'),
    rpcCalls: metrics.histogram('rpc.server.call.duration'),
    observe: stageObserver(metrics, tracing, logSystem, nowMs),
    sender: createSender(tracing, logSystem),
    log: (log) => observedLog(log, { metrics, tracing, system: logSystem, nowMs }),
    store: (store) => observedStore(store, metrics, storeSystem),
    close: async () => {
      unobserve();
      await tracing.close();
      await metrics.close();
    },
  };
}
