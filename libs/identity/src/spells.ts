// Spells: to whom the events of one sender belong. Identity and features both run `placeEvent` over the same records.
// P1 A pure function of the sequence of tracked records of a sender, duplicates included, with their own and log times: whoever
//    runs it over the same records gets the same fragments.
// P2 An event with a user id belongs to the fragment of that user, whatever the device; an anonymous one to its spell.
// P3 A spell has at most one user. A user id that is not the spell's cuts a new spell, in log order, only at the head: an event
//    whose own time lies before the current spell never cuts one.
// P4 Spells of the last seven days of log time are known (the last 1,000 of them); spell 0 reaches back for ever while it is
//    known. An anonymous event from before all known spells has no owner: it is late.
// P5 A sender that is not a device is one identity: it has spell 0 for ever, without a user of its own.
import type { Reader, Writer } from '@tessera/codec';
import type { TrackedRecord } from '@tessera/contracts';

const DEVICE_PREFIX = 'anonymous_id:';
const USER_PREFIX = 'user:';
const KNOWN_FOR_MS = 7 * 86_400_000;
/** A kiosk with more log-ins a week than this refuses the older late events. */
const KNOWN_SPELLS_MAX = 1_000;
/** Placement.spell of an event with a user id from before all known spells. */
export const UNKNOWN_SPELL = -1;

export interface Placement {
  /** `spell:N` or `user:ID`. */
  readonly fragment: string;
  /** Spell in which the event lies; UNKNOWN_SPELL when that is forgotten. */
  readonly spell: number;
  /** The fragment's person is the spell's: true for anonymous events and for the spell's own user. */
  readonly ofSpell: boolean;
  readonly startedSpell: boolean;
  /** The spell got its first user by this event. */
  readonly linkedUser?: string;
}

interface Spell {
  readonly number: number;
  /** Own time of the event that started it; the spell ends where the next one starts. */
  readonly startMs: number;
  user: string | undefined;
  // Answers that repeat, kept to spare the allocation; no part of the state.
  readonly anonymous: Placement;
  lastUser: string | undefined;
  lastUserPlacement: Placement | undefined;
}

/** The known spells of one sender, oldest first; the last is the current one. */
export interface Spells {
  readonly known: Spell[];
}

export function createSpells(): Spells {
  return { known: [] };
}

/** Mutates `spells`. Undefined: the event is late, its spell is no longer known. */
export function placeEvent(spells: Spells, event: TrackedRecord, ownTimeMs: number, logTimeMs: number): Placement | undefined {
  const known = spells.known;
  const userId = event.userId;
  const device = isDevice(event.sender);
  if (known.length === 0) return startSpell(spells, 0, device ? userId : undefined, userId, ownTimeMs);
  const current = known[known.length - 1] as Spell;
  if (!device) return userId === undefined ? current.anonymous : userPlacement(current, userId);

  if (known.length > 1) forgetOld(known, logTimeMs);
  const atHead = ownTimeMs >= current.startMs;
  const spell = atHead ? current : spellAt(known, ownTimeMs);
  if (spell === undefined) {
    return userId === undefined
      ? undefined
      : { fragment: USER_PREFIX + userId, spell: UNKNOWN_SPELL, ofSpell: false, startedSpell: false };
  }
  if (userId === undefined) return spell.anonymous;
  if (spell.user === undefined) {
    spell.user = userId;
    return { fragment: USER_PREFIX + userId, spell: spell.number, ofSpell: true, startedSpell: false, linkedUser: userId };
  }
  if (spell.user !== userId && atHead) return startSpell(spells, spell.number + 1, userId, userId, ownTimeMs);
  return userPlacement(spell, userId);
}

function startSpell(
  spells: Spells,
  number: number,
  user: string | undefined,
  userId: string | undefined,
  startMs: number,
): Placement {
  const spell = spellOf(number, startMs, user);
  spells.known.push(spell);
  if (spells.known.length > KNOWN_SPELLS_MAX) spells.known.shift();
  const fragment = userId === undefined ? spell.anonymous.fragment : USER_PREFIX + userId;
  const ofSpell = user === userId;
  return user === undefined
    ? { fragment, spell: number, ofSpell, startedSpell: true }
    : { fragment, spell: number, ofSpell, startedSpell: true, linkedUser: user };
}

function spellOf(number: number, startMs: number, user: string | undefined): Spell {
  const anonymous = { fragment: `spell:${String(number)}`, spell: number, ofSpell: true, startedSpell: false };
  return { number, startMs, user, anonymous, lastUser: undefined, lastUserPlacement: undefined };
}

function userPlacement(spell: Spell, userId: string): Placement {
  if (spell.lastUser === userId && spell.lastUserPlacement !== undefined) return spell.lastUserPlacement;
  spell.lastUser = userId;
  spell.lastUserPlacement = {
    fragment: USER_PREFIX + userId,
    spell: spell.number,
    ofSpell: spell.user === userId,
    startedSpell: false,
  };
  return spell.lastUserPlacement;
}

function forgetOld(known: Spell[], logTimeMs: number): void {
  let ended = 0;
  while (ended < known.length - 1 && (known[ended + 1] as Spell).startMs < logTimeMs - KNOWN_FOR_MS) ended++;
  if (ended > 0) known.splice(0, ended);
}

/** The spell with startMs <= time < start of the next; spell 0 has no beginning. */
function spellAt(known: readonly Spell[], ownTimeMs: number): Spell | undefined {
  for (let i = known.length - 1; i >= 0; i--) {
    const spell = known[i] as Spell;
    if (spell.startMs <= ownTimeMs || spell.number === 0) return spell;
  }
  return undefined;
}

export function writeSpells(writer: Writer, spells: Spells): void {
  writer.uint(spells.known.length);
  for (const spell of spells.known) {
    writer.uint(spell.number);
    writer.int(spell.startMs);
    writer.optionalString(spell.user);
  }
}

export function readSpells(reader: Reader): Spells {
  const known: Spell[] = [];
  for (let left = reader.uint(); left > 0; left--) known.push(spellOf(reader.uint(), reader.int(), reader.optionalString()));
  return { known };
}

/** A device has spells; every other sender is an identity. */
export function isDevice(sender: string): boolean {
  return sender.startsWith(DEVICE_PREFIX);
}

/** The graph node that answers for a fragment. */
export function nodeOfFragment(sender: string, fragment: string): string {
  if (fragment.startsWith(USER_PREFIX)) return `user_id:${fragment.slice(USER_PREFIX.length)}`;
  return isDevice(sender) ? `${fragment}@${sender}` : sender;
}

/** `sender|fragment`; a bar in a sender is escaped, so that two fragments never share an id. */
export function fragmentId(sender: string, fragment: string): string {
  return `${/[%|]/.test(sender) ? escapeBar(sender) : sender}|${fragment}`;
}

function escapeBar(sender: string): string {
  return sender.replaceAll('%', '%25').replaceAll('|', '%7C');
}
