// The second path: who is in which segment, computed as plainly as possible from the list of what was sent.
// N1 It shares nothing with the stages: own spells, own windows, own arithmetic. The definitions of examples/shop are written here
//    a second time, as functions.
// N2 Every answer is for one moment: what had not arrived by then does not count, what had counts from its own time on.
// N3 Its cost does not matter: every question goes through the whole list.

/** A tracking call as it was sent. */
export interface Sent {
  readonly messageId: string;
  readonly type: 'track' | 'identify';
  readonly event?: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly traits?: Readonly<Record<string, unknown>>;
  readonly properties?: Readonly<Record<string, unknown>>;
  /** When it happened for the person. */
  readonly atMs: number;
  readonly arrivedMs: number;
}

/** An operator said that this device, before its log-in, was not this user. */
export interface Parted {
  readonly anonymousId: string;
  readonly userId: string;
  readonly atMs: number;
}

/** All that is known to have happened, in the order of arrival. */
export interface Facts {
  readonly sent: readonly Sent[];
  readonly parted: readonly Parted[];
}

export interface WhoAsked {
  readonly userId?: string;
  readonly anonymousId?: string;
}

export const ABANDONED_MS = 3_000;
export const LOOKING_MS = 5_000;
export const ENGAGED_MS = 2_000;
export const COOLING_MS = 1_000;
const WEEK_MS = 7 * 86_400_000;
const QUARTER_MS = 90 * 86_400_000;

/** `user:ID`, or `device:ID#N` for what was done anonymously on it between two log-ins and belongs to nobody yet. */
export type PersonName = string;

/** The person that an identity stands for at a moment; a device stands for whoever used it last. */
export function personAt(facts: Facts, who: WhoAsked, tMs: number): PersonName {
  if (who.userId !== undefined) return `user:${who.userId}`;
  const spells = spellsOf(facts, who.anonymousId as string, tMs);
  return nameOf(facts, who.anonymousId as string, spells.length - 1, spells, tMs);
}

/** The events of every person at a moment, repeated messages left out. */
export function peopleAt(facts: Facts, tMs: number): ReadonlyMap<PersonName, readonly Sent[]> {
  const people = new Map<PersonName, Sent[]>();
  const seen = new Set<string>();
  for (const one of facts.sent) {
    if (one.arrivedMs > tMs) continue;
    const sender = one.anonymousId === undefined ? `user ${one.userId as string}` : `device ${one.anonymousId}`;
    if (seen.has(`${sender} ${one.messageId}`)) continue;
    seen.add(`${sender} ${one.messageId}`);
    const person = ownerOf(facts, one, tMs);
    people.set(person, [...(people.get(person) ?? []), one]);
  }
  return people;
}

export function segmentsAt(facts: Facts, person: PersonName, tMs: number): readonly string[] {
  const events = peopleAt(facts, tMs).get(person) ?? [];
  return Object.keys(CONDITIONS)
    .filter((segment) => (segment === 'engaged' ? isEngaged(events, tMs) : holds(segment, events, tMs)))
    .sort();
}

/** Since when a person has been in a segment without a break; undefined for who is not in it. */
export function memberSince(facts: Facts, person: PersonName, segment: string, tMs: number): number | undefined {
  const events = peopleAt(facts, tMs).get(person) ?? [];
  const member = (at: number): boolean => (segment === 'engaged' ? isEngaged(events, at) : holds(segment, events, at));
  if (!member(tMs)) return undefined;
  let since = tMs;
  for (const at of moments(events, tMs).reverse()) {
    if (!member(at)) return since;
    since = at;
  }
  return since;
}

/** When a person last left a segment by t; undefined for who is in it or never was. */
export function leftAt(facts: Facts, person: PersonName, segment: string, tMs: number): number | undefined {
  const events = peopleAt(facts, tMs).get(person) ?? [];
  const member = (at: number): boolean => (segment === 'engaged' ? isEngaged(events, at) : holds(segment, events, at));
  let next: number | undefined;
  for (const at of [...moments(events, tMs), tMs].reverse()) {
    if (member(at)) return next;
    next = at;
  }
  return undefined;
}

export interface NaiveFeatures {
  readonly 'revenue-90d': number;
  readonly views: number;
  readonly 'last-product': unknown;
}

export function featuresAt(facts: Facts, person: PersonName, tMs: number): NaiveFeatures {
  const events = peopleAt(facts, tMs).get(person) ?? [];
  const views = named(events, 'Product Viewed', tMs).sort(byTime);
  return { 'revenue-90d': spent(events, tMs), views: views.length, 'last-product': views.at(-1)?.properties?.['name'] ?? null };
}

