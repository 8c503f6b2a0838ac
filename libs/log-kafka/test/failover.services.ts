import { describe, expect, test } from '@jest/globals';
import type { TrackedRecord } from '@tessera/contracts';
import { RetryableError, type EventLog } from '@tessera/runtime';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKafka, type KafkaCluster } from '../../../tools/services/kafka/cluster.mjs';
import { KafkaEventLog } from '../src/index.js';
import { CLIENTS, logOptions, type ClientName } from './kafka.js';
import { tracked } from './summing-stage.js';

const PARTITIONS = 6;
/** The second client is slow to find the new leaders. */
const CYCLES: Readonly<Record<ClientName, number>> = { platformatic: 3, kafkajs: 1 };
/** The brokers notice a dead one after 3 s; a client needs time to find the new leaders. */
const DEAD_MS = 5_000;
const HEALED_MS = 3_000;

interface Acknowledged {
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
}

/** Appends to all partitions, one append under way in each, until told to end. */
function load(log: EventLog) {
  const acknowledged: Acknowledged[] = [];
  const failures: unknown[] = [];
  let longestMs = 0;
  let going = true;
  const run = async (partition: number): Promise<void> => {
    for (let i = 0; going; i++) {
      const records = Array.from({ length: 4 }, (_, j) =>
        tracked(`s${String(partition)}`, `${String(partition)}.${String(i)}.${String(j)}`),
      );
      const began = performance.now();
      try {
        const { firstOffset } = await log.append('events', partition, records);
        records.forEach(({ value }, j) => {
          acknowledged.push({ id: (value as TrackedRecord).messageId, partition, offset: firstOffset + j });
        });
      } catch (error) {
        failures.push(error);
      }
      longestMs = Math.max(longestMs, performance.now() - began);
      await sleep(2);
    }
  };
  const running = Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => run(partition)));
  return {
    acknowledged,
    stop: async () => {
      going = false;
      await running;
      return { acknowledged, failures, longestMs };
    },
  };
}

async function idsOf(log: EventLog, partition: number): Promise<ReadonlyMap<number, string>> {
  const ids = new Map<number, string>();
  for (let offset = 0; ;) {
    const batch = await log.read('events', partition, offset, { records: 10_000, bytes: 8 << 20 });
    if (batch.nextOffset === offset) return ids;
    for (const record of batch.records) ids.set(record.offset, (record.value as TrackedRecord).messageId);
    offset = batch.nextOffset;
  }
}

async function killInTurn(cluster: KafkaCluster, cycles: number): Promise<void> {
  for (let cycle = 0; cycle < cycles; cycle++) {
    const broker = cluster.brokers[cycle % cluster.brokers.length];
    await broker?.kill();
    await sleep(DEAD_MS);
    await broker?.start();
    await sleep(HEALED_MS);
  }
}

describe('brokers that die while leaders move', () => {
  test.each(CLIENTS)(
    'over %s: every acknowledged record is in the log, at its offset, and a reader beside the appends sees all of them',
    async (client: ClientName) => {
      const folder = mkdtempSync(join(process.env['TESSERA_TEST_FOLDER'] as string, 'failover-'));
      const cluster = await startKafka({ folder, brokers: 3 });
      const connection = { brokers: cluster.bootstrap.split(','), clientId: 'test' };
      const options = logOptions({ client, connection, partitions: PARTITIONS, replication: 3 });
      const log = await KafkaEventLog.open(options);
      const followed = follow(log);
      const producing = load(log);
      await killInTurn(cluster, CYCLES[client]);
      const { acknowledged, failures, longestMs } = await producing.stop();
      const fresh = await KafkaEventLog.open(options);
      const found = await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => idsOf(fresh, partition)));
      const lost = acknowledged.filter(({ id, partition, offset }) => found[partition]?.get(offset) !== id);
      const total = found.reduce((sum, ids) => sum + ids.size, 0);
      const distinct = found.reduce((sum, ids) => sum + new Set(ids.values()).size, 0);
      process.stderr.write(
        `${client}: ${String(acknowledged.length)} acknowledged, ${String(lost.length)} not in the log, ${String(total - distinct)} twice, ` +
          `${String(failures.length)} appends refused, longest ${longestMs.toFixed(0)} ms\n`,
      );
      expect(lost).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(500);
      // What was refused may or may not be in the log, and is the world's failure.
      expect(failures.filter((error) => !(error instanceof RetryableError))).toEqual([]);
      const seen = await followed.upTo(found.map((ids) => Math.max(-1, ...ids.keys())));
      expect(seen).toEqual(found);
      await Promise.all([log.close(), fresh.close()]);
      await cluster.destroy({ all: true });
      rmSync(folder, { recursive: true, force: true });
    },
    600_000,
  );
});

/** Reads as a stage does: wakes, reads on, and takes a failure of the world for a reason to try again. */
function follow(log: EventLog) {
  const seen = Array.from({ length: PARTITIONS }, () => new Map<number, string>());
  let going = true;
  const run = async (partition: number): Promise<void> => {
    let wake = (): void => undefined;
    const leave = log.subscribe('events', partition, () => wake());
    for (let offset = 0; going;) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      try {
        const batch = await log.read('events', partition, offset, { records: 500, bytes: 1 << 20 });
        for (const record of batch.records) seen[partition]?.set(record.offset, (record.value as TrackedRecord).messageId);
        offset = batch.nextOffset;
        if (batch.records.length === 0) await Promise.race([woken, sleep(15_000, undefined, { ref: false })]);
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
      }
    }
    leave();
  };
  const running = Promise.all(seen.map((_, partition) => run(partition)));
  return {
    upTo: async (last: readonly number[]) => {
      const deadline = performance.now() + 20_000;
      while (!seen.every((ids, partition) => ids.has(last[partition] as number)) && performance.now() < deadline) await sleep(50);
      going = false;
      await Promise.race([running, sleep(100)]);
      return seen;
    },
  };
}
