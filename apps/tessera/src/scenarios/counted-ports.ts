// Ports that tell when nothing is under way: every call is counted from its beginning to its end.
import type { EventLog, StateStore } from '@tessera/runtime';

export class CallCounter {
  /** Calls that have begun, ever. */
  begun = 0;
  pending = 0;
  /** Ends of the partitions that were appended to, by `topic/partition`. */
  readonly ends = new Map<string, number>();

  async during<T>(call: Promise<T>): Promise<T> {
    this.begun += 1;
    this.pending += 1;
    try {
      return await call;
    } finally {
      this.pending -= 1;
    }
  }

  async *through<T>(chunks: AsyncIterable<T>): AsyncIterable<T> {
    this.begun += 1;
    this.pending += 1;
    try {
      yield* chunks;
    } finally {
      this.pending -= 1;
    }
  }
}

export function countedLog(log: EventLog, calls: CallCounter): EventLog {
  return {
    clock: log.clock,
    partitions: (topic) => log.partitions(topic),
    append: (topic, partition, records) =>
      calls.during(
        log.append(topic, partition, records).then((appended) => {
          calls.ends.set(`${topic}/${String(partition)}`, appended.firstOffset + records.length);
          return appended;
        }),
      ),
    read: (topic, partition, fromOffset, limits) => calls.during(log.read(topic, partition, fromOffset, limits)),
    startOffset: (topic, partition) => calls.during(log.startOffset(topic, partition)),
    endOffset: (topic, partition) => calls.during(log.endOffset(topic, partition)),
    subscribe: (topic, partition, wake) => log.subscribe(topic, partition, wake),
    close: () => log.close(),
  };
}

export function countedStore(store: StateStore, calls: CallCounter): StateStore {
  return {
    load: (space, keys) => calls.during(store.load(space, keys)),
    write: (space, documents) => calls.during(store.write(space, documents)),
    loadPartition: (space) => calls.during(store.loadPartition(space)),
    writePartition: (space, document) => calls.during(store.writePartition(space, document)),
    scan: (space, fromKey) => calls.through(store.scan(space, fromKey)),
    scanDue: (space) => calls.through(store.scanDue(space)),
    clear: (space) => calls.during(store.clear(space)),
    close: () => store.close(),
  };
}
