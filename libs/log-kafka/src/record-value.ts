// The value of a record: the JSON of the record, readable by everyone; bytes as base64 (proto3 JSON).
// V1 Whatever a topic holds becomes a value: what is no record of ours, from whoever, becomes one of the kind `unreadable` with its bytes,
//    which every stage refuses as it refuses any kind that is not its own. Reading never throws.
// V2 A record of a kind of ours without one of its fields, or with a value of another type, is none of ours either: what is read here has the
//    form of its message in proto/, so that no stage looks twice. Fields that it does not name are left to later releases. The embedded log
//    holds only what this code wrote and is not checked.
// V3 -0 is 0 and `undefined` is left out, as in all JSON.
import type { AnyRecord, Key, RecordKind } from '@tessera/contracts';
import { RECORD_CHECKS, unreadableRecord } from '@tessera/contracts';

/** The one field of bytes of the kinds that have one. */
const BYTES_FIELD: Partial<Record<RecordKind, string>> = { backfilled: 'state', pathRestored: 'path', deadLetter: 'original' };
const DETAIL_CHARACTERS_MAX = 200;
/** Workspace (empty for what concerns all), kind, and at least one further part. */
const KEY = /^[^/]*\/[^/]+\/./;

export function valueText(value: AnyRecord): string {
  const field = BYTES_FIELD[value.kind];
  if (field === undefined) return JSON.stringify(value);
  const bytes = (value as unknown as Record<string, unknown>)[field];
  if (!(bytes instanceof Uint8Array)) return JSON.stringify(value);
  return JSON.stringify({ ...value, [field]: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') });
}

/** Of the bytes from `start` to `end`; a tombstone has none. A record of ours has a key of ours: a stage makes a document of it. */
export function valueOf(source: Buffer, start: number, end: number, key: Key): AnyRecord {
  const text = source.toString('utf8', start, end);
  // A copy: the buffer of a fetch is large, and used again.
  const unreadable = (detail: string): AnyRecord =>
    unreadableRecord(detail.slice(0, DETAIL_CHARACTERS_MAX), new Uint8Array(source.subarray(start, end)));
  if (!KEY.test(key)) return unreadable(`no key of ours: ${key}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unreadable(`no JSON: ${text}`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return unreadable(`no object: ${text}`);
  const record = value as Record<string, unknown>;
  const kind = record['kind'];
  const flawOf = typeof kind === 'string' && Object.hasOwn(RECORD_CHECKS, kind) ? RECORD_CHECKS[kind] : undefined;
  if (flawOf === undefined) return unreadable(`no kind of ours: ${text}`);
  const field = BYTES_FIELD[kind as RecordKind];
  if (field !== undefined) {
    const encoded = record[field];
    if (typeof encoded === 'string') record[field] = new Uint8Array(Buffer.from(encoded, 'base64'));
  }
  const flaw = flawOf(record);
  return flaw === undefined ? (value as AnyRecord) : unreadable(`no ${kind as RecordKind} of ours: ${flaw}: ${text}`);
}

/** A record without a key, or with another's: no key of ours is empty. */
export function keyFrom(text: string | null): Key {
  return (text ?? '') as Key;
}
