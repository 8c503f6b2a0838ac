import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DefinitionCatalog } from '@tessera/catalog';
import { keyOf, type TopicId } from '@tessera/contracts';
import { systemClock, type LogRecord } from '@tessera/runtime';
import { parseDefinitions } from '@tessera/segments';
import {
  closePorts,
  compactionMetrics,
  COMPACTED_TOPICS,
  LogCompaction,
  openEmbeddedPorts,
  type Compactor,
  type SystemPorts,
} from '@tessera/service';

const PARTITIONS = 2;
const KEYS = 7;
const RECORDS = 4_000;

let data: string;
let ports: SystemPorts;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'tessera-compaction-'));
  ports = await openEmbeddedPorts(data, PARTITIONS);
});
afterEach(async () => {
  await closePorts(ports);
  rmSync(data, { recursive: true, force: true });
});

async function recordsOf(topic: TopicId, partition: number): Promise<readonly LogRecord[]> {
  const { records } = await ports.log.read(topic, partition, 0, { records: 1_000_000, bytes: 1 << 30 });
  return records;
}

/** In appends that are frames of their own. */
async function fill(topic: TopicId, partition: number): Promise<void> {
  for (let first = 0; first < RECORDS; first += 100) {
    const records = Array.from({ length: 100 }, (_, i) => ({
      key: keyOf('w', 'identity', `user_id:${String((first + i) % KEYS)}`),
      value: {
        kind: 'identityAssigned',
        workspace: 'w',
        identity: '',
        profile: 'p',
        generation: 0,
        offset: first + i,
        index: 0,
      } as const,
    }));
    await ports.log.append(topic, partition, records);
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (const endMs = Date.now() + 10_000; !isSo(); await pause(5)) if (Date.now() > endMs) throw new Error('it never came');
}

function compacting(compactor: Compactor): LogCompaction {
  return new LogCompaction({ compactor, clock: systemClock, intervalMs: 10 });
}

describe('log compaction', () => {
  test('knows the topics of its policy', () => {
    expect([...COMPACTED_TOPICS].sort()).toEqual([
      'definitions',
      'identity-assignments',
      'profile-features',
      'segment-memberships',
    ]);
  });

  test('leaves the last record of every key where it was, in every partition, and counts what it took', async () => {
    const before: (readonly LogRecord[])[] = [];
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await fill('identity-assignments', partition);
      before.push((await recordsOf('identity-assignments', partition)).slice(-KEYS));
    }
    await fill('events', 0);
    const compaction = compacting(ports.compactor as Compactor);
    compaction.start();
    const dropped = PARTITIONS * (RECORDS - KEYS);
    await until(() => compaction.recordsDropped.get('identity-assignments') === dropped);
    await compaction.stop();
    for (let partition = 0; partition < PARTITIONS; partition++) {
      expect(await recordsOf('identity-assignments', partition)).toEqual(before[partition]);
      expect(await ports.log.endOffset('identity-assignments', partition)).toBe(RECORDS);
    }
    expect(await recordsOf('events', 0)).toHaveLength(RECORDS);
    const [records] = compactionMetrics(compaction);
    expect(await records?.read()).toContainEqual({ value: dropped, labels: { topic: 'identity-assignments' } });
  });

  test('reads nothing while nothing is replaced, and is stopped in the midst of its work', async () => {
    let steps = 0;
    const compaction = compacting({
      compact: async (topic, options) => {
        steps += 1;
        const step = await (ports.compactor as Compactor).compact(topic, options);
        expect(step.framesRead).toBe(0);
        return { ...step, finished: steps < 10 };
      },
    });
    compaction.start();
    await until(() => steps > 20);
    await compaction.stop();
    const atStop = steps;
    await pause(30);
    expect(steps).toBe(atStop);
  });

  test('goes on after a failure, and counts it', async () => {
    await fill('identity-assignments', 0);
    let calls = 0;
    const compaction = compacting({
      compact: (topic, options) => {
        calls += 1;
        if (calls === 2) return Promise.reject(new Error('the disk is full'));
        return (ports.compactor as Compactor).compact(topic, options);
      },
    });
    compaction.start();
    await until(() => compaction.recordsDropped.get('identity-assignments') === RECORDS - KEYS);
    await compaction.stop();
    expect(compaction.failures).toBe(1);
  });

  test('a catalog that starts on compacted definitions knows every set', async () => {
    const history = await withCatalog(async (catalog) => {
      for (let set = 1; set <= 30; set++)
        await catalog.apply('w', documents(set % 3), { actor: 'a', note: String(set), nowMs: set });
      return catalog.history('w');
    });
    const compactor = ports.compactor as Compactor;
    while (!(await compactor.compact('definitions', { frames: 4 })).finished);
    await closePorts(ports);
    ports = await openEmbeddedPorts(data, PARTITIONS);
    expect(await withCatalog((catalog) => Promise.resolve(catalog.history('w')))).toEqual(history);
    expect(history).toHaveLength(30);
  });
});

async function withCatalog<T>(ask: (catalog: DefinitionCatalog) => Promise<T>): Promise<T> {
  const catalog = new DefinitionCatalog(ports.log);
  await catalog.start();
  try {
    return await ask(catalog);
  } finally {
    await catalog.stop();
  }
}

function documents(most: number): ReturnType<typeof parseDefinitions>['documents'] {
  const text = `apiVersion: tessera/v1\nkind: Segment\nmetadata: { name: buyers }\nspec: { when: { event: Order, count: { gte: ${String(most + 1)} } } }\n`;
  return parseDefinitions(text, 'buyers.yaml').documents;
}
