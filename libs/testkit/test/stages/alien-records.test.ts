// What strangers put into a topic: no stage halts at it, none changes a document, every record is accounted for.
import { describe, expect, test } from '@jest/globals';
import type { AnyRecord, Key } from '@tessera/contracts';
import { MemoryEventLog } from '@tessera/log-memory';
import { StageHost, systemClock, type NewRecord } from '@tessera/runtime';
import { MemoryStateStore } from '@tessera/state-memory';
import { shippedStages } from '../../src/index.js';

const ALIENS: readonly NewRecord[] = [
  { key: '' as Key, value: null },
  { key: '' as Key, value: { kind: 'unreadable', detail: 'no JSON: hello' } as unknown as AnyRecord },
  { key: 'no/key/of/ours' as Key, value: null },
  { key: 'default/sender/d1' as Key, value: { kind: 'unreadable', detail: '' } as unknown as AnyRecord },
];

const stages = shippedStages({
  clock: 'append',
  secretOf: () => 'secret',
  definitions: { load: () => Promise.reject(new Error('nobody asks for definitions here')) },
});

describe('records of strangers', () => {
  test.each(stages.map((stage) => [stage.name, stage] as const))('pass by the stage %s', async (_, stage) => {
    const log = new MemoryEventLog({ clock: 'append', partitions: 1, nowMs: () => 1_000 });
    const reports: unknown[] = [];
    const host = new StageHost(
      stage,
      { log, store: new MemoryStateStore(), clock: systemClock, report: (event) => reports.push(event) },
      { load: () => Promise.reject(new Error('nobody asks for definitions here')) },
    );
    await log.append(stage.input, 0, ALIENS);
    host.start();
    try {
      const [loop] = host.loops;
      while (loop?.status === 'running' && (await host.lag()) > 0) await systemClock.wait(1);
      expect(reports).toEqual([]);
      expect(loop?.status).toBe('running');
      expect(loop?.options.ledger.missing).toBe(0);
    } finally {
      await host.stop();
      await log.close();
    }
  });
});
