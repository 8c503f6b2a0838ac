import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { Analytics } from '@segment/analytics-node';
import { keyOf } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import { DEFAULT_IDENTITY_RULES } from '@tessera/identity';
import { MemoryEventLog } from '@tessera/log-memory';
import { createHttpServer, credentialsOf } from '@tessera/nest';
import { systemClock, systemIds } from '@tessera/runtime';
import { IngestionModule } from '../src/index.js';

test('what the server client sends is in the log once, each batch in its order, in the partition of its sender', async () => {
  const log = new MemoryEventLog({ clock: 'append', nowMs: () => Date.now(), partitions: 4 });
  const credentials = credentialsOf({ writeKeys: [{ key: 'wk', workspace: 'shop', source: 'web' }], tokens: [] });
  const ports = { log, clock: systemClock, ids: systemIds, credentials, identityRules: () => DEFAULT_IDENTITY_RULES };
  const app = await createHttpServer(IngestionModule.register(ports), { logger: false });
  await app.listen(0, '127.0.0.1');
  const analytics = new Analytics({ writeKey: 'wk', host: await app.getUrl(), flushAt: 20 });
  for (let i = 0; i < 200; i++) analytics.track({ anonymousId: `d${String(i % 7)}`, event: 'E', properties: { i } });
  await analytics.closeAndFlush();
  await app.close();

  const seen = new Map<string, number[]>();
  for (let partition = 0; partition < 4; partition++) {
    const { records } = await log.read('events', partition, 0, { records: 1_000, bytes: 1 << 20 });
    for (const { key, value } of records) {
      if (value?.kind !== 'tracked') throw new Error('only tracked events are expected');
      expect([key, partitionOf(key, 4)]).toEqual([keyOf('shop', 'sender', value.sender), partition]);
      seen.set(value.sender, [...(seen.get(value.sender) ?? []), value.properties?.['i'] as number]);
    }
  }
  for (let d = 0; d < 7; d++) {
    const sent = Array.from({ length: 200 }, (_, i) => i).filter((i) => i % 7 === d);
    const found = seen.get(`anonymous_id:d${String(d)}`) ?? [];
    // Batches of the client are sent at the same time and may overtake each other; within one the order stays.
    expect(found.toSorted((a, b) => a - b)).toEqual(sent);
    for (let b = 0; b < 200; b += 20) {
      const inBatch = found.filter((i) => i >= b && i < b + 20);
      expect(inBatch).toEqual(inBatch.toSorted((x, y) => x - y));
    }
  }
});
