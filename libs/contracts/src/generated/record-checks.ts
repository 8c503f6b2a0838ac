// Written by `npm run generate` from proto/ and the table of records. DO NOT EDIT.

/* eslint-disable */
import { flawAt, flawIn, flawInFlags, flawInList, flawInMap, flawInTexts, isFields, isShort, isTime, isWhole, type FlawOf } from '../field-flaws.js';

function flawOfIdentity(it: any): string | undefined {
  if (!(typeof it.namespace === 'string')) return flawAt('namespace', it.namespace, 'a text');
  if (!(typeof it.value === 'string')) return flawAt('value', it.value, 'a text');
  return undefined;
}

function flawOfConsentChoices(it: any): string | undefined {
  let flaw: string | undefined;
  if ((flaw = flawInFlags('purposes', it.purposes)) !== undefined) return flaw;
  return undefined;
}

function flawOfTracked(it: any): string | undefined {
  let flaw: string | undefined;
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.sender === 'string')) return flawAt('sender', it.sender, 'a text');
  if (!(typeof it.messageId === 'string')) return flawAt('messageId', it.messageId, 'a text');
  if (!(isWhole(it.messageHash, 0))) return flawAt('messageHash', it.messageHash, 'a whole number from 0 to 2^53 - 1');
  if (!(typeof it.type === 'string')) return flawAt('type', it.type, 'a text');
  if (it.event !== undefined && !(typeof it.event === 'string')) return flawAt('event', it.event, 'a text');
  if (it.userId !== undefined && !(typeof it.userId === 'string')) return flawAt('userId', it.userId, 'a text');
  if (it.anonymousId !== undefined && !(typeof it.anonymousId === 'string')) return flawAt('anonymousId', it.anonymousId, 'a text');
  if ((flaw = flawInList('identities', it.identities, flawOfIdentity)) !== undefined) return flaw;
  if (!(isTime(it.timeMs))) return flawAt('timeMs', it.timeMs, 'milliseconds since the epoch');
  if (!(isTime(it.receivedMs))) return flawAt('receivedMs', it.receivedMs, 'milliseconds since the epoch');
  if (it.properties !== undefined && !(isFields(it.properties))) return flawAt('properties', it.properties, 'an object');
  if (it.traits !== undefined && !(isFields(it.traits))) return flawAt('traits', it.traits, 'an object');
  if (it.context !== undefined && !(isFields(it.context))) return flawAt('context', it.context, 'an object');
  if (it.groupId !== undefined && !(typeof it.groupId === 'string')) return flawAt('groupId', it.groupId, 'a text');
  if (it.previousId !== undefined && !(typeof it.previousId === 'string')) return flawAt('previousId', it.previousId, 'a text');
  if ((flaw = flawIn('consent', it.consent, flawOfConsentChoices)) !== undefined) return flaw;
  if (!(typeof it.source === 'string')) return flawAt('source', it.source, 'a text');
  return undefined;
}

function flawOfProfileAssigned(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.sender === 'string')) return flawAt('sender', it.sender, 'a text');
  if (!(typeof it.fragment === 'string')) return flawAt('fragment', it.fragment, 'a text');
  if (!(typeof it.profile === 'string')) return flawAt('profile', it.profile, 'a text');
  if (!(typeof it.reason === 'string')) return flawAt('reason', it.reason, 'a text');
  if (!(isWhole(it.generation, 0))) return flawAt('generation', it.generation, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.offset, 0))) return flawAt('offset', it.offset, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.index, 0))) return flawAt('index', it.index, 'a whole number from 0 to 2^53 - 1');
  return undefined;
}

function flawOfBackfilled(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.sender === 'string')) return flawAt('sender', it.sender, 'a text');
  if (!(isWhole(it.set, 0))) return flawAt('set', it.set, 'a whole number from 0 to 2^53 - 1');
  if (!(typeof it.hash === 'string')) return flawAt('hash', it.hash, 'a text');
  if (!(it.state instanceof Uint8Array)) return flawAt('state', it.state, 'bytes as base64');
  return undefined;
}

function flawOfBackfillCompleted(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(isWhole(it.set, 0))) return flawAt('set', it.set, 'a whole number from 0 to 2^53 - 1');
  if (!(typeof it.hash === 'string')) return flawAt('hash', it.hash, 'a text');
  return undefined;
}

function flawOfDefinitionsPublished(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(isWhole(it.set, 0))) return flawAt('set', it.set, 'a whole number from 0 to 2^53 - 1');
  if (!(typeof it.hash === 'string')) return flawAt('hash', it.hash, 'a text');
  if (!(isWhole(it.evaluator, 0))) return flawAt('evaluator', it.evaluator, 'a whole number from 0 to 2^53 - 1');
  return undefined;
}

