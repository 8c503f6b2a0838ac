import { expect, test } from '@jest/globals';
import { Ledger, type HostedLoop, type HostedStage } from '@tessera/runtime';
import { readExposition } from '@tessera/testkit';
import { Metrics, stageMetrics } from '../src/index.js';

let nowMs = 100_000;

const loop = (partition: number, logTimeMs: number, nextOffset: number): HostedLoop => ({
  status: 'running',
  position: { nextOffset, logTimeMs },
  options: { partition, ledger: new Ledger() },
});

/** A stage over two partitions of ten records each. */
function hosted(loops: HostedLoop[]): HostedStage {
  return { stage: { name: 'features', input: 'events' }, loops, lag: () => Promise.resolve(7) } as unknown as HostedStage;
}

async function metricsOf(host: HostedStage): Promise<(name: string) => Promise<number | undefined>> {
  const metrics = new Metrics(stageMetrics([host], { endOffset: () => Promise.resolve(10) }, () => nowMs));
  return async (name) => {
    const samples = readExposition(await metrics.text()).get(name)?.samples ?? [];
    return samples.reduce<number | undefined>((all, { value }) => (all ?? 0) + value, undefined);
  };
}

test('lag in seconds is that of the slowest partition, and 0 when nothing waits', async () => {
  const loops = [loop(0, nowMs - 30_000, 10), loop(1, nowMs - 4_000, 3)];
  const read = await metricsOf(hosted(loops));
  expect(await read('tessera_stage_lag_seconds')).toBe(4);
  expect(await read('tessera_stage_lag_records')).toBe(7);
  loops[1] = loop(1, nowMs - 4_000, 10);
  expect(await read('tessera_stage_lag_seconds')).toBe(0);
});

test('a partition that was idle for long is behind since it was last seen with nothing unread, not since its last record', async () => {
  const loops = [loop(0, nowMs - 3_600_000, 10)];
  const read = await metricsOf(hosted(loops));
  expect(await read('tessera_stage_lag_seconds')).toBe(0);
  nowMs += 15_000;
  loops[0] = loop(0, nowMs - 3_600_000, 9);
  expect(await read('tessera_stage_lag_seconds')).toBe(15);
});

test('a partition that has stepped nothing yet is behind from when it is first seen', async () => {
  const read = await metricsOf(hosted([loop(0, -Infinity, 0)]));
  expect(await read('tessera_stage_lag_seconds')).toBe(0);
  nowMs += 5_000;
  expect(await read('tessera_stage_lag_seconds')).toBe(5);
});

test('counters stay when another process takes a partition over', async () => {
  const loops = [loop(0, nowMs, 10), loop(1, nowMs, 10)];
  for (const { options } of loops) {
    options.ledger.checkpoints = 3;
    options.ledger.count({ kind: 'drop', reason: 'stale-version' });
  }
  const read = await metricsOf(hosted(loops));
  expect([await read('tessera_stage_checkpoints_total'), await read('tessera_stage_reasons_total')]).toEqual([6, 2]);
  loops.pop();
  expect([await read('tessera_stage_checkpoints_total'), await read('tessera_stage_partitions')]).toEqual([6, 1]);
});