const CONDITIONS: Readonly<Record<string, (events: readonly Sent[], tMs: number) => boolean>> = {
  'big-spenders': (events, tMs) => spent(events, tMs) >= 100,
  engaged: (events, tMs) => within(named(events, 'Product Viewed', tMs), ENGAGED_MS, tMs).length >= 2,
  'forgotten-cart': (events, tMs) => {
    const orders = named(events, 'Order Completed', tMs);
    if (within(orders, WEEK_MS, tMs).length > 0) return false;
    return within(named(events, 'Product Added', tMs), WEEK_MS, tMs).some(
      ({ atMs }) => atMs + ABANDONED_MS <= tMs && !orders.some((order) => order.atMs >= atMs && order.atMs < atMs + ABANDONED_MS),
    );
  },
  'frequent-viewers': (events, tMs) => within(named(events, 'Product Viewed', tMs), LOOKING_MS, tMs).length >= 3,
  'newsletter-readers': (events, tMs) => trait(events, 'newsletter', tMs) === true,
  'newsletter-vips': (events, tMs) => trait(events, 'newsletter', tMs) === true && trait(events, 'tier', tMs) === 'gold',
  vip: (events, tMs) => trait(events, 'tier', tMs) === 'gold',
};

function holds(segment: string, events: readonly Sent[], tMs: number): boolean {
  return (
    CONDITIONS[segment]?.(
      events.filter(({ arrivedMs }) => arrivedMs <= tMs),
      tMs,
    ) ?? false
  );
}

/** Stays a second longer than the condition holds: it held at some moment of (t - 1 s, t]. */
function isEngaged(events: readonly Sent[], tMs: number): boolean {
  const from = tMs - COOLING_MS;
  return [from + 1, tMs, ...moments(events, tMs).filter((at) => at > from)].some((at) => holds('engaged', events, at));
}

/** The moments up to t at which an answer can change. */
function moments(events: readonly Sent[], tMs: number): number[] {
  const delays = [0, ABANDONED_MS, LOOKING_MS, ENGAGED_MS, ENGAGED_MS + COOLING_MS];
  const all = events.flatMap(({ atMs, arrivedMs }) => [
    arrivedMs,
    arrivedMs + COOLING_MS,
    ...delays.map((delay) => atMs + delay),
  ]);
  return [...new Set(all)].filter((at) => at <= tMs).sort((x, y) => x - y);
}

function named(events: readonly Sent[], name: string, tMs: number): Sent[] {
  return events.filter(({ event, atMs }) => event === name && atMs <= tMs);
}

function within(events: readonly Sent[], windowMs: number, tMs: number): Sent[] {
  return events.filter(({ atMs }) => atMs > tMs - windowMs);
}

/** In cents, so that the sum is exact. */
function spent(events: readonly Sent[], tMs: number): number {
  const orders = within(named(events, 'Order Completed', tMs), QUARTER_MS, tMs);
  return orders.reduce((cents, { properties }) => cents + Math.round(Number(properties?.['revenue'] ?? 0) * 100), 0) / 100;
}

function trait(events: readonly Sent[], name: string, tMs: number): unknown {
  const told = events.filter(({ type, traits, atMs }) => type === 'identify' && traits?.[name] !== undefined && atMs <= tMs);
  return told.sort(byTime).at(-1)?.traits?.[name];
}

function byTime(x: Sent, y: Sent): number {
  return x.atMs - y.atMs || (x.messageId < y.messageId ? -1 : 1);
}

/** What happened on a device between two log-ins of different people. */
interface NaiveSpell {
  readonly startMs: number;
  user: string | undefined;
}

function ownerOf(facts: Facts, one: Sent, tMs: number): PersonName {
  if (one.userId !== undefined) return `user:${one.userId}`;
  const device = one.anonymousId as string;
  const spells = spellsOf(facts, device, tMs);
  let index = 0;
  for (const [i, spell] of spellsOf(facts, device, tMs, one).entries()) if (i === 0 || spell.startMs <= one.atMs) index = i;
  return nameOf(facts, device, index, spells, tMs);
}

/** Anonymous doings are those of the first who logged in after them, unless someone has said otherwise. */
function nameOf(facts: Facts, device: string, index: number, spells: readonly NaiveSpell[], tMs: number): PersonName {
  const user = spells[index]?.user;
  const parted = facts.parted.some((one) => one.atMs <= tMs && one.anonymousId === device && one.userId === user);
  return user === undefined || parted ? `device:${device}#${String(Math.max(index, 0))}` : `user:${user}`;
}

/** The spells of a device as they were known at a moment, or when one of its events arrived. */
function spellsOf(facts: Facts, device: string, tMs: number, upTo?: Sent): readonly NaiveSpell[] {
  const spells: NaiveSpell[] = [];
  for (const one of facts.sent) {
    if (one.anonymousId !== device || one.arrivedMs > tMs) continue;
    const present = spells.at(-1);
    if (!present) spells.push({ startMs: one.atMs, user: one.userId });
    else if (one.userId !== undefined) logIn(spells, one.userId, one.atMs);
    if (one === upTo) break;
  }
  return spells;
}

function logIn(spells: NaiveSpell[], user: string, atMs: number): void {
  let index = spells.length - 1;
  while (index > 0 && (spells[index] as NaiveSpell).startMs > atMs) index -= 1;
  const spell = spells[index] as NaiveSpell;
  spell.user ??= user;
  const late = index < spells.length - 1 || atMs < spell.startMs;
  if (spell.user !== user && !late) spells.push({ startMs: atMs, user });
}