function flawOfTick(it: any): string | undefined {
  if (!(typeof it.closing === 'boolean')) return flawAt('closing', it.closing, 'true or false');
  if (!(isShort(it.source, -1))) return flawAt('source', it.source, 'a whole number from -1 to 2^31 - 1');
  if (!(isTime(it.effectiveMs))) return flawAt('effectiveMs', it.effectiveMs, 'milliseconds since the epoch');
  return undefined;
}

function flawOfAnnouncedFragment(it: any): string | undefined {
  if (!(typeof it.sender === 'string')) return flawAt('sender', it.sender, 'a text');
  if (!(typeof it.fragment === 'string')) return flawAt('fragment', it.fragment, 'a text');
  if (!(typeof it.node === 'string')) return flawAt('node', it.node, 'a text');
  return undefined;
}

function flawOfLinkObserved(it: any): string | undefined {
  let flaw: string | undefined;
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.a === 'string')) return flawAt('a', it.a, 'a text');
  if (!(typeof it.b === 'string')) return flawAt('b', it.b, 'a text');
  if (!(typeof it.evidence === 'string')) return flawAt('evidence', it.evidence, 'a text');
  if (!(isShort(it.strength, 0))) return flawAt('strength', it.strength, 'a whole number from 0 to 2^31 - 1');
  if (!(isTime(it.timeMs))) return flawAt('timeMs', it.timeMs, 'milliseconds since the epoch');
  if (!(typeof it.messageId === 'string')) return flawAt('messageId', it.messageId, 'a text');
  if ((flaw = flawInList('fragments', it.fragments, flawOfAnnouncedFragment)) !== undefined) return flaw;
  return undefined;
}

function flawOfLinkRevoked(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.a === 'string')) return flawAt('a', it.a, 'a text');
  if (!(typeof it.b === 'string')) return flawAt('b', it.b, 'a text');
  if (!(typeof it.actor === 'string')) return flawAt('actor', it.actor, 'a text');
  if (!(typeof it.note === 'string')) return flawAt('note', it.note, 'a text');
  return undefined;
}

function flawOfLinkRestored(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.a === 'string')) return flawAt('a', it.a, 'a text');
  if (!(typeof it.b === 'string')) return flawAt('b', it.b, 'a text');
  if (!(typeof it.actor === 'string')) return flawAt('actor', it.actor, 'a text');
  if (!(typeof it.note === 'string')) return flawAt('note', it.note, 'a text');
  return undefined;
}

function flawOfTraitValue(it: any): string | undefined {
  // value: any value
  if (!(isTime(it.timeMs))) return flawAt('timeMs', it.timeMs, 'milliseconds since the epoch');
  if (!(typeof it.messageId === 'string')) return flawAt('messageId', it.messageId, 'a text');
  return undefined;
}

function flawOfConsentChoice(it: any): string | undefined {
  if (!(typeof it.granted === 'boolean')) return flawAt('granted', it.granted, 'true or false');
  if (!(isTime(it.timeMs))) return flawAt('timeMs', it.timeMs, 'milliseconds since the epoch');
  return undefined;
}

function flawOfFragmentChanged(it: any): string | undefined {
  let flaw: string | undefined;
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.profile === 'string')) return flawAt('profile', it.profile, 'a text');
  if (!(typeof it.fragment === 'string')) return flawAt('fragment', it.fragment, 'a text');
  if (!(isShort(it.source, 0))) return flawAt('source', it.source, 'a whole number from 0 to 2^31 - 1');
  if (!(isWhole(it.generation, 0))) return flawAt('generation', it.generation, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.offset, 0))) return flawAt('offset', it.offset, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.index, 0))) return flawAt('index', it.index, 'a whole number from 0 to 2^53 - 1');
  if (!(isTime(it.effectiveMs))) return flawAt('effectiveMs', it.effectiveMs, 'milliseconds since the epoch');
  if (!(typeof it.reason === 'string')) return flawAt('reason', it.reason, 'a text');
  if (it.messageId !== undefined && !(typeof it.messageId === 'string')) return flawAt('messageId', it.messageId, 'a text');
  if (!(typeof it.full === 'boolean')) return flawAt('full', it.full, 'true or false');
  if (it.fromProfile !== undefined && !(typeof it.fromProfile === 'string')) return flawAt('fromProfile', it.fromProfile, 'a text');
  if (it.partials !== undefined && !(isFields(it.partials))) return flawAt('partials', it.partials, 'an object');
  if ((flaw = flawInMap('traits', it.traits, flawOfTraitValue)) !== undefined) return flaw;
  if ((flaw = flawInMap('consent', it.consent, flawOfConsentChoice)) !== undefined) return flaw;
  return undefined;
}

