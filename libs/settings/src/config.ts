// Configuration: the one reader of the environment.
// G1 A TESSERA_* variable that is not in the table is an error that names it, so that a slip of the pen is not a silent default.
// G2 What is wrong is told all at once, settings that do not go together too.
// G3 A secret is never in a message, nor in what is printed.
import { readFileSync } from 'node:fs';
import { fileVariableOf, SETTINGS, type Config, type Setting } from './settings.js';

/** What a process runs: one service, or all of them. */
export type ProcessName = 'tessera' | 'ingestion' | 'identity' | 'features' | 'segments' | 'decisions';

type Environment = Readonly<Record<string, string | undefined>>;

export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
  }
}

export interface DescribedSetting {
  readonly variable: string;
  readonly value: string;
  readonly from: 'environment' | 'file' | 'default';
  readonly what: string;
}

const ROWS = Object.entries(SETTINGS) as readonly (readonly [keyof Config, Setting<unknown>])[];

/** Settings of the repository's own tools. */
const OTHERS = /^TESSERA_(ALLOW_SKIP|TEST_\w+)$/;

/** Throws ConfigError. */
export function readConfig(environment: Environment = process.env, processName: ProcessName = 'tessera'): Config {
  const problems = unknownIn(environment);
  const config: Partial<Record<keyof Config, unknown>> = {};
  for (const [name, row] of ROWS) {
    const { variable, fallback, form, secret } = row;
    const found = foundIn(environment, row);
    if ('problem' in found) {
      problems.push(found.problem);
      continue;
    }
    const parsed = form.parse(found.text ?? fallback);
    if (parsed !== undefined) config[name] = parsed.value;
    else problems.push(`${variable}: found ${secret ? 'a secret' : `"${found.text ?? ''}"`}, allowed is ${form.allowed}.`);
  }
  if (problems.length === 0) problems.push(...conflictsOf(config as unknown as Config, processName));
  if (problems.length > 0) throw new ConfigError(problems);
  return config as unknown as Config;
}

/** Of a process that runs one service. Throws ConfigError. */
export function readConfigOf(processName: ProcessName): Config {
  return readConfig(process.env, processName);
}

/** What OpenTelemetry's own variables say, as they are: libs/telemetry knows their forms. */
export function openTelemetryVariables(environment: Environment = process.env): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith('OTEL_')));
}

/** One row per setting, for `config print`; secrets are not shown. */
export function describeConfig(environment: Environment = process.env): readonly DescribedSetting[] {
  return ROWS.map(([, row]) => {
    const { variable, fallback, what, secret } = row;
    const found = foundIn(environment, row);
    const text = 'problem' in found ? undefined : found.text;
    const value = text ?? fallback;
    const from = text === undefined ? 'default' : isSet(environment[variable]) ? 'environment' : 'file';
    return { variable, value: secret && value !== '' ? '(hidden)' : value, from, what };
  });
}

function unknownIn(environment: Environment): string[] {
  const known = new Set(ROWS.flatMap(([, row]) => (row.secret ? [row.variable, fileVariableOf(row)] : [row.variable])));
  return Object.keys(environment)
    .filter((name) => name.startsWith('TESSERA_') && !known.has(name) && !OTHERS.test(name))
    .map((name) => `${name} is no setting of Tessera. Known are: ${[...known].join(', ')}.`);
}

/** The text of a setting; undefined where it is not set. */
function foundIn(
  environment: Environment,
  row: Setting<unknown>,
): { readonly text: string | undefined } | { readonly problem: string } {
  const { variable, secret } = row;
  const direct = environment[variable];
  if (!secret || !isSet(environment[fileVariableOf(row)])) return { text: isSet(direct) ? direct : undefined };
  const path = environment[fileVariableOf(row)] as string;
  if (isSet(direct)) return { problem: `${variable} and ${fileVariableOf(row)} are both set: set one of them.` };
  try {
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    return { text: text === '' ? undefined : text };
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return { problem: `${fileVariableOf(row)}: found "${path}", which cannot be read (${why}); allowed is the path of a file.` };
  }
}

function conflictsOf(config: Config, processName: ProcessName): string[] {
  const problems: string[] = [];
  const need = (missing: boolean, what: string): void => void (missing && problems.push(what));
  if (config.log === 'kafka') problems.push(...kafkaConflictsOf(config));
  need(
    config.store === 'mongo' && config.mongoUri === undefined,
    'TESSERA_STORE=mongo needs TESSERA_MONGO_URI or TESSERA_MONGO_URI_FILE.',
  );
  need(
    (config.tlsCert === undefined) !== (config.tlsKey === undefined),
    'TESSERA_TLS_CERT and TESSERA_TLS_KEY go together: one of them is not set.',
  );
  need(config.tlsCa !== undefined && config.tlsCert === undefined, 'TESSERA_TLS_CA needs TESSERA_TLS_CERT and TESSERA_TLS_KEY.');
  need(config.archiveDays !== undefined && config.archive === undefined, 'TESSERA_ARCHIVE_DAYS needs TESSERA_ARCHIVE.');
  if (processName !== 'tessera') problems.push(...missingToShare(config, processName));
  return problems;
}

/** What would not be used is told too: whoever sets it believes that connections are safer than they are. */
function kafkaConflictsOf(config: Config): string[] {
  const { kafkaSecurityProtocol, kafkaSaslUsername, kafkaSaslPassword } = config;
  const protocol = `TESSERA_KAFKA_SECURITY_PROTOCOL=${kafkaSecurityProtocol}`;
  const sasl = kafkaSecurityProtocol.startsWith('SASL_');
  const problems: string[] = [];
  if (config.kafkaBrokers === undefined)
    problems.push('TESSERA_LOG=kafka needs TESSERA_KAFKA_BROKERS: host:port, several separated by commas.');
  if (sasl && (kafkaSaslUsername === undefined || kafkaSaslPassword === undefined))
    problems.push(`${protocol} needs TESSERA_KAFKA_SASL_USERNAME and TESSERA_KAFKA_SASL_PASSWORD_FILE.`);
  if (!sasl && (kafkaSaslUsername !== undefined || kafkaSaslPassword !== undefined))
    problems.push(`${protocol} sends no user and no password: set SASL_SSL, or take TESSERA_KAFKA_SASL_* away.`);
  if (!kafkaSecurityProtocol.endsWith('SSL') && config.kafkaSslCaFile !== undefined)
    problems.push(`${protocol} has no TLS: set SSL or SASL_SSL, or take TESSERA_KAFKA_SSL_CA_FILE away.`);
  return problems;
}

/** A service of its own shares log and state with the other processes. */
function missingToShare(config: Config, processName: ProcessName): string[] {
  const alone = `the process ${processName} works with other processes`;
  return [
    ...(config.log === 'kafka' ? [] : [`TESSERA_LOG: found "${config.log}", but ${alone}: set TESSERA_LOG=kafka.`]),
    ...(config.store === 'mongo' ? [] : [`TESSERA_STORE: found "${config.store}", but ${alone}: set TESSERA_STORE=mongo.`]),
    ...(config.credentialsFile === undefined
      ? [`TESSERA_CREDENTIALS_FILE is not set, but ${alone}: set it to the credentials.json that all of them read.`]
      : []),
  ];
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
