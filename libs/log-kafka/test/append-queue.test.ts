import { describe, expect, test } from '@jest/globals';
import { RetryableError } from '@tessera/runtime';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppendQueue, type AppendLimits } from '../src/append-queue.js';
import type { WireRecord } from '../src/client.js';

interface Call {
  readonly place: string;
  readonly keys: string;
  readonly settle: (base: number) => void;
  readonly fail: (error: unknown) => void;
}

function setUp(limits: Partial<AppendLimits> = {}) {
  const calls: Call[] = [];
  const produce = (topic: string, partition: number, records: readonly WireRecord[]): Promise<number> =>
    new Promise((settle, fail) => {
      calls.push({ place: `${topic}/${String(partition)}`, keys: records.map(({ key }) => key).join(''), settle, fail });
    });
  const appended: string[] = [];
  const queue = new AppendQueue(
    produce,
    { batchBytes: 100, batchRecords: 10, waitingBytes: 1_000, paceMs: 0, ...limits },
    (topic, partition, next) => appended.push(`${topic}/${String(partition)} to ${String(next)}`),
  );
  return { calls, queue, appended };
}

const wire = (keys: string, bytes = 1): readonly WireRecord[] =>
  [...keys].map((key) => ({ key, value: null, headers: undefined, timeMs: 0, bytes }));

async function called(calls: readonly Call[], count: number): Promise<Call> {
  for (let i = 0; calls.length < count && i < 100; i++) await nextTurn();
  expect(calls).toHaveLength(count);
  return calls.at(-1) as Call;
}

describe('the queue of appends', () => {
  test('what callers append in one turn is one batch, and each gets its own offset', async () => {
    const { calls, queue, appended } = setUp();
    const answers = Promise.all([
      queue.append('t', 0, wire('ab')),
      queue.append('t', 0, wire('c')),
      queue.append('t', 0, wire('de')),
    ]);
    const call = await called(calls, 1);
    expect(call.keys).toBe('abcde');
    call.settle(40);
    expect(await answers).toEqual([{ firstOffset: 40 }, { firstOffset: 42 }, { firstOffset: 43 }]);
    expect(appended).toEqual(['t/0 to 45']);
  });

  test('one batch per partition is under way; partitions do not wait for each other', async () => {
    const { calls, queue } = setUp();
    const first = queue.append('t', 0, wire('a'));
    await called(calls, 1);
    const second = queue.append('t', 0, wire('b'));
    const other = queue.append('t', 1, wire('c'));
    const call = await called(calls, 2);
    expect([call.place, call.keys]).toEqual(['t/1', 'c']);
    call.settle(0);
    await other;
    await nextTurn();
    expect(calls).toHaveLength(2);
    calls[0]?.settle(10);
    await first;
    (await called(calls, 3)).settle(11);
    expect(await second).toEqual({ firstOffset: 11 });
  });

  test('an append larger than a batch is several in its order, and its offset is that of its first record', async () => {
    const { calls, queue } = setUp({ batchRecords: 3 });
    const large = queue.append('t', 0, wire('abcdefg'));
    const small = queue.append('t', 0, wire('h'));
    for (let i = 1, base = 100; i <= 3; i++, base += 3) (await called(calls, i)).settle(base);
    expect(calls.map(({ keys }) => keys)).toEqual(['abc', 'def', 'gh']);
    expect([await large, await small]).toEqual([{ firstOffset: 100 }, { firstOffset: 107 }]);
  });

  test('a record larger than a batch goes alone', async () => {
    const { calls, queue } = setUp({ batchBytes: 10 });
    const answers = [queue.append('t', 0, wire('a')), queue.append('t', 0, wire('b', 50)), queue.append('t', 0, wire('c'))];
    for (let i = 1; i <= 3; i++) (await called(calls, i)).settle(i);
    expect(calls.map(({ keys }) => keys)).toEqual(['a', 'b', 'c']);
    expect(await Promise.all(answers)).toEqual([{ firstOffset: 1 }, { firstOffset: 2 }, { firstOffset: 3 }]);
  });

  test('when a batch fails, everything behind it in its partition is refused, and what comes later is not', async () => {
    const { calls, queue } = setUp({ batchRecords: 2 });
    const refused = [queue.append('t', 0, wire('abc')), queue.append('t', 0, wire('d'))];
    const other = queue.append('t', 1, wire('e'));
    await called(calls, 2);
    const why = new RetryableError('the broker is away');
    calls[0]?.fail(why);
    for (const one of refused) await expect(one).rejects.toBe(why);
    calls[1]?.settle(0);
    await other;
    const later = queue.append('t', 0, wire('f'));
    (await called(calls, 3)).settle(9);
    expect([calls.map(({ keys }) => keys), await later]).toEqual([['ab', 'e', 'f'], { firstOffset: 9 }]);
  });

  test('what waits is bounded in bytes; above, an append is refused at once, as the failure of the world', async () => {
    const { calls, queue } = setUp({ waitingBytes: 100 });
    const first = queue.append('t', 0, wire('a', 90));
    await expect(queue.append('t', 1, wire('b', 20))).rejects.toThrow(RetryableError);
    (await called(calls, 1)).settle(0);
    await first;
    // One that is larger than the bound alone is taken when nothing else waits.
    const large = queue.append('t', 1, wire('c', 500));
    (await called(calls, 2)).settle(3);
    expect(await large).toEqual({ firstOffset: 3 });
  });

  test('what comes soon after a request waits for the pace, and shares the next; what is much does not wait', async () => {
    const { calls, queue } = setUp({ paceMs: 300_000, waitingBytes: 1 << 20 });
    const appends = [queue.append('t', 0, wire('a'))];
    await called(calls, 1);
    appends.push(queue.append('t', 1, wire('b')));
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    appends.push(queue.append('t', 2, wire('c')));
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    expect(calls.map(({ keys }) => keys)).toEqual(['a']);
    appends.push(queue.append('t', 3, wire('d', 64 << 10)));
    await called(calls, 4);
    expect(calls.map(({ keys }) => keys)).toEqual(['a', 'b', 'c', 'd']);
    for (const call of calls) call.settle(0);
    await Promise.all(appends);
  });

  test('a pace that is over lets the next request go', async () => {
    const { calls, queue } = setUp({ paceMs: 5 });
    const appends = [queue.append('t', 0, wire('a')), queue.append('t', 1, wire('b'))];
    await called(calls, 2);
    appends.push(queue.append('t', 2, wire('c')));
    while (calls.length < 3) await nextTurn();
    for (const call of calls) call.settle(0);
    await Promise.all(appends);
  });

  test('is drained when all is acknowledged or refused', async () => {
    const { calls, queue } = setUp();
    const append = queue.append('t', 0, wire('a'));
    let drained = false;
    const drain = queue.drained().then(() => (drained = true));
    (await called(calls, 1)).settle(0);
    await append;
    await drain;
    expect(drained).toBe(true);
  });
});
