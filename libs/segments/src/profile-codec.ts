// Canonical bytes of a profile's document.
// B1 Equal documents give equal bytes, whatever their history: everything with a name is in the order of the names.
// B2 A path that equals one never touched is left out, so an evaluation that found nothing leaves no trace.
// B3 The first byte names the form; a release reads the form of the one before.
// B4 Ids of slots and names of segments are written once, and only those that are used: a document is read without its set, and
//    put beside it when it is next stepped (`align`).
import { Reader, Writer } from '@tessera/codec';
import { readConsent, writeConsent } from '@tessera/consent';
import type { ConsentChoice, Key, TraitValue } from '@tessera/contracts';
import type { Partial_ } from '@tessera/features';
import { appendTimer, DEADLINE, findTimer, NEXT_CHANGE, SINCE } from './membership.js';
import { readPending, readVersion, writePending, writeVersion } from './path-pending.js';
import {
  createFragment,
  createProfile,
  fragmentsChanged,
  reschedule,
  type Fragment,
  type ProfileDocument,
} from './profile-document.js';
import {
  isHeld,
  layoutOfStored,
  readColumns,
  widthOf,
  writeColumns,
  type Form,
  type Layout,
  type SlotPlace,
} from './slot-values.js';

const NO_CONSENT: ReadonlyMap<string, ConsentChoice> = new Map();
const FORM = 2;
const MEMBER = 1;
const WAITING = 2;
const CHANGES = 4;
const writer = new Writer();
const nameOrders = new WeakMap<readonly string[], readonly number[]>();
/** Scratch of the one encoding that runs at a time. */
const used: SlotPlace[] = [];
const touched: number[] = [];

export function encodeProfile(document: ProfileDocument): Uint8Array {
  const { fragments } = document;
  writer.byte(FORM);
  writer.uint(document.sequence);
  writer.time(document.effectiveMs);
  writer.uint(document.set);
  writer.string(document.hash);
  writer.uint(document.published);
  const slots = writeSlots(document);
  writer.uint(fragments.length);
  for (let i = 0; i < fragments.length; i++) writeFragment(fragments[i] as Fragment, slots);
  writer.uint(document.departed?.size ?? 0);
  for (const [name, version] of sorted(document.departed)) {
    writer.string(name);
    writeVersion(writer, version);
  }
  writePaths(document);
  writer.bool(document.pending !== undefined);
  if (document.pending !== undefined) writePending(writer, document.pending);
  return writer.take();
}

export function decodeProfile(bytes: Uint8Array, key: Key): ProfileDocument {
  const reader = new Reader(bytes);
  const form = reader.byte();
  if (form !== FORM) throw new RangeError(`profile document of form ${String(form)}, this release reads ${String(FORM)}`);
  const document = createProfile(key);
  document.sequence = reader.uint();
  document.effectiveMs = reader.time();
  document.set = reader.uint();
  document.hash = reader.string();
  document.published = reader.uint();
  const slots = readSlots(reader);
  document.layout = layoutOfStored(slots);
  const count = reader.uint();
  if (count > 0) document.fragments = [readFragment(reader, document.layout, slots)];
  for (let left = count; left > 1; left--) document.fragments.push(readFragment(reader, document.layout, slots));
  for (let left = reader.uint(); left > 0; left--) (document.departed ??= new Map()).set(reader.string(), readVersion(reader));
  readPaths(reader, document);
  if (reader.bool()) document.pending = readPending(reader);
  fragmentsChanged(document);
  reschedule(document);
  return document;
}

/** The slots of which a fragment holds something in columns; returned until the next encoding. */
function writeSlots({ layout, fragments }: ProfileDocument): readonly SlotPlace[] {
  const { packed } = layout;
  used.length = 0;
  for (let i = 0; i < packed.length; i++) {
    const place = packed[i] as SlotPlace;
    for (let f = 0; f < fragments.length; f++) {
      if (!isHeld((fragments[f] as Fragment).numbers, place.at)) continue;
      used.push(place);
      break;
    }
  }
  writer.uint(used.length);
  for (let i = 0; i < used.length; i++) {
    const { id, form } = used[i] as SlotPlace;
    writer.string(id);
    writer.byte(form);
  }
  return used;
}

function readSlots(reader: Reader): SlotPlace[] {
  const slots: SlotPlace[] = [];
  let at = 0;
  for (let left = reader.uint(); left > 0; left--) {
    const id = reader.string();
    const form = reader.byte() as Form;
    slots.push({ id, form, at, read: undefined });
    at += widthOf(form);
  }
  return slots;
}

