// A snapshot of MongoDB, taken of a running system and restored into an empty database beside the same Kafka: the rest is replayed.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { accessOf, closePorts, openPorts, openSnapshots } from '@tessera/service';
import { readConfig, type Config } from '@tessera/settings';
import { openEmbedded, type Embedded } from '../../src/embedded.js';
import { restoreStateSnapshot } from '../../src/snapshot/restore-snapshot.js';
import { takeStateSnapshot } from '../../src/snapshot/take-snapshot.js';
import { verify } from '../../src/verify.js';
import { untilIdle } from '../kill/until-idle.js';
import { adminCall } from './doors.js';
import { runFolder, sharedServers } from './test-cluster.js';

const DEFINITIONS = `
apiVersion: tessera/v1
kind: Segment
metadata: { name: lookers }
spec: { when: { event: Product Viewed, count: { gte: 2 }, within: 1d } }
`;
const folder = runFolder('snapshot');
const { kafka, mongo } = sharedServers();
const config = readConfig({
  TESSERA_DATA: join(folder, 'data'),
  TESSERA_LOG: 'kafka',
  TESSERA_KAFKA_BROKERS: kafka,
  TESSERA_KAFKA_SESSION: '6s',
  TESSERA_TOPIC_PREFIX: `n${randomBytes(4).toString('hex')}`,
  TESSERA_PARTITIONS: '2',
  TESSERA_STORE: 'mongo',
  TESSERA_MONGO_URI: mongo,
  TESSERA_HTTP_PORT: '0',
  TESSERA_GRPC_PORT: '0',
  TESSERA_OPS_PORT: '0',
});
let running: Embedded | undefined;
afterAll(() => running?.stop());

async function start(settings: Config): Promise<Embedded> {
  running = await openEmbedded(settings);
  return running;
}

async function send({ endpoints, credentials }: Embedded, from: number, count: number): Promise<void> {
  const batch = Array.from({ length: count }, (_, i) => {
    return { type: 'track', event: 'Product Viewed', userId: `u${String((from + i) % 20)}`, messageId: `m${String(from + i)}` };
  });
  const answer = await fetch(`${endpoints.http}/v1/batch`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${btoa(`${credentials.workspaces[0]?.writeKeys[0]?.key ?? ''}:`)}`,
    },
    body: JSON.stringify({ batch }),
  });
  expect(answer.status).toBe(200);
  await untilIdle(endpoints.ops);
}

test('a snapshot of MongoDB and the rest of the log on Kafka are the state again, byte by byte', async () => {
  const snapshots = await openSnapshots(join(folder, 'snapshots'), config);
  const said: string[] = [];
  const progress = (text: string): void => void said.push(text);
  const first = await start(config);
  const token = first.credentials.workspaces[0]?.tokens[0]?.token ?? '';
  await adminCall(first.endpoints.http, '/api/v1/definitions:apply?wait=active', token, DEFINITIONS);
  await send(first, 0, 100);
  const few = takeStateSnapshot({
    config: { ...config, partitions: 1 },
    snapshots,
    scratch: folder,
    nowMs: Date.UTC(2026, 0, 1),
    progress,
  });
  await expect(few).rejects.toThrow('1 partitions are set: set TESSERA_PARTITIONS to what the system has');
  const taken = await takeStateSnapshot({ config, snapshots, scratch: folder, nowMs: Date.UTC(2026, 0, 5), progress });
  expect(said.at(-1)).toBe(`snapshot ${taken.id} is complete`);
  await send(first, 100, 60);
  await first.stop();

  await expect(restoreStateSnapshot({ config, snapshots, progress })).rejects.toThrow(
    /the store holds state of .* already: restore into an empty database/,
  );
  const elsewhere = { ...config, mongoUri: sharedServers().mongo };
  const { snapshot, replayed } = await restoreStateSnapshot({ config: elsewhere, snapshots, progress });
  expect([snapshot.id, replayed.get('features')]).toEqual([taken.id, 60]);
  const second = await start(elsewhere);
  await untilIdle(second.endpoints.ops);
  await second.stop();

  const ports = await openPorts(elsewhere);
  const found = await verify({ ...ports, access: accessOf(second.credentials) });
  await closePorts(ports);
  expect(found).toMatchObject({ ok: true, skipped: 0, differences: [] });
  expect(found.documents).toBeGreaterThan(50);
  const foreign = { ...snapshots, read: async (id: string) => ({ ...(await snapshots.read(id)), partitions: 3 }) };
  const empty = { ...config, mongoUri: sharedServers().mongo };
  await expect(restoreStateSnapshot({ config: empty, snapshots: foreign, progress })).rejects.toThrow(
    'is of a system with 3 partitions, and the log has 2',
  );
}, 240_000);