function flawOfFragmentDetached(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.profile === 'string')) return flawAt('profile', it.profile, 'a text');
  if (!(typeof it.fragment === 'string')) return flawAt('fragment', it.fragment, 'a text');
  if (!(isShort(it.source, 0))) return flawAt('source', it.source, 'a whole number from 0 to 2^31 - 1');
  if (!(isWhole(it.generation, 0))) return flawAt('generation', it.generation, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.offset, 0))) return flawAt('offset', it.offset, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.index, 0))) return flawAt('index', it.index, 'a whole number from 0 to 2^53 - 1');
  if (!(isTime(it.effectiveMs))) return flawAt('effectiveMs', it.effectiveMs, 'milliseconds since the epoch');
  if (!(typeof it.toProfile === 'string')) return flawAt('toProfile', it.toProfile, 'a text');
  if (!(typeof it.reason === 'string')) return flawAt('reason', it.reason, 'a text');
  return undefined;
}

function flawOfDefinitionsReady(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(isWhole(it.set, 0))) return flawAt('set', it.set, 'a whole number from 0 to 2^53 - 1');
  if (!(typeof it.hash === 'string')) return flawAt('hash', it.hash, 'a text');
  if (!(isShort(it.source, 0))) return flawAt('source', it.source, 'a whole number from 0 to 2^31 - 1');
  if (!(isTime(it.effectiveMs))) return flawAt('effectiveMs', it.effectiveMs, 'milliseconds since the epoch');
  return undefined;
}

function flawOfPathRestored(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.profile === 'string')) return flawAt('profile', it.profile, 'a text');
  if (!(isWhole(it.basis, 0))) return flawAt('basis', it.basis, 'a whole number from 0 to 2^53 - 1');
  if (!(it.path instanceof Uint8Array)) return flawAt('path', it.path, 'bytes as base64');
  return undefined;
}

function flawOfDefinitionStored(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.kindOf === 'string')) return flawAt('kindOf', it.kindOf, 'a text');
  if (!(typeof it.name === 'string')) return flawAt('name', it.name, 'a text');
  if (!(isWhole(it.version, 0))) return flawAt('version', it.version, 'a whole number from 0 to 2^53 - 1');
  if (!(typeof it.hash === 'string')) return flawAt('hash', it.hash, 'a text');
  if (it.document !== undefined && !(isFields(it.document))) return flawAt('document', it.document, 'an object');
  return undefined;
}

function flawOfDefinitionRef(it: any): string | undefined {
  if (!(typeof it.kindOf === 'string')) return flawAt('kindOf', it.kindOf, 'a text');
  if (!(typeof it.name === 'string')) return flawAt('name', it.name, 'a text');
  if (!(isWhole(it.version, 0))) return flawAt('version', it.version, 'a whole number from 0 to 2^53 - 1');
  if (!(typeof it.hash === 'string')) return flawAt('hash', it.hash, 'a text');
  return undefined;
}

function flawOfDefinitionSetApplied(it: any): string | undefined {
  let flaw: string | undefined;
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(isWhole(it.set, 0))) return flawAt('set', it.set, 'a whole number from 0 to 2^53 - 1');
  if (!(typeof it.hash === 'string')) return flawAt('hash', it.hash, 'a text');
  if (!(isWhole(it.evaluator, 0))) return flawAt('evaluator', it.evaluator, 'a whole number from 0 to 2^53 - 1');
  if ((flaw = flawInList('definitions', it.definitions, flawOfDefinitionRef)) !== undefined) return flaw;
  if (!(typeof it.actor === 'string')) return flawAt('actor', it.actor, 'a text');
  if (!(typeof it.note === 'string')) return flawAt('note', it.note, 'a text');
  if (!(isTime(it.appliedMs))) return flawAt('appliedMs', it.appliedMs, 'milliseconds since the epoch');
  return undefined;
}

function flawOfDefinitionsActivated(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(isWhole(it.set, 0))) return flawAt('set', it.set, 'a whole number from 0 to 2^53 - 1');
  if (!(typeof it.hash === 'string')) return flawAt('hash', it.hash, 'a text');
  if (!(isShort(it.partition, 0))) return flawAt('partition', it.partition, 'a whole number from 0 to 2^31 - 1');
  if (!(isTime(it.effectiveMs))) return flawAt('effectiveMs', it.effectiveMs, 'milliseconds since the epoch');
  return undefined;
}