function writeFragment(fragment: Fragment, slots: readonly SlotPlace[]): void {
  writer.string(fragment.id);
  writeVersion(writer, fragment);
  const { numbers } = fragment;
  for (let i = 0; i < slots.length; i++) writeColumns(writer, numbers, slots[i] as SlotPlace);
  writer.uint(fragment.others?.size ?? 0);
  for (const [slotId, partial] of sorted(fragment.others)) {
    writer.string(slotId);
    writer.json(partial);
  }
  writer.uint(fragment.traits?.size ?? 0);
  for (const [name, trait] of sorted(fragment.traits)) {
    writer.string(name);
    writer.json(trait.value);
    writer.int(trait.timeMs);
    writer.string(trait.messageId);
  }
  writeConsent(writer, fragment.consent ?? NO_CONSENT);
  writer.uint(fragment.early?.size ?? 0);
  for (const [slotId, set] of sorted(fragment.early)) {
    writer.string(slotId);
    writer.uint(set);
  }
}

function readFragment(reader: Reader, layout: Layout, slots: readonly SlotPlace[]): Fragment {
  const fragment = createFragment(reader.string(), layout);
  const { generation, offset, index } = readVersion(reader);
  fragment.generation = generation;
  fragment.offset = offset;
  fragment.index = index;
  for (let i = 0; i < slots.length; i++) readColumns(reader, fragment.numbers, slots[i] as SlotPlace);
  for (let left = reader.uint(); left > 0; left--)
    (fragment.others ??= new Map()).set(reader.string(), reader.json() as Partial_);
  for (let left = reader.uint(); left > 0; left--) {
    const name = reader.string();
    const trait: TraitValue = { value: reader.json(), timeMs: reader.int(), messageId: reader.string() };
    (fragment.traits ??= new Map()).set(name, trait);
  }
  const consent = readConsent(reader);
  if (consent.size > 0) fragment.consent = consent;
  for (let left = reader.uint(); left > 0; left--) (fragment.early ??= new Map()).set(reader.string(), reader.uint());
  return fragment;
}

function writePaths({ names, entered, timers }: ProfileDocument): void {
  touched.length = 0;
  const order = inNameOrder(names);
  for (let i = 0; i < order.length; i++) {
    const place = order[i] as number;
    if (entered[place] !== Infinity || (timers !== undefined && findTimer(timers, place) >= 0)) touched.push(place);
  }
  writer.uint(touched.length);
  for (let i = 0; i < touched.length; i++) {
    const place = touched[i] as number;
    writer.string(names[place] as string);
    writePath(entered[place] as number, timers, timers === undefined ? -1 : findTimer(timers, place));
  }
}

function writePath(enteredAtMs: number, timers: readonly number[] | undefined, at: number): void {
  const deadlineMs = at < 0 ? Infinity : ((timers as number[])[at + DEADLINE] as number);
  const nextChangeMs = at < 0 ? Infinity : ((timers as number[])[at + NEXT_CHANGE] as number);
  const member = enteredAtMs !== Infinity;
  const waits = deadlineMs !== Infinity;
  const changes = nextChangeMs !== Infinity;
  writer.byte((member ? MEMBER : 0) | (waits ? WAITING : 0) | (changes ? CHANGES : 0));
  if (member) writer.time(enteredAtMs);
  if (waits) {
    writer.time((timers as number[])[at + SINCE] as number);
    writer.time(deadlineMs);
  }
  if (changes) writer.time(nextChangeMs);
}

function readPaths(reader: Reader, document: ProfileDocument): void {
  const names: string[] = [];
  for (let left = reader.uint(); left > 0; left--) {
    const place = names.length;
    names.push(reader.string());
    const flags = reader.byte();
    document.entered.push((flags & MEMBER) !== 0 ? reader.time() : Infinity);
    const waits = (flags & WAITING) !== 0;
    const sinceMs = waits ? reader.time() : 0;
    const deadlineMs = waits ? reader.time() : Infinity;
    const nextChangeMs = (flags & CHANGES) !== 0 ? reader.time() : Infinity;
    if (deadlineMs !== Infinity || nextChangeMs !== Infinity) appendTimer(document, place, sinceMs, deadlineMs, nextChangeMs);
  }
  document.names = names;
}

/** Places of the names in ascending order; the names of a set are sorted once. */
function inNameOrder(names: readonly string[]): readonly number[] {
  let order = nameOrders.get(names);
  if (order === undefined) {
    order = names.map((_, place) => place).sort((a, b) => ((names[a] as string) < (names[b] as string) ? -1 : 1));
    nameOrders.set(names, order);
  }
  return order;
}

const NOTHING: readonly (readonly [string, never])[] = [];

function sorted<V>(map: ReadonlyMap<string, V> | undefined): Iterable<readonly [string, V]> {
  if (map === undefined) return NOTHING;
  return map.size < 2 ? map : [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
