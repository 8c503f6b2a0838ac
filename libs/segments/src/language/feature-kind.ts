// Kind Feature: a trait path, or one aggregate over events, without a comparison.
import { AGGREGATES, EVENT_KEYS, readMeasure, readPath, readSelector, readWindow } from './event.js';
import { readMapping, refuse, refuseUnknownKeys, type Field, type Fields } from './field.js';
import type { FeatureModel } from './model.js';

export const FEATURE_KEYS = [...EVENT_KEYS, 'trait'] as const;

export function readFeatureKind(spec: Field): FeatureModel | undefined {
  const fields = readMapping(spec, 'the spec of a Feature');
  if (fields === undefined) return undefined;
  const [trait, event] = [fields.get('trait'), fields.get('event')];
  if (trait !== undefined && event !== undefined) {
    return refuse(spec, 'ambiguous', 'a Feature has `trait` or `event`, never both', 'trait or event', 'make two Features of it');
  }
  if (trait !== undefined) {
    refuseUnknownKeys(fields, 'a Feature of a trait', ['trait']);
    const path = readPath(trait, '`trait`', 'trait');
    return path === undefined ? undefined : { kind: 'Feature', source: 'trait', path };
  }
  refuseUnknownKeys(fields, 'the spec of a Feature', FEATURE_KEYS);
  if (event === undefined) {
    return refuse(
      spec,
      'missing',
      'a Feature needs `event` or `trait`',
      FEATURE_KEYS.join(', '),
      'add event: NAME or trait: PATH',
    );
  }
  return readEventFeature(spec, fields);
}

function readEventFeature(spec: Field, fields: Fields): FeatureModel | undefined {
  const selector = readSelector(fields);
  const window = readWindow(spec, fields);
  const asked = AGGREGATES.filter((aggregate) => fields.has(aggregate));
  const [aggregate = 'count'] = asked;
  if (asked.length > 1) {
    const problem = `a Feature is one value, and has ${asked.join(' and ')}`;
    return refuse(spec, 'ambiguous', problem, `one of ${AGGREGATES.join(', ')}`, 'make a Feature for each');
  }
  const field = fields.get(aggregate);
  const measure = field === undefined ? { aggregate } : readMeasure(field, aggregate);
  if (selector === undefined || window === undefined || measure === undefined) return undefined;
  return { kind: 'Feature', source: 'events', selector, window, measure };
}
