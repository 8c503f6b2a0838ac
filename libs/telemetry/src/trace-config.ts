// How a process traces, from the standard variables of OpenTelemetry. Whoever reads the environment gives it here.
// T1 Without an exporter nothing is traced: OTEL_TRACES_EXPORTER says which, and where it says nothing an endpoint does (OpenTelemetry's
//    own default would send to localhost:4318, whether anybody listens there or not).
// T2 What is wrong is told all at once, with the name of the variable, what was found and what is allowed. Values of headers are
//    secrets and are never told.

export type Exporter = 'none' | 'otlp' | 'console';

export type SamplerName = (typeof SAMPLERS)[number];

export interface TraceConfig {
  readonly serviceName: string;
  /** Beside the name of the service. */
  readonly resource: Readonly<Record<string, string>>;
  readonly exporter: Exporter;
  /** Where OTLP is sent to, as JSON over HTTP. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly sampler: SamplerName;
  /** Part of the traces that are sampled, of the samplers by ratio. */
  readonly ratio: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const EXPORTERS: readonly Exporter[] = ['none', 'otlp', 'console'];
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
const OTLP_PORT_URL = 'http://localhost:4318';
const TIMEOUT_MS = 10_000;
/** The exporter speaks JSON; a collector takes it on the same port as protobuf. */
const PROTOCOL = 'http/json';

/** Throws TraceConfigError. `name`: of the service, where OTEL_SERVICE_NAME does not say. */
export function readTraceConfig(environment: Environment, name: string): TraceConfig {
  const reading = new Reading(environment);
  const resource = reading.pairs('OTEL_RESOURCE_ATTRIBUTES');
  const { 'service.name': named = name, ...others } = resource;
  const general = reading.url('OTEL_EXPORTER_OTLP_ENDPOINT');
  const own = reading.url('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const given = general !== undefined || own !== undefined;
  const exporter = reading.oneOf('OTEL_TRACES_EXPORTER', EXPORTERS) ?? (given ? 'otlp' : 'none');
  reading.oneOf('OTEL_EXPORTER_OTLP_PROTOCOL', [PROTOCOL]);
  reading.oneOf('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', [PROTOCOL]);
  const config: TraceConfig = {
    serviceName: reading.text('OTEL_SERVICE_NAME') ?? named,
    resource: others,
    exporter: reading.text('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' ? 'none' : exporter,
    url: own ?? `${(general ?? OTLP_PORT_URL).replace(/\/$/, '')}/v1/traces`,
    headers: { ...reading.pairs('OTEL_EXPORTER_OTLP_HEADERS'), ...reading.pairs('OTEL_EXPORTER_OTLP_TRACES_HEADERS') },
    timeoutMs:
      reading.number('OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 1, 600_000) ??
      reading.number('OTEL_EXPORTER_OTLP_TIMEOUT', 1, 600_000) ??
      TIMEOUT_MS,
    sampler: reading.oneOf('OTEL_TRACES_SAMPLER', SAMPLERS) ?? 'parentbased_always_on',
    ratio: reading.number('OTEL_TRACES_SAMPLER_ARG', 0, 1) ?? 1,
  };
  if (reading.problems.length > 0) throw new TraceConfigError(reading.problems);
  return config;
}

export class TraceConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'TraceConfigError';
  }
}

class Reading {
  readonly problems: string[] = [];

  constructor(private readonly environment: Environment) {}

  /** An empty variable is an absent one, as OpenTelemetry has it. */
  text(variable: string): string | undefined {
    const found = this.environment[variable]?.trim();
    return found === '' ? undefined : found;
  }

  oneOf<Value extends string>(variable: string, allowed: readonly Value[]): Value | undefined {
    const found = this.text(variable);
    if (found === undefined || (allowed as readonly string[]).includes(found)) return found as Value | undefined;
    return this.problem(variable, found, allowed.join(', '));
  }

  number(variable: string, min: number, max: number): number | undefined {
    const found = this.text(variable);
    if (found === undefined) return undefined;
    const value = Number(found);
    if (value >= min && value <= max) return value;
    return this.problem(variable, found, `a number from ${String(min)} to ${String(max)}`);
  }

  url(variable: string): string | undefined {
    const found = this.text(variable);
    if (found === undefined) return undefined;
    const url = URL.parse(found);
    if (url?.protocol === 'http:' || url?.protocol === 'https:') return found;
    return this.problem(variable, found, 'an http or https URL');
  }

  /** `key=value,key=value`, percent-encoded. */
  pairs(variable: string): Readonly<Record<string, string>> {
    const pairs: Record<string, string> = {};
    for (const pair of this.text(variable)?.split(',') ?? []) {
      const at = pair.indexOf('=');
      const [key, value] = [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))];
      if (at > 0 && key !== undefined && value !== undefined) pairs[key] = value;
      else this.problems.push(`${variable}: a part of it is not of the form KEY=VALUE, percent-encoded, with commas between.`);
    }
    return pairs;
  }

  private problem(variable: string, found: string, allowed: string): undefined {
    this.problems.push(`${variable}: found "${found}", allowed is ${allowed}.`);
    return undefined;
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}
