// The settings of every process of Tessera: one table, of which the configuration, its type, `config print` and the pages of the
// documentation are made.
// T1 A secret can be given by a file too: TESSERA_X_FILE holds the path of what TESSERA_X would hold.
import {
  ADDRESSES,
  daysOf,
  DURATION,
  HOST,
  MONGO_URI,
  numberFrom,
  oneOf,
  optional,
  PATH,
  PORT,
  TEXT,
  TOPIC_PREFIX,
  URL_OF_HTTP,
  type Form,
} from './forms.js';

export interface Setting<Value> {
  readonly variable: string;
  /** Text that stands where nothing is set. */
  readonly fallback: string;
  readonly what: string;
  readonly form: Form<Value>;
  /** Never shown; may come from a file. */
  readonly secret: boolean;
}

/** Partitions that a wide log may have. */
export const PARTITIONS_MAX = 256;

export const SETTINGS = {
  data: setting('TESSERA_DATA', './.tessera', 'data folder of the embedded profile', PATH),
  credentialsFile: setting(
    'TESSERA_CREDENTIALS_FILE',
    '',
    'credentials of a cluster; embedded: credentials.json in the data folder',
    optional(PATH),
  ),
  host: setting('TESSERA_HOST', '127.0.0.1', 'address that the doors listen on', HOST),
  httpPort: setting('TESSERA_HTTP_PORT', '8080', 'tracking API, decisions, admin', PORT),
  grpcPort: setting('TESSERA_GRPC_PORT', '9090', 'gRPC services', PORT),
  opsPort: setting('TESSERA_OPS_PORT', '9464', 'livez, readyz, metrics', PORT),
  publicUrl: setting('TESSERA_PUBLIC_URL', '', 'address that browsers use', optional(URL_OF_HTTP)),
  tlsCert: setting('TESSERA_TLS_CERT', '', 'certificate chain (PEM) of HTTP and gRPC', optional(PATH)),
  tlsKey: setting('TESSERA_TLS_KEY', '', 'private key (PEM) of the certificate', optional(PATH)),
  tlsCa: setting('TESSERA_TLS_CA', '', 'authority (PEM) of the certificates that gRPC clients must show', optional(PATH)),
  logLevel: setting('TESSERA_LOG_LEVEL', 'warn', 'what is said on stderr', oneOf('info', 'warn', 'error', 'silent')),
  stopWithinMs: setting('TESSERA_STOP_WITHIN', '10s', 'longest graceful stop', DURATION),
  freshCheckpointMs: setting('TESSERA_FRESH_CHECKPOINT', '250ms', 'longest lag of what people read', DURATION),
  checkpointMs: setting('TESSERA_CHECKPOINT', '1s', 'longest lag of other state', DURATION),

  log: setting('TESSERA_LOG', 'embedded', 'where the logs are', oneOf('embedded', 'kafka')),
  partitions: setting(
    'TESSERA_PARTITIONS',
    '',
    'partitions of the wide logs, fixed when they are created; 8 embedded, 64 on Kafka',
    optional(numberFrom(1, PARTITIONS_MAX)),
  ),
  topicPrefix: setting('TESSERA_TOPIC_PREFIX', 'tessera', 'first part of the names of topics and consumer groups', TOPIC_PREFIX),
  kafkaBrokers: setting('TESSERA_KAFKA_BROKERS', '', 'brokers to begin with', optional(ADDRESSES)),
  kafkaClient: setting('TESSERA_KAFKA_CLIENT', 'platformatic', 'client library', oneOf('platformatic', 'kafkajs')),
  kafkaReplicas: setting(
    'TESSERA_KAFKA_REPLICAS',
    '',
    'copies of each partition of topics that are made; none set: as the brokers have it',
    optional(numberFrom(1, 9)),
  ),
  kafkaSessionMs: setting(
    'TESSERA_KAFKA_SESSION',
    '15s',
    'a process that is not heard of for so long gives its partitions away',
    DURATION,
  ),
  kafkaSecurityProtocol: setting(
    'TESSERA_KAFKA_SECURITY_PROTOCOL',
    'PLAINTEXT',
    'how brokers are spoken to',
    oneOf('PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'),
  ),
  kafkaSaslMechanism: setting(
    'TESSERA_KAFKA_SASL_MECHANISM',
    'SCRAM-SHA-512',
    'how a client proves who it is',
    oneOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'),
  ),
  kafkaSaslUsername: setting('TESSERA_KAFKA_SASL_USERNAME', '', 'user of the brokers', optional(TEXT)),
  kafkaSaslPassword: secret('TESSERA_KAFKA_SASL_PASSWORD', 'password of that user', optional(TEXT)),
  kafkaSslCaFile: setting('TESSERA_KAFKA_SSL_CA_FILE', '', 'authority (PEM) of the brokers', optional(PATH)),

  store: setting('TESSERA_STORE', 'embedded', 'where the state is', oneOf('embedded', 'mongo')),
  mongoUri: secret('TESSERA_MONGO_URI', 'MongoDB with its database', optional(MONGO_URI)),

  archive: setting('TESSERA_ARCHIVE', '', 'archive of the logs: a folder or s3://BUCKET/PREFIX', optional(TEXT)),
  archiveFill: setting(
    'TESSERA_ARCHIVE_FILL',
    'no',
    'yes in the one process of a cluster that copies the logs into the archive',
    oneOf('yes', 'no'),
  ),
  archiveDays: setting(
    'TESSERA_ARCHIVE_DAYS',
    '',
    'days that the archive keeps of a topic; of one that is not named it keeps everything',
    optional(daysOf('events', 'links', 'fragments', 'audit')),
  ),
  s3AccessKeyId: setting('TESSERA_S3_ACCESS_KEY_ID', '', 'access key of an s3:// address', optional(TEXT)),
  s3SecretAccessKey: secret('TESSERA_S3_SECRET_ACCESS_KEY', 'secret of that key', optional(TEXT)),
  s3SessionToken: secret('TESSERA_S3_SESSION_TOKEN', 'session token, where the key is a temporary one', optional(TEXT)),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

type Settings = typeof SETTINGS;
type ValueOf<One> = One extends Setting<infer Value> ? Value : never;

export type Config = { readonly [Name in keyof Settings]: ValueOf<Settings[Name]> };

/** Partitions of the wide logs where none are set. */
export const PARTITIONS_EMBEDDED = 8;
export const PARTITIONS_KAFKA = 64;

export function partitionsOf({ partitions, log }: Pick<Config, 'partitions' | 'log'>): number {
  return partitions ?? (log === 'kafka' ? PARTITIONS_KAFKA : PARTITIONS_EMBEDDED);
}

/** The variable that names a file with the value of a secret. */
export function fileVariableOf({ variable }: Pick<Setting<unknown>, 'variable'>): string {
  return `${variable}_FILE`;
}

function setting<Value>(variable: string, fallback: string, what: string, form: Form<Value>): Setting<Value> {
  return { variable, fallback, what, form, secret: false };
}

function secret<Value>(variable: string, what: string, form: Form<Value>): Setting<Value> {
  return { variable, fallback: '', what, form, secret: true };
}
