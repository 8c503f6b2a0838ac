import { describe, expect, test } from '@jest/globals';
import { Producer } from '@platformatic/kafka';
import { asUnreadable, keyOf, topicName, type AnyRecord } from '@tessera/contracts';
import { RetryableError, type EventLog, type LogRecord, type NewRecord } from '@tessera/runtime';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startKafka } from '../../../tools/services/kafka/cluster.mjs';
import { KafkaEventLog, RECORD_BYTES_MAX } from '../src/index.js';
import { PlatformaticClient } from '../src/platformatic/platformatic-client.js';
import { topicPlans } from '../src/topic-plan.js';
import { brokers, CLIENTS, logOptions } from './kafka.js';
import { tracked } from './summing-stage.js';

const TIMES = { deliveryMs: 10_000, requestMs: 5_000, askMs: 10_000 };

async function readAll(log: EventLog, partition = 0, topic: 'events' | 'segment-memberships' = 'events'): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (let offset = 0; ;) {
    const batch = await log.read(topic, partition, offset, { records: 1_000, bytes: 1 << 20 });
    if (batch.nextOffset === offset) return records;
    records.push(...batch.records);
    offset = batch.nextOffset;
  }
}

describe.each(CLIENTS)('the log on Kafka, over %s', (client) => {
  test('refuses topics with another partition count, policy or stamp, all in one message', async () => {
    const options = logOptions({ client });
    const admin = new PlatformaticClient(options.connection, TIMES);
    await admin.connect();
    const plans = topicPlans(options).map((plan) => {
      if (plan.id === 'events') return { ...plan, partitions: 3 };
      if (plan.id === 'definitions') return { ...plan, settings: { ...plan.settings, 'cleanup.policy': 'delete' } };
      if (plan.id === 'fragments') return { ...plan, settings: { ...plan.settings, 'message.timestamp.type': 'CreateTime' } };
      return plan;
    });
    await admin.createTopics(plans);
    await admin.close();
    const refusal = await KafkaEventLog.open(options).then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    expect(refusal).toContain(`topic ${topicName('events', options.prefix)} has 3 partitions, and this deployment has 4`);
    expect(refusal).toContain('has cleanup.policy=delete, wanted is compact');
    expect(refusal).toContain('has message.timestamp.type=CreateTime, wanted is LogAppendTime');
  });

  test('makes no topic where it may not, and names those that are missing', async () => {
    const options = logOptions({ client, createTopics: false });
    await expect(KafkaEventLog.open(options)).rejects.toThrow(`${topicName('events', options.prefix)} (4 partitions)`);
  });

  test('processes that start at once make the topics together', async () => {
    const options = logOptions({ client });
    const logs = await Promise.all([1, 2, 3].map(() => KafkaEventLog.open(options)));
    await logs[0]?.append('events', 0, [tracked('s', 'a')]);
    expect(await Promise.all(logs.map((log) => log.endOffset('events', 0)))).toEqual([1, 1, 1]);
    await Promise.all(logs.map((log) => log.close()));
  });

  test('refuses a record that is too large before it is sent, and takes what follows', async () => {
    const log = await KafkaEventLog.open(logOptions({ client }));
    const large: NewRecord = {
      key: keyOf('w', 'sender', 's'),
      value: { kind: 'tracked', text: 'x'.repeat(RECORD_BYTES_MAX) } as never,
    };
    await expect(log.append('events', 0, [large])).rejects.toThrow(/has \d+ bytes, and 8388608 are allowed/);
    expect(await log.append('events', 0, [tracked('s', 'a')])).toEqual({ firstOffset: 0 });
    await log.close();
  });

  test('what others wrote is read, compressed too: what is no record of ours is one that a stage refuses', async () => {
    const options = logOptions({ client });
    const log = await KafkaEventLog.open(options);
    const topic = topicName('events', options.prefix);
    const alien = new Producer({ clientId: 'alien', bootstrapBrokers: [...brokers()] });
    const send = (value: string | null, compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd' = 'none', key?: string) =>
      alien.send({
        messages: [
          {
            topic,
            partition: 0,
            key: key === undefined ? (undefined as never) : Buffer.from(key),
            value: (value === null ? null : Buffer.from(value)) as never,
          },
        ],
        acks: -1,
        compression,
      });
    await send('not json');
    await send('{"kind":"of nobody"}', 'gzip');
    await send(JSON.stringify(tracked('s', 'm0').value), 'gzip');
    const ofCodec = (codec: string) => tracked('s', codec);
    for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const)
      await send(JSON.stringify(ofCodec(codec).value), codec, ofCodec(codec).key);
    await send('{"kind":"tracked","workspace":"w"}', 'none', tracked('s', 'm1').key);
    await send(null, 'none', 'k');
    await log.append('events', 0, [tracked('s', 'm2')]);
    const read = await readAll(log);
    expect(read.map(({ value }) => (value?.kind === 'tracked' ? value.messageId : (value?.kind ?? null)))).toEqual([
      'unreadable',
      'unreadable',
      'unreadable',
      'gzip',
      'snappy',
      'lz4',
      'zstd',
      'unreadable',
      null,
      'm2',
    ]);
    expect(read[0]?.key).toBe('');
    expect(asUnreadable(read[0]?.value ?? null)?.original).toEqual(new Uint8Array(Buffer.from('not json')));
    await alien.close();
    await log.close();
  });

  test('public topics carry CloudEvents, and what the record brought along', async () => {
    const log = await KafkaEventLog.open(logOptions({ client, prefix: `shop${randomUUID().slice(0, 6)}` }));
    const key = keyOf('main', 'profile', 'p_1', 'vip');
    const value: AnyRecord = {
      kind: 'segmentMembership',
      workspace: 'main',
      profile: 'p_1',
      segment: 'vip',
      enteredAt: '1970-01-01T00:00:00.000Z',
      sequence: 3,
      generation: 1,
      offset: 5,
      index: 0,
      effective: '1970-01-01T00:00:00.000Z',
      pending: false,
    };
    await log.append('segment-memberships', 0, [
      { key, value, timeMs: 0, headers: { traceparent: 't' } },
      { key, value: null, timeMs: 0, headers: { version: '1.6.0', sequence: '4' } },
    ]);
    const [written, tombstone] = await readAll(log, 0, 'segment-memberships');
    expect(written?.value).toEqual(value);
    expect(written?.headers).toMatchObject({
      traceparent: 't',
      ce_type: 'tessera.profile.membership-changed.v1',
      ce_source: expect.stringMatching(/^\/shop.*\/segments$/),
      ce_id: `${key}@1.5.0`,
      ce_sequence: '0000000000000003',
    });
    expect([tombstone?.value, tombstone?.headers]).toEqual([
      null,
      expect.objectContaining({ ce_id: `${key}@1.6.0`, ce_sequence: '0000000000000004' }),
    ]);
    await log.close();
  });

  test('a compacted topic keeps the latest of every key, and is read across its gaps from any offset', async () => {
    const options = logOptions({ client, partitions: 1 });
    const admin = new PlatformaticClient(options.connection, TIMES);
    await admin.connect();
    const quick = { 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.001', 'max.compaction.lag.ms': '100' };
    await admin.createTopics(topicPlans(options).map((plan) => ({ ...plan, settings: { ...plan.settings, ...quick } })));
    await admin.close();
    const log = await KafkaEventLog.open(options);
    const key = (i: number) => keyOf('w', 'profile', `p${String(i)}`);
    const append = (i: number, round: number) =>
      log.append('segment-memberships', 0, [{ ...tracked('s', `${String(i)}.${String(round)}`), key: key(i) }]);
    for (let round = 0; round < 5; round++) for (let i = 0; i < 10; i++) await append(i, round);
    let kept: LogRecord[] = [];
    for (const deadline = performance.now() + 60_000; performance.now() < deadline;) {
      // A segment ends with the next record.
      await append(99, 0);
      kept = await readAll(log, 0, 'segment-memberships');
      if (kept.filter((record) => record.key !== key(99)).length === 10) break;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(kept.filter((record) => record.key !== key(99)).map(({ offset }) => offset)).toEqual([
      40, 41, 42, 43, 44, 45, 46, 47, 48, 49,
    ]);
    for (const from of [0, 7, 39, 45]) {
      const batch = await log.read('segment-memberships', 0, from, { records: 3, bytes: 1 << 20 });
      expect(batch.records[0]?.offset ?? batch.nextOffset).toBeGreaterThanOrEqual(from);
      expect((await readFrom(log, from)).slice(0, 3)).toEqual(kept.filter(({ offset }) => offset >= from).slice(0, 3));
    }
    await log.close();
  });

  test('a broker that is away is the failure of the world; what waits is refused in time, and all goes on when it is back, with SASL', async () => {
    const folder = mkdtempSync(join(process.env['TESSERA_TEST_FOLDER'] as string, 'away-'));
    const user = { username: 'tessera', password: randomUUID() };
    const cluster = await startKafka({ folder, user });
    const limits = { deliveryMs: 1_500, askMs: 1_500, requestMs: 1_000 };
    const connection = { brokers: [cluster.bootstrap], clientId: 'test', sasl: { mechanism: 'plain' as const, ...user } };
    const options = logOptions({ client, partitions: 1, limits, connection });
    const log = await KafkaEventLog.open({ ...options, limits: { ...limits, askMs: 30_000 } });
    await log.append('events', 0, [tracked('s', 'before')]);
    await cluster.brokers[0]?.kill();
    if (client === 'platformatic') {
      const began = performance.now();
      await expect(log.append('events', 0, [tracked('s', 'meanwhile')])).rejects.toThrow(RetryableError);
      expect(performance.now() - began).toBeLessThan(10_000);
    }
    await expect(KafkaEventLog.open(options)).rejects.toThrow(RetryableError);
    await cluster.brokers[0]?.start();
    for (let tries = 0; ; tries++) {
      const done = await log.append('events', 0, [tracked('s', 'after')]).catch((error: unknown) => error);
      if (!(done instanceof Error)) break;
      expect(done).toBeInstanceOf(RetryableError);
      expect(tries).toBeLessThan(600);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const ids = (await readAll(log)).map(({ value }) => (value?.kind === 'tracked' ? value.messageId : ''));
    expect([ids[0], ids.at(-1)]).toEqual(['before', 'after']);
    // Made of the options of an open log: kafkajs keeps the password that it has proven in the object that it is given, so it gets a copy.
    const stranger = { ...connection, sasl: { ...connection.sasl, password: 'another' } };
    await expect(KafkaEventLog.open({ ...options, connection: stranger })).rejects.toThrow('refuse these credentials');
    await log.close();
    await cluster.destroy({ all: true });
    rmSync(folder, { recursive: true, force: true });
  });
});

async function readFrom(log: EventLog, from: number): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  for (let offset = from; ;) {
    const batch = await log.read('segment-memberships', 0, offset, { records: 3, bytes: 1 << 20 });
    if (batch.nextOffset === offset) return records;
    records.push(...batch.records);
    offset = batch.nextOffset;
  }
}
