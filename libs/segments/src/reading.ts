// What FeatureService and SegmentService answer from a profile's document.
// R1 Pure: the same document, set and moment give the same answer. Nothing is written; only what is derived is derived.
// R2 Memberships are those that were told. `explain` evaluates the condition at `nowMs` and says how stability and the policy for
//    unknown lead from its verdict to the membership.
import { answersOf } from '@tessera/consent';
import type { Explanation, FeatureValue, Membership } from '@tessera/contracts';
import { compilePath } from '@tessera/features';
import { formatDuration, formatInstant } from '@tessera/time';
import type { CompiledSegment, CompiledSet } from './compiled.js';
import { pathAt, pathDueMs, wanted, type PathState } from './membership.js';
import { consentOf, DocumentView, materialize, traitsOf } from './merge-view.js';
import { align, membersOf, type ProfileDocument } from './profile-document.js';
import { readFeature } from './publication.js';
import { indexOf, type SetIndex } from './set-index.js';

/** Present memberships, by name. */
export function readMemberships(document: ProfileDocument): readonly Membership[] {
  const pending = document.pending !== undefined;
  return membersOf(document).map(({ segment, enteredAtMs }) => ({ segment, enteredAt: formatInstant(enteredAtMs), pending }));
}

/** Values of Feature documents by name; no names means all. A name that no document has is NOT_FOUND. */
export function readFeatures(
  document: ProfileDocument,
  compiled: CompiledSet,
  names: readonly string[],
): readonly FeatureValue[] {
  const index = indexOf(compiled);
  const asked = names.length > 0 ? names : index.features.map(({ name }) => name);
  return asked.map((name) => {
    const feature = index.features.find((each) => each.name === name);
    if (feature === undefined) return { name, status: 'NOT_FOUND', value: undefined, exactness: 'EXACT', nextChange: undefined };
    const { value, approximate, nextChangeMs } = readFeature(prepared(document, index), index, feature);
    return {
      name,
      status: value === undefined ? 'NULL_VALUE' : 'PRESENT',
      value,
      exactness: approximate ? 'APPROXIMATE' : 'EXACT',
      nextChange: instantOrNone(nextChangeMs),
    };
  });
}

/** Traits by path; no paths means all. Paths that lead nowhere are left out. */
export function readTraits(
  document: ProfileDocument,
  compiled: CompiledSet,
  paths: readonly string[],
): { readonly [path: string]: unknown } {
  const all = Object.fromEntries(
    [...(traitsOf(prepared(document, indexOf(compiled))) ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { value }]) => [name, value as unknown]),
  );
  if (paths.length === 0) return all;
  return Object.fromEntries(
    paths.map((path) => [path, compilePath(path)(all)] as const).filter(([, value]) => value !== undefined),
  );
}

/** The latest explicit choice by purpose. */
export function readConsent(document: ProfileDocument, compiled: CompiledSet): { [purpose: string]: boolean } {
  return answersOf(consentOf(prepared(document, indexOf(compiled))));
}

/** Why a profile is, or is not, in a segment. */
export interface SegmentReading {
  readonly member: boolean;
  /** true, false or unknown: the condition before stability and the policy for unknown. */
  readonly verdict: string;
  readonly explanation: Explanation;
  readonly sentence: string;
  readonly enteredAt: string | undefined;
  /** Next moment at which the answer can change without an event. */
  readonly nextChange: string | undefined;
  readonly pending: boolean;
}

/** undefined where the set has no such segment. */
export function readSegment(
  document: ProfileDocument,
  compiled: CompiledSet,
  segmentName: string,
  nowMs: number,
): SegmentReading | undefined {
  const index = indexOf(compiled);
  const place = index.byName.get(segmentName) ?? -1;
  const segment = index.segments[place];
  if (segment === undefined) return undefined;
  const view = new DocumentView();
  view.document = prepared(document, index);
  view.index = index;
  const evaluation = segment.evaluate(view, nowMs);
  const path = pathAt(document, place);
  const verdict = evaluation.verdict === undefined ? 'unknown' : String(evaluation.verdict);
  return {
    member: path.member,
    verdict,
    explanation: segment.explain(view, nowMs),
    sentence: [
      segment.sentence(view, nowMs, path.member),
      ...stabilityInWords(segment, path, wanted(evaluation.verdict, segment.unknown), verdict),
    ].join(' '),
    enteredAt: path.member ? formatInstant(path.enteredAtMs) : undefined,
    nextChange: instantOrNone(Math.min(path.deadlineMs, evaluation.nextChangeMs, expiryOf(segment, view))),
    pending: document.pending !== undefined,
  };
}

/** The document beside the set's slots and segments, with its merge. */
function prepared(document: ProfileDocument, index: SetIndex): ProfileDocument {
  if (document.names !== index.names) align(document, index);
  materialize(document, index);
  return document;
}

function stabilityInWords(segment: CompiledSegment, path: PathState, member: boolean, verdict: string): string[] {
  const words: string[] = [];
  if (verdict === 'unknown')
    words.push(`An unknown answer counts as ${segment.unknown === 'include' ? 'membership' : 'no membership'} here.`);
  const { sinceMs, deadlineMs } = path;
  if (deadlineMs === Infinity || member === path.member) return words;
  const since = formatInstant(sinceMs);
  const at = formatInstant(deadlineMs);
  const duration = formatDuration(deadlineMs - sinceMs);
  words.push(
    member
      ? `The condition has held since ${since}; the membership begins at ${at} if it holds for ${duration}.`
      : `The condition has not held since ${since}; the membership ends at ${at} if that lasts for ${duration}.`,
  );
  return words;
}

/** Nearest moment at which a partial that the segment reads, itself or through other segments, changes by time alone. */
function expiryOf(segment: CompiledSegment, view: DocumentView): number {
  const { document, index } = view;
  let next = Infinity;
  for (const slotId of segment.slots) next = Math.min(next, view.partial(slotId)?.u ?? Infinity);
  for (const name of segment.segments) {
    const place = index.byName.get(name) ?? -1;
    const other = index.segments[place];
    if (other !== undefined) next = Math.min(next, pathDueMs(pathAt(document, place)), expiryOf(other, view));
  }
  return next;
}

function instantOrNone(ms: number): string | undefined {
  return ms === Infinity ? undefined : formatInstant(ms);
}
