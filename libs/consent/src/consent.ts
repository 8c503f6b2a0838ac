// Consent: what a person has chosen, per purpose.
// C1 The answer for a purpose is its latest explicit choice by event time; refusal on ties. So a merge is commutative,
//    associative and idempotent: fragments may be merged in any order, and taken apart again.
// C2 Absence of a choice is no choice: it is neither consent nor refusal here (a policy decides what it means).
// C3 A state holds at most 256 purposes: those with the least names, which keeps C1 true above the bound too.
import type { Reader, Writer } from '@tessera/codec';
import type { ConsentChoice, ConsentChoices, TrackedRecord } from '@tessera/contracts';

const PURPOSES_MAX = 256;
const PURPOSE_LENGTH_MAX = 128;

/** Choice by purpose. */
export type Consent = Map<string, ConsentChoice>;

/** Segment's `context.consent.categoryPreferences`: what ingestion writes into the record. Anything but true and false is no choice. */
export function consentOfContext(context: unknown): ConsentChoices | undefined {
  const preferences = fieldOf(fieldOf(context, 'consent'), 'categoryPreferences');
  if (typeof preferences !== 'object' || preferences === null) return undefined;
  const choices = Object.entries(preferences).filter(
    ([purpose, granted]) => typeof granted === 'boolean' && purpose.length > 0 && purpose.length <= PURPOSE_LENGTH_MAX,
  );
  choices.sort(([a], [b]) => (a < b ? -1 : 1));
  return choices.length === 0 ? undefined : { purposes: Object.fromEntries(choices.slice(0, PURPOSES_MAX)) };
}

/** The choices that came with an event, made at its own time; undefined where there are none. */
export function choicesOf(event: TrackedRecord, ownTimeMs: number): Consent | undefined {
  if (event.consent === undefined) return undefined;
  const consent: Consent = new Map();
  for (const purpose of Object.keys(event.consent.purposes)) {
    choose(consent, purpose, { granted: event.consent.purposes[purpose] === true, timeMs: ownTimeMs });
  }
  return consent.size === 0 ? undefined : consent;
}

/** Adds choices in place; returns the purposes whose choice changed (absolute values are in `consent`). */
export function addChoices(consent: Consent, choices: ReadonlyMap<string, ConsentChoice>): string[] {
  const changed: string[] = [];
  for (const [purpose, choice] of choices) if (choose(consent, purpose, choice)) changed.push(purpose);
  return changed;
}

/** A new state; the inputs are left alone. */
export function mergeConsent(a: ReadonlyMap<string, ConsentChoice>, b: ReadonlyMap<string, ConsentChoice>): Consent {
  const merged: Consent = new Map(a);
  addChoices(merged, b);
  return merged;
}

/** Purpose to answer, for what is published; sorted by purpose. */
export function answersOf(consent: ReadonlyMap<string, ConsentChoice>): { [purpose: string]: boolean } {
  return Object.fromEntries(purposesOf(consent).map((purpose) => [purpose, consent.get(purpose)?.granted === true]));
}

export function writeConsent(writer: Writer, consent: ReadonlyMap<string, ConsentChoice>): void {
  writer.uint(consent.size);
  for (const purpose of purposesOf(consent)) {
    const choice = consent.get(purpose) as ConsentChoice;
    writer.string(purpose);
    writer.bool(choice.granted);
    writer.int(choice.timeMs);
  }
}

export function readConsent(reader: Reader): Consent {
  const consent: Consent = new Map();
  for (let left = reader.uint(); left > 0; left--) {
    consent.set(reader.string(), { granted: reader.bool(), timeMs: reader.int() });
  }
  return consent;
}

function choose(consent: Consent, purpose: string, choice: ConsentChoice): boolean {
  const present = consent.get(purpose);
  if (present !== undefined && !supersedes(choice, present)) return false;
  consent.set(purpose, choice);
  if (consent.size <= PURPOSES_MAX) return true;
  const greatest = purposesOf(consent).at(-1) as string;
  consent.delete(greatest);
  return greatest !== purpose;
}

function supersedes(choice: ConsentChoice, present: ConsentChoice): boolean {
  return choice.timeMs === present.timeMs ? present.granted && !choice.granted : choice.timeMs > present.timeMs;
}

function purposesOf(consent: ReadonlyMap<string, ConsentChoice>): string[] {
  return [...consent.keys()].sort();
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field)
    ? (value as Record<string, unknown>)[field]
    : undefined;
}
