// The security settings of Kafka as the log gets them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readConfig } from '@tessera/settings';
import { kafkaConnectionOf } from '../src/wiring.js';

const folder = mkdtempSync(join(tmpdir(), 'tessera-kafka-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const [certificate = ''] = rootCertificates;
const authority = fileOf('ca.pem', certificate);
const password = fileOf('password', 'password-1\n');

function connectionOf(settings: Readonly<Record<string, string>>) {
  const config = readConfig({ TESSERA_LOG: 'kafka', TESSERA_KAFKA_BROKERS: 'k1:9092', ...settings });
  return kafkaConnectionOf(config, 'features');
}

const USER = { TESSERA_KAFKA_SASL_USERNAME: 'u', TESSERA_KAFKA_SASL_PASSWORD_FILE: password };
const BASE = { brokers: ['k1:9092'], clientId: 'tessera.features' };
const CREDENTIALS = { username: 'u', password: 'password-1' };

describe('how brokers are spoken to', () => {
  test.each([
    [{}, BASE],
    [{ TESSERA_KAFKA_SECURITY_PROTOCOL: 'SSL' }, { ...BASE, tls: {} }],
    [
      { TESSERA_KAFKA_SECURITY_PROTOCOL: 'SSL', TESSERA_KAFKA_SSL_CA_FILE: authority },
      { ...BASE, tls: { ca: Buffer.from(certificate) } },
    ],
    [
      { TESSERA_KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', TESSERA_KAFKA_SSL_CA_FILE: authority, ...USER },
      { ...BASE, tls: { ca: Buffer.from(certificate) }, sasl: { mechanism: 'scram-sha-512', ...CREDENTIALS } },
    ],
    [
      { TESSERA_KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT', TESSERA_KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256', ...USER },
      { ...BASE, sasl: { mechanism: 'scram-sha-256', ...CREDENTIALS } },
    ],
    [
      { TESSERA_KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', TESSERA_KAFKA_SASL_MECHANISM: 'PLAIN', ...USER },
      { ...BASE, tls: {}, sasl: { mechanism: 'plain', ...CREDENTIALS } },
    ],
  ])('%j', (settings, connection) => {
    expect(connectionOf(settings)).toEqual(connection);
  });

  test.each([
    ['gone.pem', undefined, /ENOENT/],
    ['key.pem', '-----BEGIN PRIVATE KEY-----\nZm9v\n', /no certificate in PEM form/],
    ['cut.pem', certificate.slice(0, 200), /found ".*cut\.pem"/],
  ])('an authority that is none (%s) is refused by its setting', (name, text, why) => {
    const path = text === undefined ? join(folder, name) : fileOf(name, text);
    const open = (): unknown => connectionOf({ TESSERA_KAFKA_SECURITY_PROTOCOL: 'SSL', TESSERA_KAFKA_SSL_CA_FILE: path });
    expect(open).toThrow(/^TESSERA_KAFKA_SSL_CA_FILE: found ".*" .*, allowed is a file with certificates in PEM form\.$/s);
    expect(open).toThrow(why);
  });
});
