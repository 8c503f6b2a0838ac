// Documents as they stand in MongoDB. The guard, the timer and the owed job are fields of their own; the rest is the stage's own bytes.
// D1 A document that is read is the one that was written, to the byte.
// D2 A document larger than MongoDB holds is refused before anything is sent, and names itself.
// D3 Only documents with a timer or an owed job have `p`, `d` and `j`, and so only they stand in the index `due`.
//
// Document: _id (key-codec.ts), o last offset, b bytes; p partition, d due time (Infinity: none), j job owed.
// Partition document: _id `stage/partition`, n next offset, t log time, b bytes.
import type { DueEntry, PartitionDocument, Space, StateDocument } from '@tessera/runtime';
import { moment, whole } from './filters.js';
import { decodeId } from './key-codec.js';

/** What a document holds beside its `_id` on the way in. */
export interface DocumentBody {
  readonly o: number;
  readonly b: Uint8Array;
  readonly p?: number;
  readonly d?: number;
  readonly j?: boolean;
}

export interface StoredDocument extends DocumentBody {
  readonly _id: string;
}

export interface StoredDue {
  readonly _id: string;
  readonly d: number;
  readonly j: boolean;
}

export interface PartitionBody {
  readonly n: number;
  readonly t: number;
  readonly b: Uint8Array;
}

/** MongoDB's 16 MiB, less what stands around the bytes: the id, twice as long as its key at most, and the fields. */
export const DOCUMENT_BYTES_MAX = (16 << 20) - (8 << 10);

export function bodyOf(partition: number, document: StateDocument): DocumentBody {
  const { lastOffset, dueMs, jobOwed, bytes } = document;
  const o = whole(lastOffset, 'lastOffset');
  return moment(dueMs, 'dueMs') === Infinity && !jobOwed ? { o, b: bytes } : { o, b: bytes, p: partition, d: dueMs, j: jobOwed };
}

export function documentOf({ _id, o, b, d, j }: StoredDocument): StateDocument {
  // A copy: what is read shares its memory with the whole answer, up to 16 MiB, and would keep it.
  return { key: decodeId(_id), lastOffset: o, dueMs: d ?? Infinity, jobOwed: j === true, bytes: new Uint8Array(b) };
}

export function dueEntryOf({ _id, d, j }: StoredDue): DueEntry {
  return { key: decodeId(_id), dueMs: d, jobOwed: j };
}

export function partitionBodyOf({ nextOffset, logTimeMs, bytes }: PartitionDocument): PartitionBody {
  return { n: whole(nextOffset, 'nextOffset'), t: moment(logTimeMs, 'logTimeMs'), b: bytes };
}

export function partitionDocumentOf({ n, t, b }: PartitionBody): PartitionDocument {
  return { nextOffset: n, logTimeMs: t, bytes: new Uint8Array(b) };
}

/** Throws where a document is too large. */
export function requireFits({ stage, partition }: Space, name: string, bytes: Uint8Array): void {
  if (!(bytes instanceof Uint8Array))
    throw new TypeError(`the bytes of ${name.slice(0, 60)} are ${typeof bytes}; allowed is a Uint8Array`);
  if (bytes.length <= DOCUMENT_BYTES_MAX) return;
  throw new RangeError(
    `${name.slice(0, 60)} in ${stage}/${String(partition)} has ${String(bytes.length)} bytes; MongoDB holds at most ${String(DOCUMENT_BYTES_MAX)} ` +
      'per document. Lower the caps of the features that it holds, or find out what made it grow.',
  );
}
