// The catalog as several processes have it: one log, a catalog each, and a log that goes away.
import { afterEach, describe, expect, test } from '@jest/globals';
import { MemoryEventLog } from '@tessera/log-memory';
import { RetryableError, systemClock, type EventLog } from '@tessera/runtime';
import type { DefinitionDocument } from '@tessera/segments';
import { DefinitionCatalog } from '../src/index.js';

const BY = { actor: 'test', note: '', nowMs: 0 };
const started: DefinitionCatalog[] = [];
afterEach(async () => {
  for (const catalog of started.splice(0)) await catalog.stop();
});

function memoryLog(): EventLog {
  return new MemoryEventLog({ clock: 'append', nowMs: () => Date.now(), partitions: 2 });
}

async function catalogOn(log: EventLog): Promise<DefinitionCatalog> {
  const catalog = new DefinitionCatalog(log);
  await catalog.start();
  started.push(catalog);
  return catalog;
}

function segment(name: string, event: string): DefinitionDocument {
  return { apiVersion: 'tessera/v1', kind: 'Segment', metadata: { name }, spec: { when: { event } } };
}

async function untilLatest(catalog: DefinitionCatalog, set: number): Promise<void> {
  while ((catalog.latest('w')?.set ?? 0) < set) await systemClock.wait(1);
}

describe('two processes that apply at once', () => {
  test('give two sets, in the order of the log, and every reader has the same of both', async () => {
    const log = memoryLog();
    const [one, two] = [await catalogOn(log), await catalogOn(log)];
    const [first, second] = await Promise.all([
      one.apply('w', [segment('buyers', 'Order Completed')], BY),
      two.apply('w', [segment('buyers', 'Product Viewed')], BY),
    ]);
    expect([first.set, second.set].sort()).toEqual([1, 2]);
    await untilLatest(one, 2);
    await untilLatest(two, 2);
    const late = await catalogOn(log);
    for (const catalog of [one, two, late]) {
      const history = catalog.history('w').map(({ set, hash }) => ({ set, hash }));
      expect(history).toEqual([first, second].sort((a, b) => a.set - b.set).map(({ set, hash }) => ({ set, hash })));
      for (const { hash } of history) expect(await catalog.load('w', hash)).toMatchObject({ hash });
    }
  });

  test('with the same documents give one set', async () => {
    const log = memoryLog();
    const [one, two] = [await catalogOn(log), await catalogOn(log)];
    const documents = [segment('buyers', 'Order Completed')];
    const outcomes = await Promise.all([one.apply('w', documents, BY), two.apply('w', documents, BY)]);
    expect(outcomes.map(({ set }) => set)).toEqual([1, 1]);
    expect((await catalogOn(log)).history('w')).toHaveLength(1);
  });

  test('have keys of their own for what differs, so that compaction keeps what was first', async () => {
    const log = memoryLog();
    const [one, two] = [await catalogOn(log), await catalogOn(log)];
    await Promise.all([
      one.apply('w', [segment('buyers', 'Order Completed')], BY),
      two.apply('w', [segment('buyers', 'Product Viewed')], BY),
    ]);
    const { records } = await log.read('definitions', 0, 0, { records: 100, bytes: 1 << 20 });
    const texts = new Map<string, string>();
    for (const { key, value } of records) {
      const text = JSON.stringify(value);
      expect([key, texts.get(key) ?? text]).toEqual([key, text]);
      texts.set(key, text);
    }
  });
});

describe('while the log is away', () => {
  test('what is known is answered, and what comes is followed when it is back', async () => {
    const log = memoryLog();
    const writer = await catalogOn(log);
    const reader = new MortalLog(log);
    const catalog = await catalogOn(reader.port);
    const { hash } = await writer.apply('w', [segment('buyers', 'Order Completed')], BY);
    await untilLatest(catalog, 1);

    reader.away = true;
    await writer.apply('w', [segment('buyers', 'Product Viewed')], BY);
    await systemClock.wait(30);
    expect(catalog.latest('w')?.set).toBe(1);
    expect(await catalog.load('w', hash)).toMatchObject({ hash });

    reader.away = false;
    await untilLatest(catalog, 2);
    expect(catalog.latest('w')?.set).toBe(2);
  });
});

class MortalLog {
  away = false;
  readonly port: EventLog;

  constructor(log: EventLog) {
    this.port = Object.create(log, {
      read: {
        value: (...asked: Parameters<EventLog['read']>) =>
          this.away ? Promise.reject(new RetryableError('the log is away')) : log.read(...asked),
      },
    }) as EventLog;
  }
}
