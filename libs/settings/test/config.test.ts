// The one table of settings: what a text becomes, what is refused and how, and that a secret is never told.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type ConfigError, describeConfig, fileVariableOf, partitionsOf, readConfig, SETTINGS } from '../src/index.js';

const CLUSTER = {
  TESSERA_LOG: 'kafka',
  TESSERA_KAFKA_BROKERS: 'k1:9092, k2:9092',
  TESSERA_STORE: 'mongo',
  TESSERA_MONGO_URI: 'mongodb://user:password-1@m1/tessera',
  TESSERA_CREDENTIALS_FILE: '/run/secrets/credentials.json',
};

function problemsOf(environment: Record<string, string>, process?: Parameters<typeof readConfig>[1]): readonly string[] {
  try {
    readConfig(environment, process);
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
}

describe('configuration', () => {
  test('has a default for everything', () => {
    expect(readConfig({ PATH: '/bin', TESSERA_DATA: '' })).toMatchObject({
      data: './.tessera',
      host: '127.0.0.1',
      httpPort: 8080,
      grpcPort: 9090,
      opsPort: 9464,
      partitions: undefined,
      publicUrl: undefined,
      logLevel: 'warn',
      stopWithinMs: 10_000,
      freshCheckpointMs: 250,
      checkpointMs: 1_000,
      log: 'embedded',
      store: 'embedded',
      topicPrefix: 'tessera',
      kafkaBrokers: undefined,
      mongoUri: undefined,
    });
  });

  test('has 8 partitions embedded and 64 on Kafka, unless told', () => {
    expect(partitionsOf(readConfig({}))).toBe(8);
    expect(partitionsOf(readConfig(CLUSTER))).toBe(64);
    expect(partitionsOf(readConfig({ ...CLUSTER, TESSERA_PARTITIONS: '12' }))).toBe(12);
  });

  test('is read from the environment', () => {
    const found = readConfig({
      TESSERA_HTTP_PORT: '0',
      TESSERA_STOP_WITHIN: '1m30s',
      TESSERA_PUBLIC_URL: 'https://events.example.com',
    });
    expect(found).toMatchObject({ httpPort: 0, stopWithinMs: 90_000, publicUrl: 'https://events.example.com' });
  });

  test('reads days by topic, of topics that an archive may let go of', () => {
    expect(readConfig({}).archiveDays).toBeUndefined();
    expect(readConfig({ TESSERA_ARCHIVE: './archive', TESSERA_ARCHIVE_DAYS: 'events=400, audit=3650' }).archiveDays).toEqual({
      events: 400,
      audit: 3650,
    });
    for (const wrong of ['400', 'definitions=1', 'events=0', 'events=1,events=2', 'events=36501', 'events=1,'])
      expect(problemsOf({ TESSERA_ARCHIVE_DAYS: wrong })).toEqual([
        `TESSERA_ARCHIVE_DAYS: found "${wrong}", allowed is TOPIC=DAYS, several separated by commas, of events, links, fragments, audit, or nothing.`,
      ]);
  });

  test('refuses days of an archive that is not set', () => {
    expect(problemsOf({ TESSERA_ARCHIVE_DAYS: 'events=400' })).toEqual(['TESSERA_ARCHIVE_DAYS needs TESSERA_ARCHIVE.']);
  });

  test('refuses a variable that it does not know, by name', () => {
    expect(() => readConfig({ TESSERA_HTTPPORT: '1' })).toThrow(
      /TESSERA_HTTPPORT is no setting of Tessera\. Known are: .*TESSERA_HTTP_PORT/,
    );
  });

  test.each([
    ['TESSERA_HTTP_PORT', '65536'],
    ['TESSERA_GRPC_PORT', '-1'],
    ['TESSERA_OPS_PORT', '80 '],
    ['TESSERA_PARTITIONS', '0'],
    ['TESSERA_PARTITIONS', '257'],
    ['TESSERA_LOG_LEVEL', 'loud'],
    ['TESSERA_PUBLIC_URL', 'ftp://example.com'],
    ['TESSERA_CHECKPOINT', '0s'],
    ['TESSERA_DATA', ' '],
    ['TESSERA_LOG', 'nats'],
    ['TESSERA_STORE', 'redis'],
    ['TESSERA_KAFKA_BROKERS', 'k1'],
    ['TESSERA_KAFKA_SECURITY_PROTOCOL', 'TLS'],
    ['TESSERA_TOPIC_PREFIX', 'a b'],
  ])('refuses %s=%s with what is allowed', (variable, value) => {
    expect(() => readConfig({ [variable]: value })).toThrow(`${variable}: found "${value}", allowed is `);
  });

  test('tells everything that is wrong at once', () => {
    try {
      readConfig({ TESSERA_PARTITIONS: 'x', TESSERA_HTTP_PORT: 'x', TESSERA_X: 'x' });
      throw new Error('it was taken');
    } catch (error) {
      expect((error as ConfigError).problems).toHaveLength(3);
    }
  });

  test('can be printed, with where each value is from', () => {
    expect(describeConfig({ TESSERA_HTTP_PORT: '81' })).toContainEqual({
      variable: 'TESSERA_HTTP_PORT',
      value: '81',
      from: 'environment',
      what: 'tracking API, decisions, admin',
    });
    expect(describeConfig({})).toContainEqual(
      expect.objectContaining({ variable: 'TESSERA_DATA', value: './.tessera', from: 'default' }),
    );
  });
});

describe('settings that go together', () => {
  test('a cluster is complete', () => {
    const config = readConfig(CLUSTER, 'features');
    expect(config).toMatchObject({ log: 'kafka', kafkaBrokers: ['k1:9092', 'k2:9092'], store: 'mongo' });
  });

  test('a service of its own needs a log, a store and credentials that others have too', () => {
    expect(problemsOf({}, 'features')).toEqual([
      'TESSERA_LOG: found "embedded", but the process features works with other processes: set TESSERA_LOG=kafka.',
      'TESSERA_STORE: found "embedded", but the process features works with other processes: set TESSERA_STORE=mongo.',
      'TESSERA_CREDENTIALS_FILE is not set, but the process features works with other processes: set it to the credentials.json that all of them read.',
    ]);
  });

  test.each([
    [{ TESSERA_LOG: 'kafka' }, /needs TESSERA_KAFKA_BROKERS/],
    [{ TESSERA_STORE: 'mongo' }, /needs TESSERA_MONGO_URI or TESSERA_MONGO_URI_FILE/],
    [
      { ...CLUSTER, TESSERA_KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' },
      /needs TESSERA_KAFKA_SASL_USERNAME and TESSERA_KAFKA_SASL_PASSWORD_FILE/,
    ],
    [{ ...CLUSTER, TESSERA_KAFKA_SASL_USERNAME: 'tessera' }, /PLAINTEXT sends no user and no password: set SASL_SSL/],
    [{ ...CLUSTER, TESSERA_KAFKA_SSL_CA_FILE: '/ca.pem' }, /PLAINTEXT has no TLS: set SSL or SASL_SSL/],
    [{ TESSERA_TLS_CERT: '/tls/cert' }, /TESSERA_TLS_CERT and TESSERA_TLS_KEY go together/],
    [{ TESSERA_TLS_CA: '/tls/ca' }, /TESSERA_TLS_CA needs/],
  ])('%j is told', (environment, problem) => {
    expect(problemsOf(environment)).toEqual([expect.stringMatching(problem)]);
  });
});

describe('secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-settings-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'uri');
  writeFileSync(file, 'mongodb://user:password-2@m1/tessera\n');

  test('come from a file too, without its line end', () => {
    const { TESSERA_MONGO_URI: _, ...rest } = CLUSTER;
    expect(readConfig({ ...rest, TESSERA_MONGO_URI_FILE: file }).mongoUri).toBe('mongodb://user:password-2@m1/tessera');
    expect(problemsOf({ ...CLUSTER, TESSERA_MONGO_URI_FILE: file })).toEqual([
      'TESSERA_MONGO_URI and TESSERA_MONGO_URI_FILE are both set: set one of them.',
    ]);
    expect(problemsOf({ ...rest, TESSERA_MONGO_URI_FILE: `${file}-gone` })[0]).toMatch(/which cannot be read \(ENOENT\)/);
  });

  test('are shown nowhere: not in what is printed, not in what is refused', () => {
    const described = JSON.stringify(describeConfig({ ...CLUSTER, TESSERA_KAFKA_SASL_PASSWORD: 'password-3' }));
    expect(described).not.toMatch(/password-\d/);
    expect(describeConfig({ TESSERA_MONGO_URI_FILE: file })).toContainEqual(
      expect.objectContaining({ variable: 'TESSERA_MONGO_URI', value: '(hidden)', from: 'file' }),
    );
    expect(problemsOf({ ...CLUSTER, TESSERA_MONGO_URI: 'http://user:password-4@m1' }).join()).toMatch(
      /found a secret, allowed is mongodb:/,
    );
  });

  test('have a variable of their own for the file, which no setting takes', () => {
    const rows = Object.values(SETTINGS);
    const variables = rows.map(({ variable }) => variable);
    const files = rows.filter(({ secret }) => secret).map(fileVariableOf);
    expect(new Set([...variables, ...files]).size).toBe(variables.length + files.length);
  });
});
