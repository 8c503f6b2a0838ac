// I1-I3: the memberships that the changes tell, and the profiles that identities are told to have, equal those computed from the accepted events, written here a second time and
// as plainly as possible: own spells, own components, own windows, nothing shared with the stages.
import { profileId } from '@tessera/hash';
import {
  compareVersions,
  type DefinitionSetAppliedRecord,
  type IdentityAssignedRecord,
  type LinksRecord,
  type TrackedRecord,
} from '@tessera/contracts';
import { membersTold } from './check-changes.js';
import { ABSENCE_MS, BOUGHT, BUY_WINDOW_MS, SEQUENCE_WINDOW_MS, VIEWED, VIEW_WINDOW_MS } from './definitions.js';
import { SECRET } from './people.js';
import type { World } from './world.js';

interface Happened {
  readonly record: TrackedRecord;
  readonly ownMs: number;
  readonly node: string;
}

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly strength: number;
  timeMs: number;
  messageId: string;
}

export function checkNaively(world: World): string[] {
  const pairs = new Map<string, Pair>();
  const happened: Happened[] = [];
  for (let partition = 0; partition < world.log.partitions('events'); partition++)
    readPartition(world, partition, happened, pairs);
  const revoked = revokedPairs(world);
  const profileOf = profiles([...pairs.values()].filter(({ a, b }) => !revoked.has(`${a} ${b}`)));
  const people = new Map<string, Happened[]>();
  for (const one of happened) {
    const profile = profileOf(one.node);
    people.set(profile, [...(people.get(profile) ?? []), one]);
  }
  return [...compareProfiles(world, pairs.values(), profileOf), ...compare(world, people)];
}

/** I2: every identity that is evidence of a link has been told its profile; the last version counts. */
function compareProfiles(world: World, pairs: Iterable<Pair>, profileOf: (node: string) => string): string[] {
  const last = new Map<string, IdentityAssignedRecord>();
  for (let partition = 0; partition < world.log.partitions('identity-assignments'); partition++) {
    for (const { value } of world.log.records('identity-assignments', partition)) {
      const record = value as IdentityAssignedRecord;
      const held = last.get(record.identity);
      if (!held || compareVersions(held, record) < 0) last.set(record.identity, record);
    }
  }
  const identities = new Set([...pairs].flatMap(({ a, b }) => [a, b]).filter((node) => !node.startsWith('spell:')));
  return [...identities].flatMap((identity) => {
    const [found, want] = [last.get(identity)?.profile, profileOf(identity)];
    return found === want ? [] : [`I2 ${identity} was told to be ${found ?? 'nobody'}, want ${want}`];
  });
}

function compare(world: World, people: ReadonlyMap<string, readonly Happened[]>): string[] {
  const violations: string[] = [];
  const told = membersTold(world);
  const nowMs = Math.floor(world.scheduler.nowMs);
  const set = setInForce(world);
  for (const profile of new Set([...told.keys(), ...people.keys()])) {
    const want = set === 0 ? [] : memberships(people.get(profile) ?? [], nowMs, set);
    const found = [...(told.get(profile) ?? [])].filter((segment) => segment !== 'steady').sort();
    if (want.join() !== found.join())
      violations.push(`I3 ${profile} at ${String(nowMs)}: member of [${found.join(', ')}], want [${want.join(', ')}]`);
  }
  return violations;
}

function memberships(events: readonly Happened[], nowMs: number, set: number): string[] {
  const named = (name: string): readonly Happened[] => events.filter(({ record }) => record.event === name);
  const within = (list: readonly Happened[], windowMs: number): number =>
    list.filter(({ ownMs }) => ownMs > nowMs - windowMs).length;
  const spent = named('Buy').reduce((sum, { record }) => sum + Number(record.properties?.['value'] ?? 0), 0);
  const atLeast = (name: string, event: string, steps: readonly number[]): Record<string, boolean> =>
    Object.fromEntries(steps.map((least) => [`${name}-${String(least)}`, named(event).length >= least]));
  const pro = plan(events) === 'pro';
  const buyer = within(named('Buy'), BUY_WINDOW_MS) >= 2;
  const is: Record<string, boolean> = {
    active: within(named('View'), VIEW_WINDOW_MS) >= 2,
    forgotten: forgotten(named('Add'), named('Buy'), nowMs),
    pro,
    ...atLeast('viewed', 'View', VIEWED),
    ...(set === 1 ? { spender: spent >= 20 } : { buyer, ...atLeast('bought', 'Buy', BOUGHT), 'pro-buyer': pro && buyer }),
  };
  return Object.keys(is)
    .filter((segment) => is[segment])
    .sort();
}

function plan(events: readonly Happened[]): unknown {
  let last: Happened | undefined;
  for (const one of events) if (one.record.traits?.['plan'] !== undefined && (!last || after(one, last))) last = one;
  return last?.record.traits?.['plan'];
}

function forgotten(adds: readonly Happened[], buys: readonly Happened[], nowMs: number): boolean {
  return adds.some(
    (add) =>
      add.ownMs > nowMs - SEQUENCE_WINDOW_MS &&
      add.ownMs + ABSENCE_MS <= nowMs &&
      !buys.some((buy) => buy.ownMs >= add.ownMs && buy.ownMs < add.ownMs + ABSENCE_MS),
  );
}

