// Reading a sequence: steps in order, of which a `not` step is the absence of an event for a time.
// Q1 A sequence has two steps or more, begins with an event, and every absence says how long it takes.
// Q2 A sequence whose absences take longer than the whole match may is refused: it could never hold.
import { formatDuration } from '@tessera/time';
import { readSelector } from './event.js';
import { readDuration, readKeys, readList, readMapping, refuse, refuseUnknownKeys, type Field, type Fields } from './field.js';
import type { SequenceCondition, Step } from './model.js';

export const SEQUENCE_KEYS = ['sequence', 'within'] as const;
export const STEP_KEYS = ['event', 'where', 'not', 'within'] as const;
/** Steps share one bit mask per event, and a longer sequence has not been seen in any product. */
export const STEPS_MAX = 16;

export function readSequence(field: Field, fields: Fields): SequenceCondition | undefined {
  const list = readList(fields.get('sequence') as Field, '`sequence`');
  const withinField = fields.get('within');
  const windowMs = withinField === undefined ? undefined : readDuration(withinField, '`within` of a sequence', 1);
  if (list === undefined || (withinField !== undefined && windowMs === undefined)) return undefined;
  const owner = fields.get('sequence') as Field;
  if (list.length < 2) {
    return refuse(
      owner,
      'bad-value',
      'a sequence has two steps or more',
      `2 to ${String(STEPS_MAX)} steps`,
      'for one step write the event as a condition of its own',
    );
  }
  if (list.length > STEPS_MAX) {
    return refuse(
      owner,
      'too-large',
      `a sequence has at most ${String(STEPS_MAX)} steps`,
      `2 to ${String(STEPS_MAX)} steps`,
      'split it into several segments',
    );
  }
  const steps = list.map((step, index) => readStep(step, index)).filter((step) => step !== undefined);
  if (steps.length !== list.length) return undefined;
  const absenceMs = steps.reduce((total, step) => total + (step.kind === 'absence' ? (step.withinMs as number) : 0), 0);
  if (windowMs !== undefined && absenceMs >= windowMs) {
    const allowed = `more than ${formatDuration(absenceMs)}`;
    const problem = `the absences take ${formatDuration(absenceMs)}, the whole match must lie in ${formatDuration(windowMs)}`;
    return refuse(
      withinField as Field,
      'contradiction',
      problem,
      allowed,
      `lengthen \`within\` of the sequence, for example ${formatDuration(absenceMs * 2)}`,
    );
  }
  return { kind: 'sequence', place: field.place, steps, ...(windowMs === undefined ? {} : { windowMs }) };
}

function readStep(field: Field, index: number): Step | undefined {
  const fields = readMapping(field, 'a step');
  if (fields === undefined) return undefined;
  refuseUnknownKeys(fields, 'a step', STEP_KEYS);
  if (fields.has('not')) return readAbsence(field, fields, index);
  if (!fields.has('event'))
    return refuse(field, 'missing', 'a step needs `event` or `not`', STEP_KEYS.join(', '), 'add event: NAME');
  const selector = readSelector(fields);
  const within = fields.get('within');
  if (within === undefined) return selector && { kind: 'event', selector };
  if (index === 0) {
    return refuse(
      within,
      'ambiguous',
      'the first step has no step before it',
      'no `within`',
      'move `within` beside `sequence`, or to the second step',
    );
  }
  const withinMs = readDuration(within, '`within` of a step', 1);
  return selector === undefined || withinMs === undefined ? undefined : { kind: 'event', selector, withinMs };
}

function readAbsence(field: Field, fields: Fields, index: number): Step | undefined {
  if (fields.has('event') || fields.has('where')) {
    return refuse(field, 'ambiguous', 'a step is an event or a `not`, never both', 'event or not', 'make two steps of it');
  }
  if (index === 0) {
    return refuse(
      field,
      'ambiguous',
      'a sequence cannot begin with `not`',
      'an event first',
      'put the event that the absence follows first',
    );
  }
  const not = fields.get('not') as Field;
  const within = fields.get('within');
  const selector = readAbsent(not);
  if (within === undefined) {
    return refuse(
      field,
      'missing',
      'a `not` step needs `within`: how long the event must stay away',
      'within: DURATION',
      'add within: 30m beside `not`',
    );
  }
  const withinMs = readDuration(within, '`within` of a `not` step', 1);
  return selector === undefined || withinMs === undefined ? undefined : { kind: 'absence', selector, withinMs };
}

function readAbsent(not: Field): Step['selector'] | undefined {
  if (typeof not.value === 'string') {
    return refuse(
      not,
      'wrong-type',
      '`not` of a step holds an event',
      '{ event: NAME, where: … }',
      `write not: { event: ${not.value} }`,
    );
  }
  const fields = readKeys(not, '`not` of a step', ['event', 'where'], ['event']);
  return fields?.has('event') ? readSelector(fields) : undefined;
}
