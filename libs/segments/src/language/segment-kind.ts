// Kind Segment: `when`, `stability`, `unknown`.
import { readCondition } from './condition.js';
import { readChoice, readDuration, readKeys, type Field } from './field.js';
import type { Condition, Reference, SegmentModel } from './model.js';

export const SEGMENT_KEYS = ['when', 'stability', 'unknown'] as const;
export const STABILITY_KEYS = ['enterAfter', 'exitAfter'] as const;
export const UNKNOWN_POLICIES = ['exclude', 'include'] as const;

export function readSegment(spec: Field): SegmentModel | undefined {
  const fields = readKeys(spec, 'the spec of a Segment', SEGMENT_KEYS, ['when']);
  const whenField = fields?.get('when');
  const when = whenField && readCondition(whenField);
  const stability = readStability(fields?.get('stability'));
  const unknownField = fields?.get('unknown');
  const unknown = unknownField === undefined ? 'exclude' : readChoice(unknownField, '`unknown`', UNKNOWN_POLICIES);
  return when === undefined || stability === undefined || unknown === undefined
    ? undefined
    : { kind: 'Segment', when, stability, unknown };
}

/** Names that a segment reads. */
export function segmentReferences({ when }: SegmentModel): readonly Reference[] {
  return referencesOf(when);
}

function referencesOf(condition: Condition): readonly Reference[] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.children.flatMap(referencesOf);
    case 'not':
      return referencesOf(condition.child);
    case 'feature':
      return [{ kind: 'Feature', name: condition.feature, place: `${condition.place}.feature` }];
    case 'segment':
      return [{ kind: 'Segment', name: condition.segment, place: `${condition.place}.segment` }];
    case 'event':
    case 'sequence':
    case 'trait':
      return [];
  }
}

function readStability(field: Field | undefined): SegmentModel['stability'] | undefined {
  if (field === undefined) return { enterAfterMs: 0, exitAfterMs: 0 };
  const fields = readKeys(field, '`stability`', STABILITY_KEYS);
  const enterAfter = fields?.get('enterAfter');
  const exitAfter = fields?.get('exitAfter');
  const enterAfterMs = enterAfter === undefined ? 0 : readDuration(enterAfter, '`enterAfter`', 0);
  const exitAfterMs = exitAfter === undefined ? 0 : readDuration(exitAfter, '`exitAfter`', 0);
  return fields === undefined || enterAfterMs === undefined || exitAfterMs === undefined
    ? undefined
    : { enterAfterMs, exitAfterMs };
}
