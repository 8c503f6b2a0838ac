// A small stage for the tests of the loop: counts events per sender in a window, with a timer for each expiry.
import { Reader, Writer } from '@tessera/codec';
import { keyOf, type Key, type TrackedRecord } from '@tessera/contracts';
import { APPLIED, DUPLICATE, type LogRecord, type NewRecord, type Stage, type StepContext } from '../src/index.js';

export interface Counter {
  times: number[];
  seen: string[];
}

export const WINDOW_MS = 100;

export function tracked(sender: string, messageId: string, timeMs: number): NewRecord {
  const value: TrackedRecord = {
    kind: 'tracked',
    workspace: 'w',
    sender,
    messageId,
    messageHash: 1,
    type: 'track',
    event: 'View',
    identities: [],
    timeMs,
    receivedMs: timeMs,
    properties: undefined,
    traits: undefined,
    context: undefined,
    consent: undefined,
    source: 's',
  };
  return { key: keyOf('w', 'sender', sender), value, timeMs };
}

export const countingStage: Stage<Counter, unknown, { ticks: number }> = {
  name: 'counting',
  input: 'events',
  ownsTicks: true,
  partitionState: {
    create: () => ({ ticks: 0 }),
    encode: ({ ticks }) => Uint8Array.of(ticks),
    decode: (bytes) => ({ ticks: bytes[0] as number }),
  },
  keyOf: (record) => (record.value?.kind === 'tracked' ? record.key : undefined),
  create: () => ({ times: [], seen: [] }),
  encode(counter) {
    const writer = new Writer();
    writer.json([counter.times, counter.seen]);
    return writer.take();
  },
  decode(bytes) {
    const [times, seen] = new Reader(bytes).json() as [number[], string[]];
    return { times, seen };
  },
  dueMs: ({ times }) => (times.length > 0 ? (times[0] as number) + WINDOW_MS : Infinity),
  step(counter, record, context) {
    const value = record.value as TrackedRecord;
    if (value.messageId === 'poison') return { kind: 'dead-letter', reason: 'invalid-field', detail: 'it is poison' };
    if (counter.seen.includes(value.messageId)) return DUPLICATE;
    counter.seen.push(value.messageId);
    counter.times.push(context.logTimeMs);
    tell(counter, record.key, context.logTimeMs, context);
    return APPLIED;
  },
  fire(counter, untilMs, context) {
    while (counter.times.length > 0 && (counter.times[0] as number) + WINDOW_MS <= untilMs) {
      const dueMs = (counter.times.shift() as number) + WINDOW_MS;
      tell(counter, keyOf('w', 'sender', 'timer'), dueMs, context);
    }
  },
  control(_: LogRecord, context) {
    context.state.ticks += 1;
    return APPLIED;
  },
};

function tell(counter: Counter, key: Key, effectiveMs: number, context: StepContext<unknown, unknown>): void {
  const value = {
    kind: 'fragmentChanged',
    workspace: 'w',
    profile: 'p',
    fragment: key,
    source: context.partition,
    generation: context.generation,
    offset: context.offset,
    index: context.nextIndex(),
    effectiveMs,
    reason: 'event',
    full: false,
    partials: { n: counter.times.length },
    traits: {},
    consent: {},
  } as const;
  context.emit('fragments', 0, { key, value, timeMs: effectiveMs });
}
