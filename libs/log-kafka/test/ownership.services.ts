import { describe, expect, test } from '@jest/globals';
import type { TrackedRecord } from '@tessera/contracts';
import {
  noDefinitions,
  StageHost,
  systemClock,
  type EventLog,
  type OwnedInput,
  type Ownership,
  type PartitionOwner,
} from '@tessera/runtime';
import { MemoryStateStore } from '@tessera/state-memory';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startKafka } from '../../../tools/services/kafka/cluster.mjs';
import { KafkaEventLog, KafkaOwnership, type KafkaEventLogOptions, type OwnershipTimes } from '../src/index.js';
import { logOptions } from './kafka.js';
import { summingStage, tracked } from './summing-stage.js';

const PARTITIONS = 8;
const SENDERS = 40;
const TIMES: Partial<OwnershipTimes> = { heartbeatMs: 200, sessionMs: 6_000, commitMs: 500 };

/** Who worked on what, from when until when. */
interface Tenure {
  readonly partition: number;
  readonly host: string;
  readonly fromMs: number;
  toMs: number;
}

/** The ownership under test, and a protocol of what it said. */
class Watched implements Ownership {
  readonly events: string[] = [];

  constructor(
    private readonly inner: Ownership,
    private readonly host: string,
    readonly tenures: Tenure[],
  ) {}

  join(input: OwnedInput, owner: PartitionOwner) {
    const end = (partitions: readonly number[]): void => {
      for (const tenure of this.tenures)
        if (tenure.host === this.host && tenure.toMs === Infinity && partitions.includes(tenure.partition))
          tenure.toMs = performance.now();
    };
    return this.inner.join(input, {
      gained: (partitions) => {
        for (const partition of partitions)
          this.tenures.push({ partition, host: this.host, fromMs: performance.now(), toMs: Infinity });
        owner.gained(partitions);
      },
      release: async (partitions) => {
        await owner.release(partitions);
        end(partitions);
      },
      lost: (partitions) => {
        this.events.push(`lost ${String(partitions.length)}`);
        end(partitions);
        owner.lost(partitions);
      },
      positions: () => owner.positions(),
    });
  }
}

interface Host {
  readonly host: StageHost<unknown, unknown, unknown>;
  readonly log: EventLog;
  readonly watched: Watched;
  close(): Promise<void>;
}

async function startHost(name: string, options: KafkaEventLogOptions, store: MemoryStateStore, tenures: Tenure[]): Promise<Host> {
  const log = await KafkaEventLog.open(options);
  const { connection, prefix } = options;
  const watched = new Watched(new KafkaOwnership({ connection, prefix, service: 'test', times: TIMES }), name, tenures);
  const ports = { log, store, clock: systemClock, ownership: watched, limits: { idleMs: 5, checkpointMs: 300 } };
  const host = new StageHost(summingStage, ports, noDefinitions) as unknown as Host['host'];
  host.start();
  return {
    host,
    log,
    watched,
    close: async () => {
      await host.stop();
      await log.close();
    },
  };
}

