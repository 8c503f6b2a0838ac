// From a parsed call to the record of the log `events`: the one place that knows the fields of the tracking API.
// K1 Pure: equal calls, arrivals and rules give equal records. (A missing message id is drawn by the caller's `nextId`.)
// K2 Only what the record needs is kept: sentAt, writeKey, channel, _metadata and unknown fields of the envelope are dropped.
// K3 A field of the wrong type refuses the event with its name; null counts as absent.
// K4 alias(previousId, userId): the previous id takes the place of the anonymous id, so that the spell of that device links to the
//    user; one that is an e-mail address counts as an e-mail. Two user ids are not joined by it: they are two people.
import { consentOfContext } from '@tessera/consent';
import type { TrackedRecord } from '@tessera/contracts';
import { hash53 } from '@tessera/hash';
import { resolveIdentities } from '@tessera/identity';
import type { CompiledIdentityRules, ResolvedIdentities } from '@tessera/identity';
import { eventTime } from './event-time.js';
import type { ArrivalTimes } from './event-time.js';
import { ID_LENGTH_MAX } from './limits.js';
import type { JsonObject, ParsedCall } from './parse-call.js';
import { describe, Refusal } from './refusal.js';

export type CallType = 'track' | 'identify' | 'page' | 'screen' | 'group' | 'alias';

const CALL_TYPES: ReadonlySet<unknown> = new Set<CallType>(['track', 'identify', 'page', 'screen', 'group', 'alias']);

/** What one request says about all its events. */
export interface Arrival extends ArrivalTimes {
  readonly workspace: string;
  readonly source: string;
  readonly rules: CompiledIdentityRules;
  /** Of the batch; an event's own members win. */
  readonly context: JsonObject | undefined;
  readonly integrations: JsonObject | undefined;
  /** A message id for an event that has none. */
  nextId(): string;
}

/** `type` is the call of the endpoint; undefined in a batch, where each event names its own. */
export function toTracked(call: ParsedCall, type: CallType | undefined, arrival: Arrival): TrackedRecord | Refusal {
  const kind = type ?? call['type'];
  if (!isCallType(kind)) return unknownType(kind);
  const fault = faultOfType(call) ?? faultOfKind(call, kind);
  if (fault !== undefined) return fault;
  const timeMs = eventTime(call, arrival);
  if (typeof timeMs !== 'number') return timeMs;
  const messageId = messageIdOf(call['messageId'], arrival);
  if (typeof messageId !== 'string') return messageId;
  const context = contextOf(call, arrival);
  const properties = propertiesOf(call, kind);
  const traits = objectOf(call['traits']);
  const who = whoIs(call, kind, { properties, traits, context }, arrival.rules);
  if (who.sender === undefined) return nobody(who);
  return {
    kind: 'tracked',
    workspace: arrival.workspace,
    sender: who.sender,
    messageId,
    messageHash: hash53(messageId),
    type: kind,
    event: textOf(kind === 'track' ? call['event'] : kind === 'page' || kind === 'screen' ? call['name'] : undefined),
    userId: who.userId,
    anonymousId: who.anonymousId,
    identities: who.identities,
    timeMs,
    receivedMs: arrival.receivedMs,
    properties,
    traits,
    context,
    groupId: textOf(call['groupId']),
    previousId: textOf(call['previousId']),
    consent: context?.['consent'] === undefined ? undefined : consentOfContext(context),
    source: arrival.source,
  };
}

function isCallType(value: unknown): value is CallType {
  return CALL_TYPES.has(value);
}

function unknownType(found: unknown): Refusal {
  const name = typeof found === 'string' ? `"${found.slice(0, 40)}"` : describe(found ?? 'nothing');
  return new Refusal('unknown-type', 'type', `Found ${name}; allowed are ${[...CALL_TYPES].join(', ')}.`);
}

/** Wrong types, whatever the call. */
function faultOfType(call: JsonObject): Refusal | undefined {
  return (
    notAnObject(call, 'properties') ??
    notAnObject(call, 'traits') ??
    notAnObject(call, 'context') ??
    notAnObject(call, 'integrations') ??
    notAnId(call, 'groupId') ??
    notAnId(call, 'previousId')
  );
}

