import { describe, expect, test } from '@jest/globals';
import { keyOf, type SegmentsChangedRecord } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import { MemoryEventLog } from '@tessera/log-memory';
import { distinctChanges } from '../../src/bench/changes.js';

const PARTITIONS = 2;

describe('change records of a log', () => {
  test('are counted once, however often a killed process has appended them', async () => {
    const log = await logOf([change('p_a', 1, 'one'), change('p_a', 1, 'one'), change('p_a', 2, 'one'), change('p_b', 1, 'one')]);
    expect(await distinctChanges(log)).toBe(3);
  });

  test('that say two things under one sequence are an error that names it', async () => {
    const log = await logOf([change('p_a', 1, 'one'), change('p_a', 1, 'two')]);
    await expect(distinctChanges(log)).rejects.toThrow('p_a/1 is in the log twice, and not the same');
  });
});

async function logOf(changes: readonly SegmentsChangedRecord[]): Promise<MemoryEventLog> {
  const log = new MemoryEventLog({ clock: 'event', partitions: PARTITIONS, nowMs: () => 0 });
  for (const value of changes) {
    const key = keyOf('default', 'profile', value.profile);
    await log.append('segment-changes', partitionOf(key, PARTITIONS), [{ key, value, timeMs: 1 }]);
  }
  return log;
}

function change(profile: string, sequence: number, segment: string): SegmentsChangedRecord {
  return {
    kind: 'segmentsChanged',
    workspace: 'default',
    profile,
    sequence,
    generation: 1,
    offset: sequence,
    index: 0,
    effective: '2026-01-05T09:00:00.000Z',
    evaluated: '2026-01-05T09:00:00.000Z',
    cause: undefined,
    changes: [{ segment } as SegmentsChangedRecord['changes'][0]],
    definitionSet: 1,
  };
}