function flawOfCause(it: any): string | undefined {
  if (!(typeof it.topic === 'string')) return flawAt('topic', it.topic, 'a text');
  if (!(isShort(it.partition, 0))) return flawAt('partition', it.partition, 'a whole number from 0 to 2^31 - 1');
  if (!(isWhole(it.offset, 0))) return flawAt('offset', it.offset, 'a whole number from 0 to 2^53 - 1');
  if (it.messageId !== undefined && !(typeof it.messageId === 'string')) return flawAt('messageId', it.messageId, 'a text');
  return undefined;
}

function flawOfSegmentChange(it: any): string | undefined {
  if (!(typeof it.segment === 'string')) return flawAt('segment', it.segment, 'a text');
  if (!(typeof it.kind === 'string')) return flawAt('kind', it.kind, 'a text');
  if (!(typeof it.reason === 'string')) return flawAt('reason', it.reason, 'a text');
  if (it.enteredAt !== undefined && !(typeof it.enteredAt === 'string')) return flawAt('enteredAt', it.enteredAt, 'a time as text');
  if (it.mergedInto !== undefined && !(typeof it.mergedInto === 'string')) return flawAt('mergedInto', it.mergedInto, 'a text');
  if (it.mergedFrom !== undefined && !(typeof it.mergedFrom === 'string')) return flawAt('mergedFrom', it.mergedFrom, 'a text');
  if (!(typeof it.pending === 'boolean')) return flawAt('pending', it.pending, 'true or false');
  return undefined;
}

function flawOfSegmentsChanged(it: any): string | undefined {
  let flaw: string | undefined;
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.profile === 'string')) return flawAt('profile', it.profile, 'a text');
  if (!(isWhole(it.sequence, 0))) return flawAt('sequence', it.sequence, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.generation, 0))) return flawAt('generation', it.generation, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.offset, 0))) return flawAt('offset', it.offset, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.index, 0))) return flawAt('index', it.index, 'a whole number from 0 to 2^53 - 1');
  if (it.effective !== undefined && !(typeof it.effective === 'string')) return flawAt('effective', it.effective, 'a time as text');
  if (it.evaluated !== undefined && !(typeof it.evaluated === 'string')) return flawAt('evaluated', it.evaluated, 'a time as text');
  if ((flaw = flawIn('cause', it.cause, flawOfCause)) !== undefined) return flaw;
  if ((flaw = flawInList('changes', it.changes, flawOfSegmentChange)) !== undefined) return flaw;
  if (!(isWhole(it.definitionSet, 0))) return flawAt('definitionSet', it.definitionSet, 'a whole number from 0 to 2^53 - 1');
  return undefined;
}

function flawOfSegmentMembership(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.profile === 'string')) return flawAt('profile', it.profile, 'a text');
  if (!(typeof it.segment === 'string')) return flawAt('segment', it.segment, 'a text');
  if (it.enteredAt !== undefined && !(typeof it.enteredAt === 'string')) return flawAt('enteredAt', it.enteredAt, 'a time as text');
  if (!(isWhole(it.sequence, 0))) return flawAt('sequence', it.sequence, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.generation, 0))) return flawAt('generation', it.generation, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.offset, 0))) return flawAt('offset', it.offset, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.index, 0))) return flawAt('index', it.index, 'a whole number from 0 to 2^53 - 1');
  if (it.effective !== undefined && !(typeof it.effective === 'string')) return flawAt('effective', it.effective, 'a time as text');
  if (!(typeof it.pending === 'boolean')) return flawAt('pending', it.pending, 'true or false');
  return undefined;
}

function flawOfProfileFeatures(it: any): string | undefined {
  let flaw: string | undefined;
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.profile === 'string')) return flawAt('profile', it.profile, 'a text');
  if (!(isWhole(it.generation, 0))) return flawAt('generation', it.generation, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.offset, 0))) return flawAt('offset', it.offset, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.index, 0))) return flawAt('index', it.index, 'a whole number from 0 to 2^53 - 1');
  if (it.asOf !== undefined && !(typeof it.asOf === 'string')) return flawAt('asOf', it.asOf, 'a time as text');
  if (it.features !== undefined && !(isFields(it.features))) return flawAt('features', it.features, 'an object');
  if (it.traits !== undefined && !(isFields(it.traits))) return flawAt('traits', it.traits, 'an object');
  if ((flaw = flawInTexts('approximate', it.approximate)) !== undefined) return flaw;
  if ((flaw = flawInFlags('consent', it.consent)) !== undefined) return flaw;
  return undefined;
}

