// Configuration: the one reader of the environment.
// G1 Every variable is in one table with its default and its form; a TESSERA_* variable that is not in it is an error that names it,
//    so that a slip of the pen is not a silent default.
// G2 What is wrong is told all at once.
import { parseDuration } from '@tessera/time';

export interface Config {
  /** Data folder; created where there is none. */
  readonly data: string;
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly opsPort: number;
  /** Partitions of the wide topics; fixed when the data folder is created. */
  readonly partitions: number;
  /** Address that browsers reach the server under; undefined: the one they ask. */
  readonly publicUrl: string | undefined;
  readonly logLevel: 'info' | 'warn' | 'error' | 'silent';
  /** A stop that takes longer is cut off. */
  readonly stopWithinMs: number;
  /** Longest time that state read by people (memberships, the read model) lags behind its log under load. */
  readonly freshCheckpointMs: number;
  /** The same for all other state. */
  readonly checkpointMs: number;
}

export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
  }
}

interface Setting {
  readonly key: keyof Config;
  readonly variable: string;
  readonly fallback: string;
  readonly what: string;
  readonly allowed: string;
  /** Undefined where the text is not of this form. */
  readonly parse: (text: string) => { readonly value: Config[keyof Config] } | undefined;
  readonly secret?: boolean;
}

const SETTINGS: readonly Setting[] = [
  row('data', 'TESSERA_DATA', './.tessera', 'data folder', 'a path', text),
  row('host', 'TESSERA_HOST', '127.0.0.1', 'address that the doors listen on', 'an IP address or a host name', text),
  row('httpPort', 'TESSERA_HTTP_PORT', '8080', 'tracking API, decisions, admin', 'a port, 0 for any', port),
  row('grpcPort', 'TESSERA_GRPC_PORT', '9090', 'gRPC services', 'a port, 0 for any', port),
  row('opsPort', 'TESSERA_OPS_PORT', '9464', 'livez, readyz, metrics', 'a port, 0 for any', port),
  row(
    'partitions',
    'TESSERA_PARTITIONS',
    '8',
    'partitions, fixed when the data folder is created',
    'a number from 1 to 256',
    count,
  ),
  row('publicUrl', 'TESSERA_PUBLIC_URL', '', 'address that browsers use', 'an http or https URL, or nothing', url),
  row('logLevel', 'TESSERA_LOG_LEVEL', 'warn', 'what is said on stderr', 'info, warn, error or silent', level),
  row('stopWithinMs', 'TESSERA_STOP_WITHIN', '10s', 'longest graceful stop', 'a duration like 10s', duration),
  row(
    'freshCheckpointMs',
    'TESSERA_FRESH_CHECKPOINT',
    '250ms',
    'longest lag of what people read',
    'a duration like 250ms',
    duration,
  ),
  row('checkpointMs', 'TESSERA_CHECKPOINT', '1s', 'longest lag of other state', 'a duration like 1s', duration),
];

/** Throws ConfigError. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const problems = Object.keys(environment)
    .filter((name) => name.startsWith('TESSERA_') && !SETTINGS.some(({ variable }) => variable === name) && !OTHERS.has(name))
    .map((name) => `${name} is no setting of Tessera. Known are: ${SETTINGS.map(({ variable }) => variable).join(', ')}.`);
  const config: Partial<Record<keyof Config, Config[keyof Config]>> = {};
  for (const { key, variable, fallback, allowed, parse } of SETTINGS) {
    const found = environment[variable];
    const parsed = parse(found === undefined || found === '' ? fallback : found);
    if (parsed === undefined) problems.push(`${variable}: found "${found ?? ''}", allowed is ${allowed}.`);
    else config[key] = parsed.value;
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config as unknown as Config;
}

/** One row per setting, for `config print`; secrets are not shown. */
export function describeConfig(environment: Readonly<Record<string, string | undefined>> = process.env): readonly {
  readonly variable: string;
  readonly value: string;
  readonly from: 'environment' | 'default';
  readonly what: string;
}[] {
  return SETTINGS.map(({ variable, fallback, what, secret }) => {
    const found = environment[variable];
    const given = found !== undefined && found !== '';
    const value = given ? found : fallback;
    return { variable, value: secret && value !== '' ? '(hidden)' : value, from: given ? 'environment' : 'default', what };
  });
}

/** Settings of the repository's own tools. */
const OTHERS = new Set(['TESSERA_ALLOW_SKIP']);

function row(
  key: keyof Config,
  variable: string,
  fallback: string,
  what: string,
  allowed: string,
  parse: Setting['parse'],
): Setting {
  return { key, variable, fallback, what, allowed, parse };
}

function text(found: string): { value: string } | undefined {
  return found.trim() === '' ? undefined : { value: found };
}

function port(found: string): { value: number } | undefined {
  const value = Number(found);
  return /^\d{1,5}$/.test(found) && value < 65_536 ? { value } : undefined;
}

function count(found: string): { value: number } | undefined {
  const value = Number(found);
  return /^\d{1,3}$/.test(found) && value >= 1 && value <= 256 ? { value } : undefined;
}

function duration(found: string): { value: number } | undefined {
  const value = parseDuration(found);
  return value === undefined || value <= 0 ? undefined : { value };
}

function level(found: string): { value: Config['logLevel'] } | undefined {
  return found === 'info' || found === 'warn' || found === 'error' || found === 'silent' ? { value: found } : undefined;
}

function url(found: string): { value: string | undefined } | undefined {
  if (found === '') return { value: undefined };
  const parsed = URL.parse(found);
  return parsed?.protocol === 'http:' || parsed?.protocol === 'https:' ? { value: found } : undefined;
}
