// The document of a sender: its spells and its fragments together (one step changes one document), and what it has seen.
// D1 A message id counts once within 24 h of log time, for the last SEEN_MAX messages; what is forgotten is counted.
// D2 A state that the set in force before does not have begins empty at the record that published the present set: whatever the
//    document kept of it from an older set is dropped at its first touch, and comes back with the backfill.
// D3 asOfMs is the latest moment that the document was touched at: windows are derived as of it.
import { createSpells, readSpells, writeSpells, type Spells } from '@tessera/identity';
import { Reader, type Writer } from '@tessera/codec';
import { partsOf, type Key } from '@tessera/contracts';
import { createFragment, readFragment, writeFragment, type Fragment } from './fragment.js';

export const SEEN_FOR_MS = 86_400_000;
export const SEEN_MAX = 10_000;
export const FRAGMENTS_MAX = 1_000;
const CODEC_VERSION = 1;
/** Below this a look through the list is cheaper than a set. */
const LIST_MAX = 24;

export interface SenderDocument {
  readonly workspace: string;
  readonly sender: string;
  readonly spells: Spells;
  readonly fragments: Map<string, Fragment>;
  /** The fragment, where there is one alone, as of nearly every sender; no part of the state. */
  only: Fragment | undefined;
  /** Hashes of message ids in log order, with their log times. */
  readonly seen: number[];
  readonly seenMs: number[];
  /** The same hashes, when there are many; no part of the state. */
  seenSet: Set<number> | undefined;
  /** Messages forgotten before their 24 h because there were too many. */
  forgotten: number;
  /** Number of the definition set that was the present one at the last touch. */
  set: number;
  /** Number of the last definition set whose backfill was merged. */
  backfilledSet: number;
  asOfMs: number;
}

export function createSenderDocument(key: Key): SenderDocument {
  const { workspace, id } = partsOf(key);
  return {
    workspace,
    sender: id,
    spells: createSpells(),
    fragments: new Map(),
    only: undefined,
    seen: [],
    seenMs: [],
    seenSet: undefined,
    forgotten: 0,
    set: 0,
    backfilledSet: 0,
    asOfMs: 0,
  };
}

export function dueOf(document: SenderDocument): number {
  const { only } = document;
  if (only) return only.dueMs;
  let due = Infinity;
  for (const { dueMs } of document.fragments.values()) if (dueMs < due) due = dueMs;
  return due;
}

/** True when the message was seen within the last 24 h of log time; else remembers it. */
export function isDuplicate(document: SenderDocument, hash: number, logTimeMs: number): boolean {
  const { seen, seenMs } = document;
  let expired = 0;
  while (expired < seen.length && (seenMs[expired] as number) <= logTimeMs - SEEN_FOR_MS) expired += 1;
  if (expired > 0) forget(document, expired);
  if (seen.length > LIST_MAX) document.seenSet ??= new Set(seen);
  else document.seenSet = undefined;
  if (document.seenSet ? document.seenSet.has(hash) : seen.includes(hash)) return true;
  if (seen.length >= SEEN_MAX) {
    document.forgotten += 1;
    forget(document, 1);
  }
  document.seenSet?.add(hash);
  seen.push(hash);
  seenMs.push(logTimeMs);
  return false;
}

export function fragmentOf(document: SenderDocument, id: string): Fragment | undefined {
  const { only } = document;
  if (only?.id === id) return only;
  let fragment = document.fragments.get(id);
  if (!fragment) {
    if (document.fragments.size >= FRAGMENTS_MAX) return undefined;
    document.fragments.set(id, (fragment = createFragment(id)));
    document.only = document.fragments.size === 1 ? fragment : undefined;
  }
  return fragment;
}

/** By id, so that what happens to several of them at one moment has one order. */
export function inOrder({ only, fragments }: SenderDocument): readonly Fragment[] {
  return only ? [only] : [...fragments.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

export function encodeSenderDocument(writer: Writer, document: SenderDocument): Uint8Array {
  writer.byte(CODEC_VERSION);
  writer.int(document.asOfMs);
  writer.uint(document.set);
  writer.uint(document.backfilledSet);
  writer.uint(document.forgotten);
  writeSpells(writer, document.spells);
  writer.uint(document.seen.length);
  let before = 0;
  for (let i = 0; i < document.seen.length; i++) {
    writer.uint(document.seen[i] as number);
    writer.int((document.seenMs[i] as number) - before);
    before = document.seenMs[i] as number;
  }
  writer.uint(document.fragments.size);
  for (const fragment of inOrder(document)) {
    writer.string(fragment.id);
    writeFragment(writer, fragment);
  }
  return writer.take();
}

export function decodeSenderDocument(bytes: Uint8Array, key: Key): SenderDocument {
  const { workspace, id } = partsOf(key);
  const reader = new Reader(bytes);
  const version = reader.byte();
  if (version !== CODEC_VERSION)
    throw new RangeError(`a sender document of codec version ${String(version)}; this release reads ${String(CODEC_VERSION)}`);
  const asOfMs = reader.int();
  const set = reader.uint();
  const backfilledSet = reader.uint();
  const forgotten = reader.uint();
  const spells = readSpells(reader);
  const seen: number[] = [];
  const seenMs: number[] = [];
  let before = 0;
  for (let left = reader.uint(); left > 0; left--) {
    seen.push(reader.uint());
    before += reader.int();
    seenMs.push(before);
  }
  const fragments = new Map<string, Fragment>();
  for (let left = reader.uint(); left > 0; left--) {
    const fragment = readFragment(reader, reader.string());
    fragments.set(fragment.id, fragment);
  }
  const only = fragments.size === 1 ? [...fragments.values()][0] : undefined;
  return {
    workspace,
    sender: id,
    spells,
    fragments,
    only,
    seen,
    seenMs,
    seenSet: undefined,
    forgotten,
    set,
    backfilledSet,
    asOfMs,
  };
}

/** The oldest. */
function forget({ seen, seenMs, seenSet }: SenderDocument, count: number): void {
  if (seenSet) for (let i = 0; i < count; i++) seenSet.delete(seen[i] as number);
  seen.splice(0, count);
  seenMs.splice(0, count);
}