function flawOfIdentityAssigned(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.identity === 'string')) return flawAt('identity', it.identity, 'a text');
  if (!(typeof it.profile === 'string')) return flawAt('profile', it.profile, 'a text');
  if (!(isWhole(it.generation, 0))) return flawAt('generation', it.generation, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.offset, 0))) return flawAt('offset', it.offset, 'a whole number from 0 to 2^53 - 1');
  if (!(isWhole(it.index, 0))) return flawAt('index', it.index, 'a whole number from 0 to 2^53 - 1');
  return undefined;
}

function flawOfDecidedSlot(it: any): string | undefined {
  if (!(typeof it.slot === 'string')) return flawAt('slot', it.slot, 'a text');
  if (!(typeof it.status === 'string')) return flawAt('status', it.status, 'a text');
  if (!(typeof it.content === 'string')) return flawAt('content', it.content, 'a text');
  if (!(typeof it.reason === 'string')) return flawAt('reason', it.reason, 'a text');
  return undefined;
}

function flawOfDecisionMade(it: any): string | undefined {
  let flaw: string | undefined;
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.decisionId === 'string')) return flawAt('decisionId', it.decisionId, 'a text');
  if (!(typeof it.profile === 'string')) return flawAt('profile', it.profile, 'a text');
  if (it.decided !== undefined && !(typeof it.decided === 'string')) return flawAt('decided', it.decided, 'a time as text');
  if ((flaw = flawInList('slots', it.slots, flawOfDecidedSlot)) !== undefined) return flaw;
  return undefined;
}

function flawOfDeadLetter(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.reason === 'string')) return flawAt('reason', it.reason, 'a text');
  if (!(typeof it.detail === 'string')) return flawAt('detail', it.detail, 'a text');
  if (!(typeof it.place === 'string')) return flawAt('place', it.place, 'a text');
  if (!(typeof it.topic === 'string')) return flawAt('topic', it.topic, 'a text');
  if (!(isShort(it.partition, -1))) return flawAt('partition', it.partition, 'a whole number from -1 to 2^31 - 1');
  if (!(isWhole(it.offset, -1))) return flawAt('offset', it.offset, 'a whole number from -1 to 2^53 - 1');
  if (it.received !== undefined && !(typeof it.received === 'string')) return flawAt('received', it.received, 'a time as text');
  if (!(it.original instanceof Uint8Array)) return flawAt('original', it.original, 'bytes as base64');
  if (!(typeof it.contentType === 'string')) return flawAt('contentType', it.contentType, 'a text');
  return undefined;
}

function flawOfAuditRecorded(it: any): string | undefined {
  if (!(typeof it.workspace === 'string')) return flawAt('workspace', it.workspace, 'a text');
  if (!(typeof it.actor === 'string')) return flawAt('actor', it.actor, 'a text');
  if (!(typeof it.action === 'string')) return flawAt('action', it.action, 'a text');
  if (!(typeof it.subject === 'string')) return flawAt('subject', it.subject, 'a text');
  if (it.recorded !== undefined && !(typeof it.recorded === 'string')) return flawAt('recorded', it.recorded, 'a time as text');
  if (it.detail !== undefined && !(isFields(it.detail))) return flawAt('detail', it.detail, 'an object');
  return undefined;
}

/** By kind. The value has the form of JSON, but bytes are bytes. */
export const RECORD_CHECKS: { readonly [kind: string]: FlawOf } = {
  tracked: flawOfTracked,
  profileAssigned: flawOfProfileAssigned,
  backfilled: flawOfBackfilled,
  backfillCompleted: flawOfBackfillCompleted,
  definitionsPublished: flawOfDefinitionsPublished,
  tick: flawOfTick,
  linkObserved: flawOfLinkObserved,
  linkRevoked: flawOfLinkRevoked,
  linkRestored: flawOfLinkRestored,
  fragmentChanged: flawOfFragmentChanged,
  fragmentDetached: flawOfFragmentDetached,
  definitionsReady: flawOfDefinitionsReady,
  pathRestored: flawOfPathRestored,
  definitionStored: flawOfDefinitionStored,
  definitionSetApplied: flawOfDefinitionSetApplied,
  definitionsActivated: flawOfDefinitionsActivated,
  segmentsChanged: flawOfSegmentsChanged,
  segmentMembership: flawOfSegmentMembership,
  profileFeatures: flawOfProfileFeatures,
  identityAssigned: flawOfIdentityAssigned,
  decisionMade: flawOfDecisionMade,
  deadLetter: flawOfDeadLetter,
  auditRecorded: flawOfAuditRecorded,
};
