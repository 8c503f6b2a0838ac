import { describe, expect, test } from '@jest/globals';
import { costOf } from '../../src/bench/client-cost.js';
import { perMillion } from '../../src/bench/parts.js';
import { databaseOf } from '../../src/bench/servers.js';

describe('the figures of the pipeline benchmark', () => {
  test('CPU seconds are told per million events', () => {
    expect(perMillion(2.5, 50_000)).toBe(50);
    expect(perMillion(12.3456789, 1_000_000)).toBe(12.346);
  });

  test('the client is told for all records of the job, from those that were measured', () => {
    const produced = { cpuSeconds: 1, measured: 100_000, records: 400_000, bytes: 80_000_000 };
    const consumed = { cpuSeconds: 2, measured: 600_000, records: 600_000, bytes: 120_000_000 };
    expect(costOf({ name: 'client', produced, consumed }, 200_000)).toEqual({
      name: 'client',
      produceCpuSecondsPerMillion: 20,
      consumeCpuSecondsPerMillion: 10,
      recordsPerEvent: 5,
      bytesPerEvent: 1_000,
    });
  });

  test('a client that had nothing to produce cost nothing', () => {
    const nothing = { cpuSeconds: 0, measured: 0, records: 0, bytes: 0 };
    expect(costOf({ name: 'client', produced: nothing, consumed: nothing }, 10)).toMatchObject({
      produceCpuSecondsPerMillion: 0,
    });
  });

  test('an address of MongoDB keeps its options and gets a database', () => {
    expect(databaseOf('mongodb://h:1/?replicaSet=rs0', 'bench1')).toBe('mongodb://h:1/bench1?replicaSet=rs0');
    expect(databaseOf('mongodb+srv://u:p@h/tessera', 'bench1')).toBe('mongodb+srv://u:p@h/bench1');
  });
});
