// Kind Slot: a place that content is decided for. The first rule that applies wins, else the fallback, which must be there.
import { readKeys, readName, refuse, type Field } from './field.js';
import type { Reference, SlotModel } from './model.js';

export const SLOT_KEYS = ['rules', 'fallback'] as const;
export const RULE_KEYS = ['segment', 'content'] as const;

export function readSlot(spec: Field): SlotModel | undefined {
  const fields = readKeys(spec, 'the spec of a Slot', SLOT_KEYS, ['fallback']);
  if (fields === undefined) return undefined;
  const references: Reference[] = [];
  const fallbackField = fields.get('fallback');
  const fallback = fallbackField && readName(fallbackField, '`fallback`');
  if (fallback !== undefined) references.push({ kind: 'Content', name: fallback, place: `${spec.place}.fallback` });
  const rules = readRules(fields.get('rules'), references);
  return fallback === undefined || rules === undefined ? undefined : { kind: 'Slot', rules, fallback, references };
}

function readRules(field: Field | undefined, references: Reference[]): SlotModel['rules'] | undefined {
  if (field === undefined) return [];
  if (!Array.isArray(field.value))
    return refuse(field, 'wrong-type', '`rules` must be a list', 'a list', 'write [ { segment: …, content: … } ]');
  const rules = field.value.map((value, index) =>
    readRule({ value, place: `${field.place}[${String(index)}]`, report: field.report }, references),
  );
  const segments = rules.map((rule) => rule?.segment);
  rules.forEach((rule, index) => {
    const first = segments.indexOf(rule?.segment);
    if (rule === undefined || first === index) return;
    refuse(
      { value: rule.segment, place: `${field.place}[${String(index)}].segment`, report: field.report },
      'duplicate',
      `rule ${String(index + 1)} can never apply: rule ${String(first + 1)} has the same segment`,
      'each segment once',
      'remove one of the two',
    );
  });
  return rules.includes(undefined) ? undefined : (rules as SlotModel['rules']);
}

function readRule(field: Field, references: Reference[]): SlotModel['rules'][number] | undefined {
  const fields = readKeys(field, 'a rule', RULE_KEYS, RULE_KEYS);
  const [segmentField, contentField] = [fields?.get('segment'), fields?.get('content')];
  const segment = segmentField && readName(segmentField, '`segment`');
  const content = contentField && readName(contentField, '`content`');
  if (segment !== undefined) references.push({ kind: 'Segment', name: segment, place: `${field.place}.segment` });
  if (content !== undefined) references.push({ kind: 'Content', name: content, place: `${field.place}.content` });
  return segment === undefined || content === undefined ? undefined : { segment, content };
}
