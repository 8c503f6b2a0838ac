// The security settings on a broker that asks for them: one broker, a listener with TLS and one with TLS and SCRAM, both clients.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { inspect } from 'node:util';
import { startKafka, type KafkaCluster, type SecuredDoors } from '../../../tools/services/kafka/cluster.mjs';
import {
  KafkaEventLog,
  KafkaOwnership,
  KafkaRefusedError,
  type KafkaConnectionOptions,
  type RefusalReason,
  type SaslMechanism,
} from '../src/index.js';
import { CLIENTS, logOptions } from './kafka.js';
import { tracked } from './summing-stage.js';

const user = { username: 'tessera', password: randomUUID() };
const wrong = randomUUID();
const folder = mkdtempSync(join(process.env['TESSERA_TEST_FOLDER'] as string, 'security-'));
let cluster: KafkaCluster;
let doors: SecuredDoors;
let ca: Buffer;

beforeAll(async () => {
  cluster = await startKafka({ folder, secured: user });
  doors = cluster.secured as SecuredDoors;
  ca = readFileSync(doors.caFile);
});

afterAll(async () => {
  await cluster.destroy({ all: true });
  rmSync(folder, { recursive: true, force: true });
});

function throughTls(of: Partial<KafkaConnectionOptions> = {}): KafkaConnectionOptions {
  return { clientId: 'test', brokers: [doors.ssl], tls: { ca }, ...of };
}

function throughScram(mechanism: SaslMechanism, of: Partial<typeof user> = {}): KafkaConnectionOptions {
  return { clientId: 'test', brokers: [doors.saslSsl], tls: { ca }, sasl: { mechanism, ...user, ...of } };
}

/** What a process writes meanwhile, Node's own warnings too. */
async function written(work: () => Promise<void>): Promise<string> {
  let text = '';
  const streams = [process.stdout, process.stderr] as const;
  const writes = streams.map((stream) => stream.write.bind(stream));
  const warned = (warning: Error): void => void (text += warning.message);
  process.on('warning', warned);
  for (const stream of streams)
    stream.write = (chunk: string | Uint8Array) => {
      text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return true;
    };
  try {
    await work();
    // Warnings are told a turn later.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    streams.forEach((stream, i) => (stream.write = writes[i] as typeof stream.write));
    process.off('warning', warned);
  }
  return text;
}

describe.each(CLIENTS)('a secured cluster, over %s', (client) => {
  test('is written and read with TLS, and with TLS and SCRAM, by one log after the other', async () => {
    const options = logOptions({ client, partitions: 1, connection: throughTls() });
    const ways = [throughTls(), throughScram('scram-sha-256'), throughScram('scram-sha-512')];
    for (const [i, connection] of ways.entries()) {
      const log = await KafkaEventLog.open({ ...options, connection });
      expect(await log.append('events', 0, [tracked('s', `m${String(i)}`)])).toEqual({ firstOffset: i });
      const { records } = await log.read('events', 0, 0, { records: 10, bytes: 1 << 20 });
      expect(records.map(({ value }) => (value?.kind === 'tracked' ? value.messageId : ''))).toEqual(
        ways.slice(0, i + 1).map((_, at) => `m${String(at)}`),
      );
      await log.close();
    }
  });

  const refusals: readonly [string, RefusalReason, RegExp, () => KafkaConnectionOptions][] = [
    [
      'an authority that is not trusted',
      'authority',
      /TESSERA_KAFKA_SSL_CA_FILE/,
      () => throughTls({ tls: { ca: rootCertificates[0] } }),
    ],
    ['an authority that nobody named', 'authority', /TESSERA_KAFKA_SSL_CA_FILE/, () => throughTls({ tls: {} })],
    [
      'a host that the certificate does not name',
      'host-name',
      /127\.0\.0\.1.*TESSERA_KAFKA_BROKERS/,
      () => throughTls({ brokers: [doors.ssl.replaceAll('localhost', '127.0.0.1')] }),
    ],
    [
      'a wrong password',
      'credentials',
      /TESSERA_KAFKA_SASL_PASSWORD_FILE/,
      () => throughScram('scram-sha-512', { password: wrong }),
    ],
    [
      'a user that is not there',
      'credentials',
      /TESSERA_KAFKA_SASL_USERNAME/,
      () => throughScram('scram-sha-256', { username: 'nobody' }),
    ],
    ['a mechanism that is not offered', 'mechanism', /TESSERA_KAFKA_SASL_MECHANISM/, () => throughScram('plain')],
    [
      'SASL where none is taken',
      'protocol',
      /TESSERA_KAFKA_SECURITY_PROTOCOL/,
      () => ({ ...throughScram('scram-sha-512'), brokers: [doors.ssl] }),
    ],
  ];
  test.each(refusals)('is refused for %s, with the setting to look at and no secret', async (_, reason, setting, connection) => {
    let refusal: unknown;
    const output = await written(async () => {
      // However long it may ask: what cannot succeed is not tried again.
      const options = logOptions({ client, connection: connection(), limits: { askMs: 600_000 } });
      refusal = await KafkaEventLog.open(options).catch((error: unknown) => error);
    });
    expect(refusal).toBeInstanceOf(KafkaRefusedError);
    expect((refusal as KafkaRefusedError).reason).toBe(reason);
    expect((refusal as KafkaRefusedError).message).toMatch(setting);
    const all = `${output}${inspect(refusal, { depth: Infinity, showHidden: true, maxStringLength: Infinity })}`;
    for (const secret of [user.password, wrong]) {
      expect(all).not.toContain(secret);
      expect(all).not.toContain(Buffer.from(`\0${user.username}\0${secret}`).toString('base64'));
    }
    expect(output).not.toContain('RFC 6066');
  });

  test('where TLS or SASL is left out, says that this may be it', async () => {
    const limits = { askMs: 1_000 };
    const without = [
      { clientId: 'test', brokers: [doors.ssl] },
      { clientId: 'test', brokers: [doors.saslSsl], tls: { ca } },
      { clientId: 'test', brokers: [cluster.bootstrap], tls: { ca } },
    ];
    for (const connection of without)
      await expect(KafkaEventLog.open(logOptions({ client, connection, limits }))).rejects.toThrow(
        'TESSERA_KAFKA_SECURITY_PROTOCOL',
      );
  });
});

test('a group is joined with TLS and SCRAM, and one that is refused says why while it keeps trying', async () => {
  const options = logOptions({ partitions: 1, connection: throughScram('scram-sha-512') });
  const log = await KafkaEventLog.open(options);
  const gained = (connection: KafkaConnectionOptions, tell: (event: string, facts: object) => void) => {
    const ownership = new KafkaOwnership({ connection, prefix: options.prefix, service: 'features', tell });
    const owner = {
      gained: () => undefined,
      release: () => Promise.resolve(),
      lost: () => undefined,
      positions: () => new Map(),
    };
    return ownership.join({ stage: 'features', topic: 'events', partitions: 1 }, owner);
  };
  const told = (connection: KafkaConnectionOptions, wanted: string) =>
    new Promise<object>((resolve) => {
      const membership = gained(connection, (event, facts) => {
        if (event === wanted) void membership.leave().then(() => resolve(facts));
      });
    });
  expect(await told(throughScram('scram-sha-512'), 'assigned')).toMatchObject({ partitions: [0] });
  const refused = JSON.stringify(await told(throughScram('scram-sha-512', { password: wrong }), 'unreachable'));
  expect(refused).toContain('TESSERA_KAFKA_SASL_PASSWORD_FILE');
  expect(refused).not.toContain(wrong);
  await log.close();
});
