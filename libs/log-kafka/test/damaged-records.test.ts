// What a topic may hold of our own kinds: records that a broken release or a stranger wrote. Read from a broker each becomes a sound record
// or an unreadable one, and no stage halts at either. What our stages write is never refused.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  asUnreadable,
  keyOf,
  RECORD_KINDS,
  RECORDS,
  TOPIC_IDS,
  type AnyRecord,
  type Key,
  type RecordKind,
  type UnreadableRecord,
} from '@tessera/contracts';
import { MemoryEventLog } from '@tessera/log-memory';
import { StageHost, systemClock, type NewRecord } from '@tessera/runtime';
import { MemoryStateStore } from '@tessera/state-memory';
import { CoreWorld, loadScenarios, runScenario, shippedStages, SystemHost } from '@tessera/testkit';
import { valueOf, valueText } from '../src/record-value.js';

const ROOT = join(import.meta.dirname, '../../..');
const KEY = keyOf('main', 'profile', 'p_1');
const OTHERS: readonly unknown[] = [null, true, 'text', -1, 1.5, 2 ** 53, [], {}, [null]];
const nobody = { load: () => Promise.reject(new Error('nobody asks for definitions here')) };
const stages = shippedStages({ clock: 'append', secretOf: () => 'secret', definitions: nobody });

function example(kind: RecordKind): Record<string, unknown> {
  return JSON.parse(readFileSync(join(ROOT, 'libs/contracts/examples', `${kind}.json`), 'utf8')) as Record<string, unknown>;
}

/** The value with everything in it once missing and once of every other type; but for the kind, which makes it a record of ours. */
function* damaged(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const [i, part] of value.entries())
      for (const other of [...OTHERS, ...damaged(part)]) yield value.with(i, other) as unknown;
    return;
  }
  for (const [name, part] of Object.entries(value).filter(([name]) => name !== 'kind')) {
    for (const other of [undefined, ...OTHERS, ...damaged(part)]) yield { ...value, [name]: other };
  }
}

function read(record: unknown, key: Key = KEY): AnyRecord | null {
  const bytes = Buffer.from(JSON.stringify(record));
  return valueOf(bytes, 0, bytes.length, key);
}

describe.each(stages.map((stage) => [stage.name, stage] as const))('the stage %s', (_, stage) => {
  const kinds = RECORD_KINDS.filter((kind) => RECORDS[kind].topics.includes(stage.input));

  test.each(kinds)('goes on at every damaged %s', async (kind) => {
    const log = new MemoryEventLog({ clock: 'append', partitions: 1, nowMs: () => 1_767_605_500_000 });
    const reports: unknown[] = [];
    const ports = { log, store: new MemoryStateStore(), clock: systemClock, report: (event: unknown) => reports.push(event) };
    // A key of its own for each: none is stale because of the one before.
    const all = [...damaged(example(kind))].map((record, i): NewRecord => {
      const key = keyOf('main', stage.input === 'events' ? 'sender' : 'profile', `p_${String(i)}`, 'more');
      return { key, value: read(record, key) };
    });
    // A sound record that names a definition set makes the stage wait for that set, as it should.
    const records = all.filter((record) => !stage.definitionsNeededBy?.({ ...record, offset: 0, stampMs: 0 }).length);
    expect(records.filter(({ value }) => (value?.kind as string) === 'unreadable').length).toBeGreaterThan(10);
    await log.append(stage.input, 0, records);
    const host = new StageHost(stage, ports, nobody);
    host.start();
    const [loop] = host.loops;
    try {
      while (loop?.status === 'running' && (await host.lag()) > 0) await systemClock.wait(1);
      expect([loop?.status, reports]).toEqual(['running', []]);
      expect([loop?.options.ledger.read, loop?.options.ledger.missing]).toEqual([records.length, 0]);
    } finally {
      await host.stop();
      await log.close();
    }
    expect(reports).toEqual([]);
  });
});

test('an unreadable record tells its kind, the field and what was found', () => {
  const damaged = { ...example('tracked'), timeMs: 'noon' };
  const unreadable = asUnreadable(read(damaged)) as UnreadableRecord;
  expect(unreadable.detail).toMatch(/^no tracked of ours: timeMs is a text, wanted is milliseconds since the epoch: \{"kind"/);
  expect(unreadable.detail.length).toBe(200);
  expect(unreadable.original).toEqual(new Uint8Array(Buffer.from(JSON.stringify(damaged))));
});

describe('what is ours', () => {
  let told: AnyRecord[];

  beforeAll(async () => {
    told = [];
    const folder = join(ROOT, 'scenarios');
    const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
    for (const scenario of files.flatMap((name) => loadScenarios(join(folder, name)))) {
      const world = new CoreWorld(scenario.startMs);
      await runScenario(scenario, new SystemHost(world));
      for (const topic of TOPIC_IDS) for (const { value } of await world.records(topic)) if (value !== null) told.push(value);
      await world.close();
    }
  });

  test.each(RECORD_KINDS)('is read as its example: %s', (kind) => {
    const record = read(example(kind));
    expect(record?.kind).toBe(kind);
    expect(JSON.parse(valueText(record as AnyRecord))).toEqual(example(kind));
  });

  test('is read as the stages of all scenarios wrote it', () => {
    const unread = told.filter((value) => read(JSON.parse(valueText(value)))?.kind !== value.kind);
    expect(unread).toEqual([]);
    const kinds = new Set(told.map(({ kind }) => kind));
    const byServices = ['linkRestored', 'definitionStored', 'decisionMade', 'deadLetter', 'auditRecorded'];
    expect(RECORD_KINDS.filter((kind) => !kinds.has(kind))).toEqual(byServices);
  });

  test('is read as ingestion refuses an event, which comes from no topic', () => {
    expect(read({ ...example('deadLetter'), topic: '', partition: -1, offset: -1 })?.kind).toBe('deadLetter');
  });
});
