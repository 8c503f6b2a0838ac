// What a topic holds that is no record of ours, as a reader of the topic hands it on: its bytes, and why it could not be read.
// It is no message of proto/, since nobody writes it; a stage meets it as a record of a kind that is not its own.
import type { AnyRecord } from './records.js';

export interface UnreadableRecord {
  readonly kind: 'unreadable';
  /** What was found and what was wanted. */
  readonly detail: string;
  /** The value as it stood in the topic. */
  readonly original: Uint8Array;
}

export function unreadableRecord(detail: string, original: Uint8Array): AnyRecord {
  const record: UnreadableRecord = { kind: 'unreadable', detail, original };
  return record as unknown as AnyRecord;
}

/** Undefined for a record of ours and for a tombstone. */
export function asUnreadable(value: AnyRecord | null): UnreadableRecord | undefined {
  return (value?.kind as string | undefined) === 'unreadable' ? (value as unknown as UnreadableRecord) : undefined;
}
