// The suites find bad adapters: each planted one breaks the law that is named beside it.
import { describe, expect, test } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Key, TopicId } from '@tessera/contracts';
import { MemoryEventLog } from '@tessera/log-memory';
import type { LogBatch, NewRecord, PartitionDocument, Space, StateDocument } from '@tessera/runtime';
import { MemoryStateStore } from '@tessera/state-memory';
import { journalViolations } from '../../src/contract-suites/contract.js';
import type { JournalEntry } from '../../src/contract-suites/contract.js';
import { conditionsOf, eventLogLaws } from '../../src/contract-suites/event-log.js';
import type { EventLogConditions, EventLogSubject } from '../../src/contract-suites/event-log.js';
import { STATE_STORE_LAWS } from '../../src/contract-suites/state-store.js';
import type { StateStoreSubject } from '../../src/contract-suites/state-store.js';
import { memoryLog, memoryStore } from './subjects.js';

type Appended = Promise<{ readonly firstOffset: number }>;

/** Journals honestly what it does, and acknowledges before it flushes; a crash takes what was not flushed. */
function hastyLog(conditions: EventLogConditions): EventLogSubject {
  const journal: JournalEntry[] = [];
  const flushed: { readonly topic: TopicId; readonly partition: number; readonly records: readonly NewRecord[] }[] = [];
  let number = 0;
  class HastyLog extends MemoryEventLog {
    override async append(topic: TopicId, partition: number, records: readonly NewRecord[]): Appended {
      const append = ++number;
      const appended = await super.append(topic, partition, records);
      journal.push({ event: 'commit', number: append }, { event: 'acknowledge', number: append });
      void nextTurn()
        .then(() => nextTurn())
        .then(() => {
          flushed.push({ topic, partition, records });
          journal.push({ event: 'flush', number: append });
        });
      return appended;
    }
  }
  const log = new HastyLog(conditions);
  const crash = async (): Promise<EventLogSubject> => {
    const after = await memoryLog(conditions);
    for (const { topic, partition, records } of flushed) await after.log.append(topic, partition, records);
    return after;
  };
  return { log, conditions, journal, crash, dispose: () => log.close() };
}

/** Acknowledges late enough, but lets readers see what is not flushed. */
function leakyLog(conditions: EventLogConditions): EventLogSubject {
  const hasty = hastyLog(conditions);
  const { log } = hasty;
  const append = log.append.bind(log);
  log.append = async (topic, partition, records) => {
    const appended = await append(topic, partition, records);
    for (let turns = 0; turns < 4; turns++) await nextTurn();
    return appended;
  };
  return hasty;
}

function subjectOf(Log: typeof MemoryEventLog): (conditions: EventLogConditions) => EventLogSubject {
  return (conditions) => {
    const log = new Log(conditions);
    return { log, conditions, compact: (topic) => Promise.resolve(log.compact(topic)), dispose: () => log.close() };
  };
}

class UnorderedLog extends MemoryEventLog {
  override async append(topic: TopicId, partition: number, records: readonly NewRecord[]): Appended {
    if (records.length === 1) await nextTurn();
    return super.append(topic, partition, records);
  }
}

class BackwardsLog extends MemoryEventLog {
  override async read(...args: Parameters<MemoryEventLog['read']>): Promise<LogBatch> {
    const { records, nextOffset } = await super.read(...args);
    return { records: records.map((record) => ({ ...record, stampMs: 10_000 - record.offset })), nextOffset };
  }
}

class GreedyLog extends MemoryEventLog {
  override read(topic: TopicId, partition: number, fromOffset: number): Promise<LogBatch> {
    return super.read(topic, partition, fromOffset, { records: 1e9, bytes: 1e12 });
  }
}

/** What an encoder does that builds its objects by assignment. */
class AssigningLog extends MemoryEventLog {
  override append(topic: TopicId, partition: number, records: readonly NewRecord[]): Appended {
    return super.append(
      topic,
      partition,
      records.map((record) => ({ ...record, value: assigned(record.value) as NewRecord['value'] })),
    );
  }
}

function assigned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(assigned);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  const object: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) object[name] = assigned(field);
  return object;
}

class SilentLog extends MemoryEventLog {
  override subscribe(): () => void {
    return () => undefined;
  }
}

class ForgetfulCompactionLog extends MemoryEventLog {
  override async read(...args: Parameters<MemoryEventLog['read']>): Promise<LogBatch> {
    const { records, nextOffset } = await super.read(...args);
    return { records: this.compacted ? records.filter(({ value }) => value !== null) : records, nextOffset };
  }

  override compact(topic: TopicId): void {
    super.compact(topic);
    this.compacted = true;
  }

  private compacted = false;
}

describe('a bad log is found', () => {
  const laws = eventLogLaws([]);
  test.each<[string, string, (conditions: EventLogConditions) => EventLogSubject]>([
    ['acknowledges before its flush', 'no append is acknowledged before its flush', hastyLog],
    ['acknowledges before its flush', 'what was acknowledged is there after a crash', hastyLog],
    ['lets readers see what is not durable', 'what could be read is there after a crash', leakyLog],
    ['lets small appends wait', 'appends of one caller to one partition take effect in call order', subjectOf(UnorderedLog)],
    ['has stamps that run backwards', 'append clock: stamps never run backwards', subjectOf(BackwardsLog)],
    ['ignores read limits', 'a read gives at most its limit of records', subjectOf(GreedyLog)],
    ['ignores read limits', 'a read is bounded by bytes', subjectOf(GreedyLog)],
    ['assigns properties by name', 'any JSON value is read as it was appended', subjectOf(AssigningLog)],
    ['never wakes', 'a subscriber is woken when records became readable', subjectOf(SilentLog)],
    ['loses tombstones', 'compaction keeps the latest record of every key', subjectOf(ForgetfulCompactionLog)],
  ])(
    'that %s: %s',
    async (_, name, open) => {
      const law = laws.find((one) => one.name.startsWith(name));
      if (law === undefined) throw new Error(`there is no law '${name}'`);
      await expect(law.check(open(conditionsOf(law)))).rejects.toThrow();
      const good = await memoryLog(conditionsOf(law));
      if (law.needs?.includes('crash') !== true && law.needs?.includes('journal') !== true) await law.check(good);
    },
    20_000,
  );
});