function after(a: Happened, b: Happened): boolean {
  return a.ownMs > b.ownMs || (a.ownMs === b.ownMs && a.record.messageId > b.record.messageId);
}

function readPartition(world: World, partition: number, happened: Happened[], pairs: Map<string, Pair>): void {
  const spells = new Map<string, { startMs: number; user: string | undefined }[]>();
  const seen = new Set<string>();
  for (const { value, stampMs } of world.log.records('events', partition)) {
    if (value?.kind !== 'tracked') continue;
    const ownMs = Math.min(value.timeMs, stampMs);
    const spell = place(value, ownMs, spells);
    const user = value.userId === undefined ? undefined : `user_id:${value.userId}`;
    if (spell?.links) pair(pairs, value, `spell:${String(spell.number)}@${value.sender}`, 1, ownMs);
    for (const { namespace, value: of } of value.identities) pair(pairs, value, `${namespace}:${of}`, 2, ownMs);
    if (seen.has(`${value.sender} ${value.messageId}`)) continue;
    seen.add(`${value.sender} ${value.messageId}`);
    happened.push({ record: value, ownMs, node: user ?? `spell:${String(spell?.number)}@${value.sender}` });
  }
}

/** The spell in which an event lies, and whether it is evidence that the spell is the user's. */
function place(
  record: TrackedRecord,
  ownMs: number,
  all: Map<string, { startMs: number; user: string | undefined }[]>,
): { readonly number: number; readonly links: boolean } | undefined {
  if (record.anonymousId === undefined) return undefined;
  const user = record.userId;
  let spells = all.get(record.sender);
  if (!spells) all.set(record.sender, (spells = [{ startMs: ownMs, user: undefined }]));
  const head = spells.length - 1;
  let number = head;
  while (number > 0 && (spells[number]?.startMs as number) > ownMs) number -= 1;
  const spell = spells[number] as { startMs: number; user: string | undefined };
  if (user === undefined) return { number, links: false };
  if (spell.user === undefined) spell.user = user;
  if (spell.user === user) return { number, links: true };
  if (number < head || ownMs < spell.startMs) return { number, links: false };
  spells.push({ startMs: ownMs, user });
  return { number: head + 1, links: true };
}

/** The event ties a node to its user. A sender's evidence for a pair is its earliest event, of several the one read first. */
function pair(
  pairs: Map<string, Pair>,
  { sender, userId, messageId }: TrackedRecord,
  node: string,
  strength: number,
  timeMs: number,
): void {
  const user = `user_id:${userId as string}`;
  const [a, b] = node < user ? [node, user] : [user, node];
  const name = `${sender} ${a} ${b}`;
  const held = pairs.get(name);
  if (!held) pairs.set(name, { a, b, strength, timeMs, messageId });
  else if (timeMs < held.timeMs) Object.assign(held, { timeMs, messageId });
}

/** A revocation counts when its link was known; the last word counts. */
function revokedPairs(world: World): ReadonlySet<string> {
  const known = new Set<string>();
  const revoked = new Set<string>();
  for (let partition = 0; partition < world.log.partitions('links'); partition++) {
    for (const { value } of world.log.records('links', partition)) {
      const record = value as LinksRecord;
      if (record.kind !== 'linkObserved' && record.kind !== 'linkRevoked' && record.kind !== 'linkRestored') continue;
      const name = `${record.a} ${record.b}`;
      if (record.kind === 'linkObserved') known.add(name);
      else if (!known.has(name)) continue;
      else if (record.kind === 'linkRevoked') revoked.add(name);
      else revoked.delete(name);
    }
  }
  return revoked;
}

/** Strongest link first, never two users in one component; a component is named by its user, else by its only node. */
function profiles(pairs: readonly Pair[]): (node: string) => string {
  const component = new Map<string, Set<string>>();
  const of = (node: string): Set<string> => {
    let set = component.get(node);
    if (!set) component.set(node, (set = new Set([node])));
    return set;
  };
  const userIn = (set: ReadonlySet<string>): string | undefined => [...set].find((node) => node.startsWith('user_id:'));
  const order = [...pairs].sort((x, y) => x.strength - y.strength || x.timeMs - y.timeMs || (textOf(x) < textOf(y) ? -1 : 1));
  for (const { a, b } of order) {
    const [left, right] = [of(a), of(b)];
    if (left === right || (userIn(left) !== undefined && userIn(right) !== undefined)) continue;
    const union = new Set([...left, ...right]);
    for (const node of union) component.set(node, union);
  }
  return (node) => profileId(SECRET, userIn(of(node)) ?? node);
}

function textOf({ messageId, a, b }: Pair): string {
  return `${messageId} ${a} ${b}`;
}

function setInForce(world: World): number {
  return Math.max(
    0,
    ...world.log
      .records('definitions', 0)
      .filter(({ value }) => value?.kind === 'definitionSetApplied')
      .map(({ value }) => (value as DefinitionSetAppliedRecord).set),
  );
}
