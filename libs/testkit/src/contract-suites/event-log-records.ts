// Records for the laws of the log, and how they are read back.
import { keyOf } from '@tessera/contracts';
import type { AnyRecord, TopicId } from '@tessera/contracts';
import type { EventLog, LogRecord, NewRecord, ReadLimits } from '@tessera/runtime';

export const NO_LIMITS: ReadLimits = { records: 10_000, bytes: 64 << 20 };
/** An own time, so that the same records suit both clocks. */
export const TIME_MS = 1_767_225_600_000;

/** A tracked event whose message id is `id`. */
export function tracked(id: string, properties: Record<string, unknown> = { step: 1 }): AnyRecord {
  return {
    kind: 'tracked',
    workspace: 'w',
    sender: 'anonymous_id:d0',
    messageId: id,
    messageHash: 2 ** 52 + 17,
    type: 'track',
    event: 'Product Viewed',
    identities: [{ namespace: 'email', value: 'a@b.c' }],
    timeMs: TIME_MS,
    receivedMs: TIME_MS + 1,
    properties,
    traits: undefined,
    context: { library: { name: 'suite', version: '1' } },
    consent: undefined,
    source: 'suite',
  };
}

export function newRecord(id: string, properties?: Record<string, unknown>): NewRecord {
  return { key: keyOf('w', 'sender', 'anonymous_id:d0'), value: tracked(id, properties), timeMs: TIME_MS };
}

/** `count` records: `name.0`, `name.1` and so on. */
export function newRecords(name: string, count: number): readonly NewRecord[] {
  return Array.from({ length: count }, (_, i) => newRecord(`${name}.${String(i)}`));
}

export function idsOf(records: readonly { readonly value: AnyRecord | null }[]): readonly string[] {
  return records.map(({ value }) => (value?.kind === 'tracked' ? value.messageId : ''));
}

/** Everything from an offset on, read in steps of these limits. */
export async function readAll(
  log: EventLog,
  topic: TopicId,
  partition: number,
  limits: ReadLimits = NO_LIMITS,
  fromOffset = 0,
): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  for (let offset = fromOffset; ;) {
    const batch = await log.read(topic, partition, offset, limits);
    for (const record of batch.records) records.push(record);
    if (batch.nextOffset === offset) return records;
    offset = batch.nextOffset;
  }
}
