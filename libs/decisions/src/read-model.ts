// The read model of decisions: one stage per source topic, joined when a person is asked for (person.ts).
// R1 `decisions.assignments`: the present profile of an identity, key workspace/identity/namespace:value.
// R2 `decisions.memberships`: one document per profile and segment, key workspace/profile/id/segment: a slot's rules name
//    their segments, so a person is read by points and a person in a thousand segments costs no more than one in three.
// R3 `decisions.features`: published features and traits of a profile, key workspace/profile/id.
// R4 Timestamps are kept as milliseconds; a text that is none counts as absent, it is never a reason to lose the record.
import type { Reader, Writer } from '@tessera/codec';
import type { IdentityAssignedRecord, ProfileFeaturesRecord, SegmentMembershipRecord } from '@tessera/contracts';
import type { Stage } from '@tessera/runtime';
import { parseInstant } from '@tessera/time';
import { type Versioned, versionedStage } from './versioned-stage.js';

export interface Assignment {
  readonly profile: string;
}

export interface Membership {
  /** When the person entered; undefined where the record does not say. */
  readonly enteredAtMs: number | undefined;
  readonly sequence: number;
  /** The moment of entry is being folded again after an un-merge. */
  readonly pending: boolean;
}

export interface PublishedFeatures {
  readonly asOfMs: number | undefined;
  readonly features: Readonly<Record<string, unknown>>;
  readonly traits: Readonly<Record<string, unknown>>;
  readonly approximate: readonly string[];
  readonly consent: Readonly<Record<string, boolean>>;
}

export type AssignmentDocument = Versioned<Assignment>;
export type MembershipDocument = Versioned<Membership>;
export type FeaturesDocument = Versioned<PublishedFeatures>;

export const assignmentsStage: Stage<AssignmentDocument, unknown, null> = versionedStage<IdentityAssignedRecord, Assignment>({
  name: 'decisions.assignments',
  input: 'identity-assignments',
  kind: 'identityAssigned',
  contentOf: (value) => ({ profile: value.profile }),
  write: (writer, content) => writer.string(content.profile),
  read: (reader) => ({ profile: reader.string() }),
});

export const membershipsStage: Stage<MembershipDocument, unknown, null> = versionedStage<SegmentMembershipRecord, Membership>({
  name: 'decisions.memberships',
  input: 'segment-memberships',
  kind: 'segmentMembership',
  contentOf: (value) => ({ enteredAtMs: instant(value.enteredAt), sequence: value.sequence, pending: value.pending }),
  write: (writer, content) => {
    writeInstant(writer, content.enteredAtMs);
    writer.uint(content.sequence);
    writer.bool(content.pending);
  },
  read: (reader) => ({ enteredAtMs: readInstant(reader), sequence: reader.uint(), pending: reader.bool() }),
});

export const featuresStage: Stage<FeaturesDocument, unknown, null> = versionedStage<ProfileFeaturesRecord, PublishedFeatures>({
  name: 'decisions.features',
  input: 'profile-features',
  kind: 'profileFeatures',
  contentOf: (value) => ({
    asOfMs: instant(value.asOf),
    features: value.features ?? {},
    traits: value.traits ?? {},
    approximate: [...value.approximate].sort(),
    consent: value.consent,
  }),
  write: (writer, content) => {
    writeInstant(writer, content.asOfMs);
    writer.json(content.features);
    writer.json(content.traits);
    writer.json(content.approximate);
    writer.json(content.consent);
  },
  read: (reader) => ({
    asOfMs: readInstant(reader),
    features: reader.json() as Record<string, unknown>,
    traits: reader.json() as Record<string, unknown>,
    approximate: reader.json() as string[],
    consent: reader.json() as Record<string, boolean>,
  }),
});

/** All stages of the read model, for wiring. */
export const READ_MODEL_STAGES = [assignmentsStage, membershipsStage, featuresStage] as const;

function instant(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseInstant(text);
}

function writeInstant(writer: Writer, ms: number | undefined): void {
  writer.time(ms ?? Infinity);
}

function readInstant(reader: Reader): number | undefined {
  const ms = reader.time();
  return ms === Infinity ? undefined : ms;
}
