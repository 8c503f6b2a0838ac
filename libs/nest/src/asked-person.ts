// The person that a request names, read once at the door: `tessera.decisions.v1.Person` as proto-loader has it, or its JSON mapping.
// P1 Fields are read by their JSON name or their proto name; null and empty text count as absent; at least one identifier is there.
import type { Person } from '@tessera/contracts';
import { ProblemException } from './problem.js';

const LENGTH_MAX = 4_096;
const IDENTITIES_MAX = 20;

/** @param place of the person in the request, for refusals */
export function personOf(value: unknown, place = 'person'): Person {
  const person = fieldsOf(value, place);
  const one = (jsonName: string, protoName: string): string | undefined =>
    textOf(person[jsonName] ?? person[protoName], `${place}.${protoName}`);
  const identities: Record<string, string> = {};
  for (const [namespace, raw] of Object.entries(fieldsOf(person['identities'], `${place}.identities`))) {
    const text = textOf(raw, `${place}.identities.${namespace}`);
    if (text !== undefined) identities[namespace] = text;
  }
  const count = Object.keys(identities).length;
  if (count > IDENTITIES_MAX)
    throw refused(`${place}.identities`, `${String(count)} entries`, `at most ${String(IDENTITIES_MAX)}`);
  const found: Person = {
    profileId: one('profileId', 'profile_id'),
    userId: one('userId', 'user_id'),
    anonymousId: one('anonymousId', 'anonymous_id'),
    identities,
  };
  if ((found.profileId ?? found.userId ?? found.anonymousId) === undefined && count === 0)
    throw refused(place, 'no identifier', 'profile_id, user_id, anonymous_id or an entry of identities');
  return found;
}

function fieldsOf(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw refused(place, typeof value, 'an object');
  return value as Record<string, unknown>;
}

function textOf(value: unknown, place: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const allowed = `well-formed text of at most ${String(LENGTH_MAX)} characters`;
  if (typeof value !== 'string') throw refused(place, typeof value, allowed);
  if (value.length > LENGTH_MAX || !value.isWellFormed()) throw refused(place, `${String(value.length)} characters`, allowed);
  return value;
}

function refused(field: string, found: string, allowed: string): ProblemException {
  return new ProblemException('invalid-field', {
    detail: `${field}: found ${found}, allowed is ${allowed}.`,
    field,
    found,
    allowed,
    next: 'correct the field and send the request again',
  });
}
