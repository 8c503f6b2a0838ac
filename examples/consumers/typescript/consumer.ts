// Keeps the members of one segment in a SQLite file: rebuilt from the compacted topic, then followed change by change, without a gap.
//
//   node consumer.ts --segment cart-abandoners --file members.sqlite [--brokers localhost:9092] [--workspace main] [--prefix tessera]
//
// Stop it whenever you like, kill it if you must, start it again: it goes on where the file ends.
//
//   1. Note where `segment-changes` is now (a little earlier, see overlapMs), and keep that note.
//   2. Read `segment-memberships` to its end: the present members.
//   3. Follow `segment-changes` from the note. What step 2 already knew comes again, and its sequence says that it is no news.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Consumer, stringDeserializers, type Message, type MessagesStream } from '@platformatic/kafka';
import { fromChanges, fromMembership, type Update, type Wanted } from './membership.ts';
import { Store, type Offsets } from './store.ts';

const BATCH = 1_000;
const LOOK_AGAIN_MS = 100;
const [LATEST, EARLIEST] = [-1n, -2n];

type TextConsumer = Consumer<string, string, string, string>;
type Stream = MessagesStream<string, string, string, string>;
type TextMessage = Message<string, string, string, string>;

const { values } = parseArgs({
  options: {
    segment: { type: 'string' },
    file: { type: 'string' },
    brokers: { type: 'string', default: 'localhost:9092' },
    workspace: { type: 'string', default: 'main' },
    prefix: { type: 'string', default: 'tessera' },
    'overlap-seconds': { type: 'string', default: '600' },
  },
});
if (values.segment === undefined || values.file === undefined) throw new Error('--segment and --file are needed');

const wanted: Wanted = { workspace: values.workspace, segment: values.segment };
const memberships = `${values.prefix}.segment-memberships.v1`;
const changes = `${values.prefix}.segment-changes.v1`;
/**
 * A change and the membership that it leads to are two records in two topics, written one shortly after the other. The note lies this
 * much in the past, so that no membership can still be on its way whose change lies before the note.
 */
const overlapMs = Number(values['overlap-seconds']) * 1_000;
const store = new Store(values.file);
store.belongsTo(`${memberships} ${wanted.workspace} ${wanted.segment}`);

const consumer: TextConsumer = new Consumer({
  clientId: 'segment-consumer',
  // Offsets are kept in the file, so no group has to remember any. A name of its own for each run: nobody waits for one that was killed.
  groupId: `segment-consumer-${randomUUID()}`,
  bootstrapBrokers: values.brokers.split(','),
  deserializers: stringDeserializers,
});

if (store.offsets(changes).size === 0) await noteStart();
await refuseGap();
if (!store.isRebuilt) await rebuild();
await follow();

async function noteStart(): Promise<void> {
  const notes = new Map([
    [changes, await offsetsAt(changes, BigInt(Date.now() - overlapMs))],
    [memberships, await offsetsAt(memberships, EARLIEST)],
  ]);
  store.start(notes);
}

/** Changes are kept for 30 days. Who was away longer has missed some, and starts anew. */
async function refuseGap(): Promise<void> {
  const kept = await offsetsAt(changes, EARLIEST);
  for (const [partition, next] of store.offsets(changes)) {
    if (next < (kept.get(partition) ?? 0n))
      throw new Error(`${changes} no longer holds what comes next: remove ${values.file ?? ''} to rebuild`);
  }
}

async function rebuild(): Promise<void> {
  const ends = await offsetsAt(memberships, LATEST);
  const stream = await open(memberships);
  for await (const { messages, next } of batches(stream, memberships)) {
    store.putAll(
      memberships,
      updatesOf(messages, (message) => fromMembership(message, wanted)),
      next,
    );
    if (isAt(store.offsets(memberships), ends)) break;
  }
  await stream.close();
  store.markRebuilt();
  console.log(`rebuilt: ${String(store.members().length)} members`);
}

async function follow(): Promise<void> {
  const stream = await open(changes);
  console.log('following');
  for await (const { messages, next } of batches(stream, changes)) {
    store.applyAll(
      changes,
      updatesOf(messages, (message) => fromChanges(message.value, wanted)),
      next,
    );
  }
}

function updatesOf(messages: readonly TextMessage[], read: (message: TextMessage) => Update | undefined): Update[] {
  return messages.map(read).filter((update) => update !== undefined);
}

function isAt(offsets: Offsets, ends: Offsets): boolean {
  return [...ends].every(([partition, end]) => (offsets.get(partition) ?? 0n) >= end);
}

/** Per partition; where no record is as young as the time asked for, the end. */
async function offsetsAt(topic: string, timestamp: bigint): Promise<Offsets> {
  const found = (await consumer.listOffsets({ topics: [topic], timestamp })).get(topic) ?? [];
  const ends = (await consumer.listOffsets({ topics: [topic], timestamp: LATEST })).get(topic) ?? [];
  return new Map(ends.map((end, partition) => [partition, (found[partition] ?? -1n) < 0n ? end : (found[partition] as bigint)]));
}

function open(topic: string): Promise<Stream> {
  const offsets = [...store.offsets(topic)].map(([partition, offset]) => ({ topic, partition, offset }));
  return consumer.consume({ topics: [topic], mode: 'manual', fallbackMode: 'fail', offsets, autocommit: false });
}

/**
 * What has come since the last time, with the offsets after it. With nothing new the offsets may still move: records that compaction
 * has taken away have offsets, too.
 */
async function* batches(stream: Stream, topic: string): AsyncGenerator<{ messages: TextMessage[]; next: Offsets }> {
  let failure: unknown;
  stream.on('error', (error) => (failure = error));
  stream.on('readable', () => undefined);
  for (;;) {
    if (failure !== undefined) throw failure;
    const messages: TextMessage[] = [];
    const next = new Map<number, bigint>();
    while (messages.length < BATCH) {
      const message = stream.read() as TextMessage | null;
      if (message === null) break;
      messages.push(message);
      next.set(message.partition, message.offset + 1n);
    }
    if (stream.readableLength === 0)
      for (const partition of store.offsets(topic).keys()) setFetched(stream, topic, partition, next);
    yield { messages, next };
    if (messages.length === 0) await delay(LOOK_AGAIN_MS);
  }
}

// All that was fetched has been handed over, so the next offset to fetch is the next one to read.
function setFetched(stream: Stream, topic: string, partition: number, next: Map<number, bigint>): void {
  const fetched = stream.offsetsToFetch.get(`${topic}:${String(partition)}`);
  if (fetched !== undefined) next.set(partition, fetched);
}
