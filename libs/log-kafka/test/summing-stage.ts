// A small stage for the tests of ownership: a document per sender holds the ids it has applied; every event is told once, with its version.
import { Reader, Writer } from '@tessera/codec';
import { keyOf, type TrackedRecord } from '@tessera/contracts';
import { APPLIED, DUPLICATE, type NewRecord, type Stage } from '@tessera/runtime';

export interface Sum {
  ids: string[];
}

export const summingStage: Stage<Sum, unknown, null> = {
  name: 'summing',
  input: 'events',
  ownsTicks: false,
  partitionState: { create: () => null, encode: () => new Uint8Array(0), decode: () => null },
  keyOf: (record) => record.key,
  create: () => ({ ids: [] }),
  encode({ ids }) {
    const writer = new Writer();
    writer.json(ids);
    return writer.take();
  },
  decode: (bytes) => ({ ids: new Reader(bytes).json() as string[] }),
  dueMs: () => Infinity,
  step(sum, record, context) {
    const { messageId } = record.value as TrackedRecord;
    if (sum.ids.includes(messageId)) return DUPLICATE;
    sum.ids.push(messageId);
    const told = tracked(record.key, `${messageId}:${String(sum.ids.length)}`);
    context.emit('audit', context.partition, { ...told, timeMs: context.stampMs });
    return APPLIED;
  },
  fire: () => undefined,
  control: () => APPLIED,
};

export function tracked(sender: string, messageId: string): NewRecord {
  const value: TrackedRecord = {
    kind: 'tracked',
    workspace: 'w',
    sender,
    messageId,
    messageHash: 1,
    type: 'track',
    event: 'View',
    identities: [],
    timeMs: 1,
    receivedMs: 1,
    properties: undefined,
    traits: undefined,
    context: undefined,
    consent: undefined,
    source: 's',
  };
  return { key: keyOf('w', 'sender', sender), value, timeMs: 1 };
}
