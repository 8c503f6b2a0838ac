// Canonical bytes of a profile's document.
// B1 Equal documents give equal bytes, whatever the order in which their maps were filled: keys are sorted.
// B2 A path state that equals one never touched is left out, so an evaluation that found nothing leaves no trace.
// B3 The first byte names the form; a release reads the form of the one before.
import { Reader, Writer } from '@tessera/codec';
import { readConsent, writeConsent } from '@tessera/consent';
import type { ConsentChoice, Key, TraitValue } from '@tessera/contracts';
import type { Partial_ } from '@tessera/features';
import { createPathState, isUntouched, timingOf, type PathState } from './membership.js';
import { readPending, readVersion, writePending, writeVersion } from './path-pending.js';
import {
  createFragment,
  createProfile,
  fragmentsChanged,
  reschedule,
  type Fragment,
  type ProfileDocument,
} from './profile-document.js';

const NO_CONSENT: ReadonlyMap<string, ConsentChoice> = new Map();
const FORM = 1;
const MEMBER = 1;
const WAITING = 2;
const CHANGES = 4;
const writer = new Writer();
const nameOrders = new WeakMap<readonly string[], readonly number[]>();

export function encodeProfile(document: ProfileDocument): Uint8Array {
  writer.byte(FORM);
  writer.uint(document.sequence);
  writer.time(document.effectiveMs);
  writer.uint(document.set);
  writer.string(document.hash);
  writer.uint(document.published);
  writer.uint(document.fragments.size);
  for (const [, fragment] of sorted(document.fragments)) writeFragment(fragment);
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
  for (let left = reader.uint(); left > 0; left--) {
    const fragment = readFragment(reader);
    document.fragments.set(fragment.id, fragment);
  }
  for (let left = reader.uint(); left > 0; left--) (document.departed ??= new Map()).set(reader.string(), readVersion(reader));
  const names: string[] = [];
  for (let left = reader.uint(); left > 0; left--) {
    names.push(reader.string());
    document.paths.push(readPath(reader));
  }
  document.names = names;
  if (reader.bool()) document.pending = readPending(reader);
  fragmentsChanged(document);
  reschedule(document);
  return document;
}

function writeFragment(fragment: Fragment): void {
  writer.string(fragment.id);
  writeVersion(writer, fragment);
  writer.uint(fragment.partials.size);
  for (const [slotId, partial] of sorted(fragment.partials)) {
    writer.string(slotId);
    writer.json(partial);
  }
  writer.uint(fragment.traits.size);
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

function readFragment(reader: Reader): Fragment {
  const fragment = createFragment(reader.string());
  const { generation, offset, index } = readVersion(reader);
  fragment.generation = generation;
  fragment.offset = offset;
  fragment.index = index;
  for (let left = reader.uint(); left > 0; left--) fragment.partials.set(reader.string(), reader.json() as Partial_);
  for (let left = reader.uint(); left > 0; left--) {
    const name = reader.string();
    const trait: TraitValue = { value: reader.json(), timeMs: reader.int(), messageId: reader.string() };
    fragment.traits.set(name, trait);
  }
  const consent = readConsent(reader);
  if (consent.size > 0) fragment.consent = consent;
  for (let left = reader.uint(); left > 0; left--) (fragment.early ??= new Map()).set(reader.string(), reader.uint());
  return fragment;
}

function writePaths({ names, paths }: ProfileDocument): void {
  const touched: number[] = [];
  for (const place of inNameOrder(names)) {
    const path = paths[place];
    if (path !== undefined && !isUntouched(path)) touched.push(place);
  }
  writer.uint(touched.length);
  for (const place of touched) {
    writer.string(names[place] as string);
    writePath(paths[place] as PathState);
  }
}

function writePath({ member, enteredAtMs, timing }: PathState): void {
  const waits = timing !== undefined && timing.deadlineMs !== Infinity;
  const changes = timing !== undefined && timing.nextChangeMs !== Infinity;
  writer.byte((member ? MEMBER : 0) | (waits ? WAITING : 0) | (changes ? CHANGES : 0));
  if (member) writer.time(enteredAtMs);
  if (waits) {
    writer.time(timing.sinceMs);
    writer.time(timing.deadlineMs);
  }
  if (changes) writer.time(timing.nextChangeMs);
}

function readPath(reader: Reader): PathState {
  const path = createPathState();
  const flags = reader.byte();
  path.member = (flags & MEMBER) !== 0;
  if (path.member) path.enteredAtMs = reader.time();
  if ((flags & WAITING) !== 0) {
    timingOf(path).sinceMs = reader.time();
    timingOf(path).deadlineMs = reader.time();
  }
  if ((flags & CHANGES) !== 0) timingOf(path).nextChangeMs = reader.time();
  return path;
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

function sorted<V>(map: ReadonlyMap<string, V> | undefined): [string, V][] {
  if (map === undefined) return [];
  return map.size < 2 ? [...map] : [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
