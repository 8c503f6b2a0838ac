import { describe, expect, test } from '@jest/globals';
import { costsOf } from '../../src/bench/run-sizing.js';
import { ASSUMPTIONS, planFor, type UnitCosts } from '../../src/bench/sizing.js';

const COSTS: UnitCosts = {
  cpuSecondsPerMillion: 60,
  dearestCpuSecondsPerMillion: 30,
  logBytesPerEvent: 2_000,
  keptBytesPerEvent: 1_500,
  stateBytesPerProfile: 1_000,
  compactedBytesPerProfile: 2_000,
};

describe('what a month of events needs', () => {
  test('follows from the costs and the assumptions', () => {
    const month = 2_592_000 * 1_000;
    expect(planFor(month, COSTS, { ...ASSUMPTIONS, peakFactor: 10, eventsPerProfileAndMonth: 25.92 })).toEqual({
      eventsPerMonth: month,
      eventsPerSecond: 1_000,
      peakEventsPerSecond: 10_000,
      profiles: 100_000_000,
      // 10,000 a second at 60 microseconds, cores used to 60 %.
      cores: 1,
      dearestInstances: 2,
      partitions: 64,
      logBytesPerDay: 172_800_000_000,
      // (86.4 million events a day x 1,500 bytes x 3 days + 100 million profiles x 2,000 bytes) x 3 copies / 60 %.
      brokerDiskBytes: 2_944_000_000_000,
      brokers: 3,
      brokersBecauseOf: 'replicas',
      stateBytes: 100_000_000_000,
      shards: 4,
      shardsBecauseOf: 'writes',
    });
  });

  test('brokers and shards are as many as the scarcest thing wants', () => {
    const big = planFor(2_592_000 * 100_000, COSTS, { ...ASSUMPTIONS, brokerBytesPerSecond: 10e6, shardWritesPerSecond: 1e9 });
    expect([big.brokers, big.brokersBecauseOf]).toEqual([300, 'throughput']);
    expect([big.shards, big.shardsBecauseOf]).toEqual([13, 'bytes']);
    expect(big.dearestInstances).toBe(25);
    expect(big.partitions).toBe(128);
  });

  test('the costs of an event and a profile are sums over topics and stages', () => {
    const topics = {
      events: { recordsPerEvent: 1, bytesPerRecord: 300, bytesPerEvent: 300 },
      'segment-memberships': { recordsPerEvent: 0.5, bytesPerRecord: 600, bytesPerEvent: 300, compactedBytes: 30_000 },
    };
    const stages = {
      features: { documents: 10, bytesPerDocument: 200 },
      segments: { documents: 10, bytesPerDocument: 300 },
    };
    const run = { profiles: 10, cpuSecondsPerMillion: 60, dearestCpuSecondsPerMillion: 30 };
    expect(costsOf(topics, stages, run)).toEqual({
      cpuSecondsPerMillion: 60,
      dearestCpuSecondsPerMillion: 30,
      logBytesPerEvent: 600,
      keptBytesPerEvent: 300,
      stateBytesPerProfile: 500,
      compactedBytesPerProfile: 3_000,
    });
  });
});