class UnguardedStore extends MemoryStateStore {
  override async write(space: Space, documents: readonly StateDocument[]): Promise<number> {
    const higher = documents.map((document) => ({ ...document, lastOffset: this.last++ }));
    await super.write(space, higher);
    this.written.push(...documents);
    return 0;
  }

  override async load(space: Space, keys: readonly Key[]): Promise<readonly (StateDocument | undefined)[]> {
    await super.load(space, keys);
    return keys.map((key) => this.written.findLast((document) => document.key === key));
  }

  private last = 0;
  private readonly written: StateDocument[] = [];
}

class UncountingStore extends MemoryStateStore {
  override async write(space: Space, documents: readonly StateDocument[]): Promise<number> {
    await super.write(space, documents);
    return 0;
  }
}

/** Shows a write only after its commit, as LMDB does by itself. */
class StaleStore extends MemoryStateStore {
  override async write(space: Space, documents: readonly StateDocument[]): Promise<number> {
    await nextTurn();
    return super.write(space, documents);
  }
}

class SharingStore extends MemoryStateStore {
  override async load(space: Space, keys: readonly Key[]): Promise<readonly (StateDocument | undefined)[]> {
    const loaded = await super.load(space, keys);
    return loaded.map((document) => {
      if (document === undefined) return undefined;
      this.memory.set(document.bytes.subarray(0, this.memory.length));
      return { ...document, bytes: this.memory.subarray(0, document.bytes.length) };
    });
  }

  private readonly memory = new Uint8Array(4096);
}

class BackwardsPartitionStore extends MemoryStateStore {
  override async writePartition(space: Space, document: PartitionDocument): Promise<void> {
    this.partitions.set(space.partition, document);
    await super.writePartition(space, document);
  }

  override loadPartition(space: Space): Promise<PartitionDocument | undefined> {
    return Promise.resolve(this.partitions.get(space.partition));
  }

  private readonly partitions = new Map<number, PartitionDocument>();
}

class Utf16OrderStore extends MemoryStateStore {
  override async *scan(space: Space, fromKey?: Key): AsyncIterable<readonly StateDocument[]> {
    const all: StateDocument[] = [];
    for await (const chunk of super.scan(space)) all.push(...chunk);
    yield all.filter(({ key }) => fromKey === undefined || key >= fromKey).sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

class OneSpaceStore extends MemoryStateStore {
  override load(space: Space, keys: readonly Key[]): Promise<readonly (StateDocument | undefined)[]> {
    return super.load({ ...space, partition: space.partition & 0xff }, keys);
  }

  override write(space: Space, documents: readonly StateDocument[]): Promise<number> {
    return super.write(
      { ...space, partition: space.partition & 0xff },
      documents.map((one) => ({ ...one, lastOffset: one.lastOffset % 100 })),
    );
  }
}

describe('a bad store is found', () => {
  test.each<[string, string, new () => MemoryStateStore]>([
    ['ignores the guard', 'a document is written only over one with a smaller lastOffset', UnguardedStore],
    ['ignores the guard', 'whatever is written in whatever order', UnguardedStore],
    ['does not count refused writes', 'a document is written only over one with a smaller lastOffset', UncountingStore],
    ['shows a write only after its commit', 'a document is never loaded older', StaleStore],
    ['hands out its own memory', 'what was loaded stays as it is', SharingStore],
    ['lets a partition document go back', 'the partition document never goes back', BackwardsPartitionStore],
    ['scans in another order', 'a scan gives every document of the space once, in the order', Utf16OrderStore],
    ['cuts partition and offset short', 'a document is loaded as it was written', OneSpaceStore],
  ])('that %s: %s', async (_, name, Store) => {
    const law = STATE_STORE_LAWS.find((one) => one.name.startsWith(name));
    if (law === undefined) throw new Error(`there is no law '${name}'`);
    const store = new Store();
    const subject: StateStoreSubject = { store, dispose: () => store.close() };
    await expect(law.check(subject)).rejects.toThrow();
    await law.check(await memoryStore());
  });
});

describe('the journal', () => {
  const entry = (event: JournalEntry['event'], number = 1): JournalEntry => ({ event, number });

  test('of a good adapter has no violation', () => {
    expect(journalViolations([entry('commit'), entry('flush'), entry('acknowledge'), entry('resolved')])).toEqual([]);
  });

  test('names acknowledgements before their flush, promises that resolved before it, and flushes before their commit', () => {
    expect(journalViolations([entry('commit'), entry('acknowledge'), entry('flush'), entry('resolved')])).toEqual([
      'acknowledge of 1 before its flush',
    ]);
    expect(journalViolations([entry('commit'), entry('flush'), entry('resolved', 2)])).toEqual([
      'resolved of 2 before its flush',
    ]);
    expect(journalViolations([entry('flush'), entry('commit'), entry('acknowledge')])).toEqual(['flush of 1 before its commit']);
  });
});
