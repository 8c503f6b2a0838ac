import { describe, expect, test } from '@jest/globals';
import type { DeadLetterRecord, FragmentChangedRecord } from '@tessera/contracts';
import { MemoryEventLog } from '@tessera/log-memory';
import { MemoryStateStore } from '@tessera/state-memory';
import {
  DEFAULT_LIMITS,
  Ledger,
  noDefinitions,
  ProcessorLoop,
  RetryableError,
  type Clock,
  type EventLog,
  type LoopLimits,
  type StateStore,
} from '../src/index.js';
import { Reader } from '@tessera/codec';
import { countingStage, tracked, WINDOW_MS } from './counting-stage.js';

class ManualClock implements Clock {
  now = 1_000;
  private waiting: { atMs: number; resolve: () => void }[] = [];
  nowMs = (): number => this.now;
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
      this.waiting.push({ atMs: this.now + ms, resolve });
    });
  }
  async advance(ms: number): Promise<void> {
    this.now += ms;
    const due = this.waiting.filter(({ atMs }) => atMs <= this.now);
    this.waiting = this.waiting.filter(({ atMs }) => atMs > this.now);
    for (const { resolve } of due) resolve();
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
}

interface Change {
  readonly log?: (log: EventLog) => EventLog;
  readonly store?: (store: StateStore) => StateStore;
  readonly stage?: Partial<typeof countingStage>;
}

function setUp(change: Change = {}) {
  const clock = new ManualClock();
  const log = new MemoryEventLog({ clock: 'append', nowMs: clock.nowMs, partitions: 1 });
  const store = new MemoryStateStore();
  const ledger = new Ledger();
  const reports: unknown[] = [];
  const make = (
    limits: Partial<LoopLimits> = {},
  ): ProcessorLoop<ReturnType<typeof countingStage.create>, unknown, { ticks: number }> =>
    new ProcessorLoop(
      {
        stage: { ...countingStage, ...change.stage },
        partition: 0,
        log: change.log?.(log) ?? log,
        store: change.store?.(store) ?? store,
        clock,
        definitions: noDefinitions,
        generation: 1,
        limits: { ...DEFAULT_LIMITS, idleMs: 0, backoffMs: 1, backoffMsMax: 1, ...limits },
        ledger,
      },
      { halted: (error) => reports.push(error), failed: (error) => reports.push(error) },
    );
  return { clock, log, store, ledger, reports, make };
}

async function told(log: EventLog): Promise<readonly FragmentChangedRecord[]> {
  const { records } = await log.read('fragments', 0, 0, { records: 10_000, bytes: 1 << 30 });
  return records.map(({ value }) => value as FragmentChangedRecord);
}