/** What a call cannot be without. */
function faultOfKind(call: JsonObject, kind: CallType): Refusal | undefined {
  switch (kind) {
    case 'track':
      return missing(call, 'event', 'A track call names its event.');
    case 'group':
      return missing(call, 'groupId', 'A group call names its group.');
    case 'alias':
      return (
        missing(call, 'userId', 'An alias call names the user.') ??
        missing(call, 'previousId', 'An alias call names the previous id.')
      );
    default:
      return undefined;
  }
}

function missing(call: JsonObject, field: string, detail: string): Refusal | undefined {
  return textOf(call[field]) === undefined
    ? new Refusal('invalid-field', field, `${detail} Found ${describe(call[field])}.`)
    : undefined;
}

function notAnObject(call: JsonObject, field: string): Refusal | undefined {
  const value = call[field];
  if (value === undefined || (typeof value === 'object' && !Array.isArray(value))) return undefined;
  return new Refusal('invalid-field', field, `An object is needed; found ${describe(value)}.`);
}

function notAnId(call: JsonObject, field: string): Refusal | undefined {
  const value = call[field];
  if (value === undefined || value === null) return undefined;
  const text = textOf(value) ?? '';
  if ((typeof value === 'string' || Number.isSafeInteger(value)) && text.length <= ID_LENGTH_MAX && isStorable(text))
    return undefined;
  return new Refusal(
    'invalid-field',
    field,
    `A text of at most ${String(ID_LENGTH_MAX)} characters is needed; found ${describe(value)}.`,
  );
}

/** As it came, because duplicates are told by it; a number is its decimal text, a blank or missing one is replaced. */
function messageIdOf(value: unknown, arrival: Arrival): string | Refusal {
  if (value === undefined || value === null) return arrival.nextId();
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text.length > ID_LENGTH_MAX || !isStorable(text)) {
    const found = typeof text === 'string' ? `${String(text.length)} characters` : describe(value);
    return new Refusal(
      'invalid-field',
      'messageId',
      `A text of at most ${String(ID_LENGTH_MAX)} characters is needed; found ${found}.`,
    );
  }
  return text.trim() === '' ? arrival.nextId() : text;
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

/** Text that says something, or the decimal text of a number; else undefined. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' || value.trim() === '' ? undefined : value;
  return typeof value === 'number' ? String(value) : undefined;
}

function objectOf(value: unknown): JsonObject | undefined {
  return (value as JsonObject | null | undefined) ?? undefined;
}

/** Destinations that a call selects are kept as `context.integrations`; most calls select none. */
function contextOf(call: JsonObject, arrival: Arrival): JsonObject | undefined {
  const context = merged(arrival.context, objectOf(call['context']));
  const integrations = merged(arrival.integrations, objectOf(call['integrations']));
  return integrations === undefined || isEmpty(integrations) ? context : { ...context, integrations };
}

function merged(shared: JsonObject | undefined, own: JsonObject | undefined): JsonObject | undefined {
  if (shared === undefined) return own;
  return own === undefined ? shared : { ...shared, ...own };
}

function isEmpty(value: JsonObject): boolean {
  for (const _ in value) return false;
  return true;
}

/** Clients of the HTTP API put a page's category beside its properties, the browser client into them: one place for both. */
function propertiesOf(call: JsonObject, kind: CallType): JsonObject | undefined {
  const properties = objectOf(call['properties']);
  const category = kind === 'page' || kind === 'screen' ? textOf(call['category']) : undefined;
  return category === undefined || properties?.['category'] !== undefined ? properties : { ...properties, category };
}

type Parts = Pick<TrackedRecord, 'properties' | 'traits' | 'context'>;

function whoIs(call: JsonObject, kind: CallType, parts: Parts, rules: CompiledIdentityRules): ResolvedIdentities {
  const { properties, traits, context } = parts;
  const userId = call['userId'];
  if (kind !== 'alias')
    return resolveIdentities({ userId, anonymousId: call['anonymousId'], traits, context, properties }, rules);
  const previousId = textOf(call['previousId']);
  return previousId?.includes('@') === true
    ? resolveIdentities({ userId, traits: { ...traits, email: previousId }, context, properties }, rules)
    : resolveIdentities({ userId, anonymousId: previousId, traits, context, properties }, rules);
}

function nobody({ ignored }: ResolvedIdentities): Refusal {
  const [first] = ignored;
  const why =
    first === undefined
      ? 'It has no userId, no anonymousId and no other identifier.'
      : `"${first.field}" is not usable: ${first.reason}.`;
  return new Refusal('missing-identity', first?.field ?? 'userId', `The event names nobody. ${why}`);
}
