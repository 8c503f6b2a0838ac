// Path state that is being folded again, and what has happened since.
// G1 While it is pending a membership is its verdict at once, and says so.
// G2 `basis` names the record that made it pending. The fold of the profile's history up to that record comes back as a
//    PathRestored with the same basis; one of another basis is stale.
// G3 What the profile's records brought since the basis is kept, and applied to the folded document by the same steps. So the
//    restored path is what it would have been without the detour, however long the fold took.
// G4 The journal is bounded: at JOURNAL_MAX records, and when the definition set changes, the basis moves on to the present
//    record and the fold begins again.
import type { Reader, Writer } from '@tessera/codec';
import type { FragmentChangedRecord, Version } from '@tessera/contracts';
import type { Job } from '@tessera/runtime';
import type { FragmentUpdate } from './fragment-update.js';
import type { ProfileDocument } from './profile-document.js';

export const JOURNAL_MAX = 4096;

export type JournalEntry =
  | { readonly kind: 'update'; readonly ownTimeMs: number; readonly effectiveMs: number; readonly update: FragmentUpdate }
  | { readonly kind: 'leave'; readonly ownTimeMs: number; readonly effectiveMs: number; readonly fragment: string };

export interface PendingPath {
  /** Offset in `fragments` of the record that made the path pending. */
  readonly basis: number;
  readonly effectiveMs: number;
  /** Version of each fragment that was present then. */
  readonly versions: ReadonlyMap<string, Version>;
  readonly journal: JournalEntry[];
  /** Made once; not encoded. */
  job: Job | undefined;
}

/** From this record on the path is to be folded again. */
export function beginPending(document: ProfileDocument, basis: number): void {
  const versions = new Map<string, Version>();
  for (const { id, generation, offset, index } of document.fragments) versions.set(id, { generation, offset, index });
  document.pending = { basis, effectiveMs: document.effectiveMs, versions, journal: [], job: undefined };
}

/** Keeps what a record brought; true when the journal is full and the basis has to move on. */
export function keepInJournal(pending: PendingPath, entry: JournalEntry): boolean {
  pending.journal.push(entry);
  return pending.journal.length >= JOURNAL_MAX;
}

/** The parts of a record that the journal keeps. */
export function journalled(record: FragmentChangedRecord): FragmentUpdate {
  const { fragment, generation, offset, index, full, partials, traits, consent } = record;
  return { fragment, generation, offset, index, full, partials, traits, consent };
}

export function writePending(writer: Writer, pending: PendingPath): void {
  writer.uint(pending.basis);
  writer.time(pending.effectiveMs);
  writer.uint(pending.versions.size);
  for (const name of [...pending.versions.keys()].sort()) {
    writer.string(name);
    writeVersion(writer, pending.versions.get(name) as Version);
  }
  writer.uint(pending.journal.length);
  for (const entry of pending.journal) writeEntry(writer, entry);
}

export function readPending(reader: Reader): PendingPath {
  const basis = reader.uint();
  const effectiveMs = reader.time();
  const versions = new Map<string, Version>();
  for (let left = reader.uint(); left > 0; left--) versions.set(reader.string(), readVersion(reader));
  const journal = Array.from({ length: reader.uint() }, () => readEntry(reader));
  return { basis, effectiveMs, versions, journal, job: undefined };
}

export function writeVersion(writer: Writer, { generation, offset, index }: Version): void {
  writer.uint(generation);
  writer.int(offset);
  writer.uint(index);
}

export function readVersion(reader: Reader): Version {
  return { generation: reader.uint(), offset: reader.int(), index: reader.uint() };
}

function writeEntry(writer: Writer, entry: JournalEntry): void {
  writer.bool(entry.kind === 'update');
  writer.time(entry.ownTimeMs);
  writer.time(entry.effectiveMs);
  if (entry.kind === 'leave') {
    writer.string(entry.fragment);
    return;
  }
  const { update } = entry;
  writer.string(update.fragment);
  writeVersion(writer, update);
  writer.bool(update.full);
  writer.json(update.partials ?? {});
  writer.json(update.traits);
  writer.json(update.consent);
}

function readEntry(reader: Reader): JournalEntry {
  const isUpdate = reader.bool();
  const times = { ownTimeMs: reader.time(), effectiveMs: reader.time() };
  const fragment = reader.string();
  if (!isUpdate) return { kind: 'leave', ...times, fragment };
  const version = readVersion(reader);
  const full = reader.bool();
  const partials = reader.json() as { [key: string]: unknown };
  const traits = reader.json() as FragmentUpdate['traits'];
  const consent = reader.json() as FragmentUpdate['consent'];
  return { kind: 'update', ...times, update: { fragment, ...version, full, partials, traits, consent } };
}