describe('the processor loop', () => {
  test('steps what is there, writes its state when idle, and goes on from it after a restart without repeating anything', async () => {
    const { clock, log, store, ledger, make } = setUp();
    await log.append('events', 0, [tracked('a', 'm1', 1_000), tracked('b', 'm2', 1_000), tracked('a', 'm1', 1_000)]);
    const first = make();
    first.start();
    await settle();
    await clock.advance(5);
    expect((await told(log)).map(({ offset, index, partials }) => [offset, index, partials?.['n']])).toEqual([
      [0, 0, 1],
      [1, 0, 1],
    ]);
    expect([ledger.read, ledger.applied, ledger.duplicate, ledger.missing]).toEqual([3, 2, 1, 0]);
    expect((await store.loadPartition({ stage: 'counting', partition: 0 }))?.nextOffset).toBe(3);
    await first.stop();
    await log.append('events', 0, [tracked('a', 'm3', 1_000)]);
    const second = make();
    second.start();
    await settle();
    await second.stop();
    expect((await told(log)).map(({ offset, partials }) => [offset, partials?.['n']])).toEqual([
      [0, 1],
      [1, 1],
      [3, 2],
    ]);
  });

  test('fires a timer at its very millisecond with nothing but a tick, and then stays idle', async () => {
    const { clock, log, ledger, make } = setUp();
    await log.append('events', 0, [tracked('a', 'm1', 1_000)]);
    const loop = make();
    loop.start();
    await settle();
    await clock.advance(WINDOW_MS - 1);
    expect((await told(log)).length).toBe(1);
    await clock.advance(1);
    expect((await told(log)).map(({ effectiveMs, partials }) => [effectiveMs, partials?.['n']])).toEqual([
      [1_000, 1],
      [1_100, 0],
    ]);
    await clock.advance(100_000);
    expect(ledger.ticksAppended).toBe(1);
    await loop.stop();
  });

  test('keeps a refused record with its original, its reason and its place, and the next one goes through', async () => {
    const { log, ledger, make } = setUp();
    await log.append('events', 0, [tracked('a', 'poison', 1_000), tracked('a', 'm1', 1_000)]);
    const loop = make();
    loop.start();
    await settle();
    await loop.stop();
    const { records } = await log.read('dead-letters', 0, 0, { records: 10, bytes: 1 << 20 });
    const letter = records[0]?.value as DeadLetterRecord;
    expect([letter.reason, letter.detail, letter.place, letter.topic, letter.offset]).toEqual([
      'invalid-field',
      'it is poison',
      'stage counting',
      'events',
      0,
    ]);
    expect(JSON.parse(new TextDecoder().decode(letter.original))).toMatchObject({ messageId: 'poison' });
    expect([ledger.deadLettered, ledger.applied, ledger.missing]).toEqual([1, 1, 0]);
  });

  test('writes no document before its outputs are acknowledged, and starts again from the partition document when an append fails', async () => {
    let failures = 3;
    const { log, store, reports, make } = setUp({
      log: (inner) => ({
        ...wrap(inner),
        append: (topic, partition, records) => {
          if (topic === 'fragments' && failures-- > 0) return Promise.reject(new RetryableError('no leader'));
          return inner.append(topic, partition, records);
        },
      }),
    });
    await log.append('events', 0, [tracked('a', 'm1', 1_000)]);
    const loop = make();
    loop.start();
    await settle();
    expect(await store.loadPartition({ stage: 'counting', partition: 0 })).toBeUndefined();
    for (let i = 0; i < 5; i++) await (loop.options.clock as ManualClock).advance(1);
    expect(reports.length).toBeGreaterThan(0);
    expect((await told(log)).map(({ offset }) => offset)).toEqual([0]);
    await loop.stop();
    const [document] = await store.load({ stage: 'counting', partition: 0 }, [tracked('a', 'm1', 0).key]);
    expect(new Reader(document?.bytes as Uint8Array).json()).toEqual([[1_000], ['m1']]);
  });

  test('keeps no record waiting while a checkpoint is written, when it was idle and when the time for the next one is over', async () => {
    const writes: (() => void)[] = [];
    const { clock, log, ledger, make } = setUp({
      store: (inner) =>
        Object.assign(Object.create(inner) as StateStore, {
          writePartition: async (...written: Parameters<StateStore['writePartition']>) => {
            await new Promise<void>((resolve) => writes.push(resolve));
            return inner.writePartition(...written);
          },
        }),
    });
    await log.append('events', 0, [tracked('a', 'm1', 1_000)]);
    const loop = make({ checkpointMs: 10 });
    loop.start();
    await settle();
    expect([writes.length, loop.idle]).toEqual([1, false]);
    for (let i = 0; i < 3; i++) {
      await log.append('events', 0, [tracked('b', `n${String(i)}`, 1_000)]);
      await settle();
      await clock.advance(11);
    }
    expect((await told(log)).map(({ partials }) => partials?.['n'])).toEqual([1, 1, 2, 3]);
    expect(ledger.checkpoints).toBe(1);
    writes[0]?.();
    await settle();
    expect(ledger.checkpoints).toBe(2);
    writes[1]?.();
    await settle();
    expect(loop.idle).toBe(true);
    await loop.stop();
  });

  test('writes between two records when it has been idle for a moment, and not again before twenty of them have passed', async () => {
    const { clock, log, ledger, make } = setUp();
    const loop = make({ idleMs: 2 });
    loop.start();
    await settle();
    const checkpoints: number[] = [];
    for (let i = 0; i < 30; i++) {
      await log.append('events', 0, [tracked('a', `m${String(i)}`, 1_000)]);
      await settle();
      await clock.advance(3);
      checkpoints.push(ledger.checkpoints);
    }
    expect([checkpoints[0], checkpoints[12], checkpoints[29]]).toEqual([1, 1, 3]);
    await loop.stop();
  });

  test('under load in pieces writes a busy document once per replay budget, and when nothing more came for a while', async () => {
    const { clock, log, ledger, make } = setUp({ stage: { dueMs: () => Infinity } });
    const loop = make({ idleMs: 2, checkpointMs: 1_000 });
    loop.start();
    await settle();
    const piece = (i: number) =>
      Array.from({ length: 25 }, (_, j) => tracked(`s${String(j)}`, `m${String(i)}-${String(j)}`, 1_000));
    const checkpoints: number[] = [];
    for (let i = 0; i < 30; i++) {
      await log.append('events', 0, piece(i));
      await settle();
      await clock.advance(50);
      checkpoints.push(ledger.checkpoints);
    }
    expect([checkpoints[0], checkpoints[9], checkpoints[29]]).toEqual([1, 1, 3]);
    await clock.advance(101);
    await settle();
    expect([ledger.checkpoints, loop.idle]).toEqual([4, true]);
    await loop.stop();
  });

  test('halts, and applies nothing, when a stamp is far ahead of the clock', async () => {
    const { clock, log, reports, make } = setUp();
    clock.now += 400_000;
    await log.append('events', 0, [tracked('a', 'm1', 1_000)]);
    clock.now -= 400_000;
    const loop = make();
    loop.start();
    await settle();
    expect(loop.status).toBe('halted');
    expect(String(reports[0])).toContain('events[0] is halted at offset 0');
    expect(await told(log)).toEqual([]);
    await loop.stop();
  });
});

function wrap(log: EventLog): EventLog {
  return {
    clock: log.clock,
    partitions: (topic) => log.partitions(topic),
    append: (topic, partition, records) => log.append(topic, partition, records),
    read: (topic, partition, from, limits) => log.read(topic, partition, from, limits),
    startOffset: (topic, partition) => log.startOffset(topic, partition),
    endOffset: (topic, partition) => log.endOffset(topic, partition),
    subscribe: (topic, partition, wake) => log.subscribe(topic, partition, wake),
    close: () => log.close(),
  };
}
