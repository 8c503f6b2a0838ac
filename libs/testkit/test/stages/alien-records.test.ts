// What strangers put into a topic: no stage halts at it, none changes a document, every record is accounted for.
import { describe, expect, test } from '@jest/globals';
import { unreadableRecord, type DeadLetterRecord, type Key } from '@tessera/contracts';
import { MemoryEventLog } from '@tessera/log-memory';
import { StageHost, systemClock, type NewRecord } from '@tessera/runtime';
import { MemoryStateStore } from '@tessera/state-memory';
import { shippedStages } from '../../src/index.js';

const BYTES = new Uint8Array([0x68, 0x00, 0xff, 0xfe]);
const LARGE = new Uint8Array(5 << 20).fill(7);
const ALIENS: readonly NewRecord[] = [
  { key: '' as Key, value: null },
  { key: '' as Key, value: unreadableRecord('no JSON: hello', BYTES) },
  { key: 'no/key/of/ours' as Key, value: null },
  { key: 'default/sender/d1' as Key, value: unreadableRecord('too many', LARGE) },
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
      const letters = await lettersOf(log, 2);
      expect(letters).toMatchObject([
        { workspace: '', reason: 'unreadable-record', topic: stage.input, partition: 0, contentType: 'application/octet-stream' },
        { workspace: 'default', reason: 'unreadable-record', contentType: 'application/octet-stream' },
      ]);
      expect(letters[0]?.detail).toContain('no JSON: hello');
      expect(letters[0]?.original).toEqual(BYTES);
      expect(letters[1]?.detail).toContain('the first 4194304 of 5242880 bytes: ');
      expect(letters[1]?.original.length).toBe(4 << 20);
    } finally {
      await host.stop();
      await log.close();
    }
  });
});

/** Of the two unreadable records, once they are there. */
async function lettersOf(log: MemoryEventLog, count: number): Promise<readonly DeadLetterRecord[]> {
  for (;;) {
    const letters: DeadLetterRecord[] = [];
    for (let partition = 0; partition < log.partitions('dead-letters'); partition++) {
      const { records } = await log.read('dead-letters', partition, 0, { records: 100, bytes: 1 << 30 });
      letters.push(...records.map(({ value }) => value as DeadLetterRecord));
    }
    const found = letters.filter(({ offset }) => offset === 1 || offset === 3).sort((a, b) => a.offset - b.offset);
    if (found.length >= count) return found;
    await systemClock.wait(1);
  }
}
