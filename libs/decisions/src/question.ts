// A request for decisions, checked once at the door: gRPC and HTTP hand in the same JSON mapping of the message.
// Q1 Only a malformed request is refused, with the field, what was found and what is allowed; a slot that does not exist, a
//    person that nobody knows or a template that fails are answers.
// Q2 Fields are read by their JSON name or their proto name; unknown fields are ignored; null and empty text count as absent.
import { IDENTIFIER_LENGTH_MAX } from '@tessera/identity';

export interface Question {
  readonly person: AskedPerson;
  /** In the order asked for; a name may stand twice and is answered twice. */
  readonly slots: readonly string[];
  readonly context: Readonly<Record<string, unknown>>;
  /** Milliseconds from the arrival of the request. */
  readonly deadlineMs: number;
}

export interface AskedPerson {
  readonly profileId: string | undefined;
  readonly userId: string | undefined;
  readonly anonymousId: string | undefined;
  /** Namespace and value, in any order. */
  readonly identities: readonly (readonly [namespace: string, value: string])[];
}

export interface RequestProblem {
  readonly field: string;
  readonly found: string;
  readonly allowed: string;
}

export type ParsedQuestion =
  { readonly kind: 'question'; readonly question: Question } | { readonly kind: 'problem'; readonly problem: RequestProblem };

export const SLOTS_MAX = 50;
export const DEADLINE_MS_DEFAULT = 2_000;
const IDENTITIES_MAX = 20;
const NAME_MAX = 256;
/** As sent: four times what a normalised identifier may have. */
const IDENTIFIER_MAX = 4 * IDENTIFIER_LENGTH_MAX;
const PROFILE_ID_MAX = 128;
const CONTEXT_VALUES_MAX = 5_000;
const CONTEXT_CHARACTERS_MAX = 64 * 1024;
const CONTEXT_DEPTH_MAX = 32;

/** Thrown inside this file only. */
class Malformed extends Error {
  constructor(readonly problem: RequestProblem) {
    super(problem.field);
  }
}

export function parseQuestion(body: unknown): ParsedQuestion {
  try {
    const request = object(body, 'request');
    return {
      kind: 'question',
      question: {
        person: parsePerson(request['person']),
        slots: parseSlots(request['slots']),
        context: parseContext(request['context']),
        deadlineMs: parseDeadline(field(request, 'deadlineMs', 'deadline_ms')),
      },
    };
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'problem', problem: error.problem };
    throw error;
  }
}

/** One sentence for people. */
export function problemText(problem: RequestProblem): string {
  return `${problem.field}: found ${problem.found}, allowed is ${problem.allowed}`;
}

function parsePerson(value: unknown): AskedPerson {
  const person = object(value ?? {}, 'person');
  const identities = object(person['identities'] ?? {}, 'person.identities');
  const parsed = {
    profileId: identifier(field(person, 'profileId', 'profile_id'), 'person.profile_id', PROFILE_ID_MAX),
    userId: identifier(field(person, 'userId', 'user_id'), 'person.user_id'),
    anonymousId: identifier(field(person, 'anonymousId', 'anonymous_id'), 'person.anonymous_id'),
    identities: Object.entries(identities).flatMap(([namespace, text]) => {
      name(namespace, 'a key of person.identities', NAME_MAX);
      const value = identifier(text, `person.identities.${namespace}`);
      return value === undefined ? [] : [[namespace, value] as const];
    }),
  };
  if (parsed.identities.length > IDENTITIES_MAX) {
    throw malformed('person.identities', `${String(parsed.identities.length)} entries`, `at most ${String(IDENTITIES_MAX)}`);
  }
  if ((parsed.profileId ?? parsed.userId ?? parsed.anonymousId) === undefined && parsed.identities.length === 0) {
    throw malformed('person', 'no identifier', 'profile_id, user_id, anonymous_id or an entry of identities');
  }
  return parsed;
}

function parseSlots(value: unknown): readonly string[] {
  const allowed = `a list of 1 to ${String(SLOTS_MAX)} names of Slot definitions`;
  if (!Array.isArray(value)) throw malformed('slots', kindOf(value), allowed);
  if (value.length < 1 || value.length > SLOTS_MAX) throw malformed('slots', `${String(value.length)} names`, allowed);
  return value.map((slot: unknown, i) => name(slot, `slots[${String(i)}]`, NAME_MAX));
}

function parseContext(value: unknown): Readonly<Record<string, unknown>> {
  const context = object(value ?? {}, 'context');
  measure(context, 0, { values: 0, characters: 0 });
  return context;
}

function measure(value: unknown, depth: number, sum: { values: number; characters: number }): void {
  if (typeof value === 'string') sum.characters += value.length;
  if (++sum.values > CONTEXT_VALUES_MAX)
    throw malformed('context', 'more values', `at most ${String(CONTEXT_VALUES_MAX)} values`);
  if (typeof value === 'object' && value !== null) {
    if (depth === CONTEXT_DEPTH_MAX) throw malformed('context', 'deeper nesting', `at most ${String(CONTEXT_DEPTH_MAX)} levels`);
    if (!Array.isArray(value)) for (const key of Object.keys(value)) sum.characters += key.length;
    for (const child of Object.values(value)) measure(child, depth + 1, sum);
  }
  if (sum.characters > CONTEXT_CHARACTERS_MAX) {
    throw malformed('context', 'more text', `at most ${String(CONTEXT_CHARACTERS_MAX)} characters`);
  }
}

function parseDeadline(value: unknown): number {
  if (value === undefined || value === null || value === 0) return DEADLINE_MS_DEFAULT;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0x7fffffff) {
    throw malformed(
      'deadline_ms',
      typeof value === 'number' ? String(value) : kindOf(value),
      'a whole number of milliseconds, or 0 for 2,000',
    );
  }
  return Math.min(value, DEADLINE_MS_DEFAULT);
}

function identifier(value: unknown, place: string, lengthMax = IDENTIFIER_MAX): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : name(value, place, lengthMax);
}

function name(value: unknown, place: string, lengthMax: number): string {
  const allowed = `text of 1 to ${String(lengthMax)} characters`;
  if (typeof value !== 'string') throw malformed(place, kindOf(value), allowed);
  if (value.length < 1 || value.length > lengthMax) throw malformed(place, `${String(value.length)} characters`, allowed);
  // A lone surrogate has no UTF-8 form: two different texts would become one key.
  if (!value.isWellFormed()) throw malformed(place, 'half of a surrogate pair', 'well-formed Unicode text');
  return value;
}

function object(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(place, kindOf(value), 'an object');
  return value as Record<string, unknown>;
}

function field(from: Readonly<Record<string, unknown>>, jsonName: string, protoName: string): unknown {
  return from[jsonName] ?? from[protoName];
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}

function malformed(place: string, found: string, allowed: string): Malformed {
  return new Malformed({ field: place, found, allowed });
}