async function until(condition: () => boolean | Promise<boolean>, what: string, timeoutMs = 60_000): Promise<void> {
  for (const deadline = performance.now() + timeoutMs; !(await condition());) {
    if (performance.now() > deadline) throw new Error(`it took more than ${String(timeoutMs)} ms until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Appends until told to end; resolves with the ids by partition, in order. */
function load(log: EventLog): { stop(): Promise<readonly string[][]> } {
  const ids = Array.from({ length: PARTITIONS }, (): string[] => []);
  let going = true;
  const run = async (): Promise<void> => {
    for (let round = 0; going; round++) {
      const appends = ids.map((ofPartition, partition) => {
        const records = Array.from({ length: 5 }, (_, i) => {
          const id = `${String(partition)}.${String(round)}.${String(i)}`;
          ofPartition.push(id);
          return tracked(`s${String(partition + PARTITIONS * ((round + i) % (SENDERS / PARTITIONS)))}`, id);
        });
        return log.append('events', partition, records);
      });
      await Promise.all(appends);
    }
  };
  const running = run();
  return {
    stop: async () => {
      going = false;
      await running;
      return ids;
    },
  };
}

/** Ids in the documents of a partition. */
async function applied(store: MemoryStateStore, partition: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const chunk of store.scan({ stage: summingStage.name, partition }))
    for (const { bytes, key } of chunk) ids.push(...summingStage.decode(bytes, key).ids);
  return ids;
}

async function outputs(log: EventLog, partition: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let offset = 0; ;) {
    const batch = await log.read('audit', partition, offset, { records: 10_000, bytes: 8 << 20 });
    if (batch.nextOffset === offset) return ids;
    ids.push(...batch.records.map(({ value }) => (value as TrackedRecord).messageId));
    offset = batch.nextOffset;
  }
}

function overlaps(tenures: readonly Tenure[]): readonly string[] {
  return tenures.flatMap((one, i) =>
    tenures
      .slice(i + 1)
      .filter((other) => other.partition === one.partition && other.fromMs < one.toMs && one.fromMs < other.toMs)
      .map((other) => `${String(one.partition)}: ${one.host} and ${other.host}`),
  );
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('ownership of partitions', () => {
  test('members that come and go under load: every event is applied once, and no partition has two owners', async () => {
    const options = logOptions({ partitions: PARTITIONS });
    const store = new MemoryStateStore();
    const tenures: Tenure[] = [];
    const a = await startHost('a', options, store, tenures);
    await until(() => a.host.loops.length === PARTITIONS, 'the first member owns all');
    const producing = load(a.log);
    await pause(500);
    const b = await startHost('b', options, store, tenures);
    await until(() => a.host.loops.length === 4 && b.host.loops.length === 4, 'two share');
    await pause(500);
    const c = await startHost('c', options, store, tenures);
    await until(() => [a, b, c].every(({ host }) => host.loops.length >= 2 && host.loops.length <= 3), 'three share');
    await pause(500);
    await b.close();
    await until(() => a.host.loops.length === 4 && c.host.loops.length === 4, 'two share again');
    await pause(500);
    const ids = await producing.stop();
    await until(() => a.host.idle && c.host.idle, 'all is applied');
    for (const [partition, appended] of ids.entries()) {
      expect([...(await applied(store, partition))].sort()).toEqual([...appended].sort());
      const told = await outputs(a.log, partition);
      // A release is drained: not even the outputs are repeated.
      expect(told).toHaveLength(appended.length);
      expect(new Set(told).size).toBe(appended.length);
    }
    expect(overlaps(tenures)).toEqual([]);
    expect(ids.flat().length).toBeGreaterThan(1_000);
    expect([a, b, c].flatMap(({ watched }) => watched.events)).toEqual([]);
    await c.close();
    await a.close();
  });

  test('an owner that cannot confirm itself takes itself for dead, and works again when the broker is back', async () => {
    const folder = mkdtempSync(join(process.env['TESSERA_TEST_FOLDER'] as string, 'ownership-'));
    const cluster = await startKafka({ folder });
    const connection = { brokers: cluster.bootstrap.split(','), clientId: 'test' };
    const options = logOptions({ connection, partitions: PARTITIONS, limits: { deliveryMs: 2_000, askMs: 2_000 } });
    const store = new MemoryStateStore();
    const a = await startHost('a', options, store, []);
    await until(() => a.host.loops.length === PARTITIONS, 'the member owns all');
    await cluster.brokers[0]?.kill();
    await until(() => a.watched.events.length > 0, 'ownership is lost', 30_000);
    expect([a.watched.events, a.host.assigned, a.host.loops.length]).toEqual([['lost 8'], false, 0]);
    await cluster.brokers[0]?.start();
    await until(() => a.host.loops.length === PARTITIONS && a.host.idle, 'the member owns all again');
    await a.log.append('events', 3, [tracked('s3', 'after')]);
    await until(async () => (await applied(store, 3)).includes('after'), 'it works again');
    await a.close();
    await cluster.destroy({ all: true });
    rmSync(folder, { recursive: true, force: true });
  });
});
