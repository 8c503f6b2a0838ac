// The telemetry of a process, from its settings and from OpenTelemetry's own.
import { openTelemetryVariables, type Config, type ProcessName } from '@tessera/settings';
import { createTelemetry, readTraceConfig, type Telemetry, type TraceConfig } from '@tessera/telemetry';

/** Throws TraceConfigError. The service is named `tessera-segments` and so on, or as OTEL_SERVICE_NAME says. */
export function traceConfigOf(processName: ProcessName): TraceConfig {
  return readTraceConfig(openTelemetryVariables(), processName === 'tessera' ? processName : `tessera-${processName}`);
}

export function telemetryOf({ log, store }: Pick<Config, 'log' | 'store'>, traces: TraceConfig): Telemetry {
  return createTelemetry({
    traces,
    logSystem: log === 'kafka' ? 'kafka' : 'tessera',
    storeSystem: store === 'mongo' ? 'mongodb' : 'lmdb',
  });
}
