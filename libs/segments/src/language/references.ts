// What documents of a set ask of each other: names that exist once, no circles, features compared as what they are.
import type { DefinitionDocument } from '../compiled.js';
import { compareTexts } from './canonical.js';
import { readOperators } from './comparisons.js';
import type { ReadDocument } from './document.js';
import { placeIn, Report, type DefinitionError, type ErrorCode } from './error.js';
import { subjectOf } from './event.js';
import type { Fields } from './field.js';
import type { Condition, FeatureCondition, FeatureModel, Reference } from './model.js';
import { segmentReferences } from './segment-kind.js';
import { nearest } from './suggest.js';

/** A refusal that concerns this document. */
export interface SetError {
  readonly document: DefinitionDocument;
  readonly error: DefinitionError;
}

/** `unread`: names, `Segment/a`, of documents that are there but refused: who refers to them is not at fault. */
export function checkReferences(documents: readonly ReadDocument[], unread: ReadonlySet<string>): readonly SetError[] {
  const byName = new Map(documents.map((read) => [nameOf(read.document), read]));
  const checked = documents.flatMap((read) => checkDocument(read, byName, unread));
  return [...repeated(documents), ...checked, ...cycles(documents)];
}

/** Names that a document needs. */
export function referencesOf({ model }: ReadDocument): readonly Reference[] {
  switch (model.kind) {
    case 'Segment':
      return segmentReferences(model);
    case 'Content':
      return model.features;
    case 'Slot':
      return model.references;
    case 'Feature':
    case 'IdentityRules':
      return [];
  }
}

/** Segments in an order that has dependencies before dependants; by name where free. There are no cycles. */
export function inOrder(segments: readonly ReadDocument[]): readonly ReadDocument[] {
  const byName = new Map(segments.map((read) => [read.document.metadata.name, read]));
  const placed = new Set<ReadDocument>();
  const place = (read: ReadDocument): void => {
    for (const name of segmentNames(read)) {
      const needed = byName.get(name);
      if (needed !== undefined && !placed.has(needed)) place(needed);
    }
    placed.add(read);
  };
  for (const read of segments.toSorted((a, b) => compareTexts(a.document.metadata.name, b.document.metadata.name)))
    if (!placed.has(read)) place(read);
  return [...placed];
}

function nameOf(document: DefinitionDocument): string {
  return `${document.kind}/${document.metadata.name}`;
}

function segmentNames(read: ReadDocument): readonly string[] {
  return [...new Set(referencesOf(read).flatMap(({ kind, name }) => (kind === 'Segment' ? [name] : [])))].sort();
}

function repeated(documents: readonly ReadDocument[]): readonly SetError[] {
  const seen = new Set<string>();
  return documents.flatMap(({ document }) => {
    const name = nameOf(document);
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const suggestion = 'rename one of the two, or remove it';
    return [
      refusal(
        document,
        'duplicate',
        'metadata.name',
        `there are two documents ${name}`,
        document.metadata.name,
        'each name once in a kind',
        suggestion,
      ),
    ];
  });
}

function checkDocument(
  read: ReadDocument,
  byName: ReadonlyMap<string, ReadDocument>,
  unread: ReadonlySet<string>,
): readonly SetError[] {
  const { document, model } = read;
  const missing = referencesOf(read)
    .filter(({ kind, name }) => !byName.has(`${kind}/${name}`) && !unread.has(`${kind}/${name}`))
    .map((reference) => missingReference(document, reference, byName));
  const comparisons =
    model.kind === 'Segment'
      ? featureConditions(model.when).flatMap((condition) => checkFeature(document, condition, byName))
      : [];
  return [...missing, ...comparisons];
}

function missingReference(
  document: DefinitionDocument,
  { kind, name, place }: Reference,
  byName: ReadonlyMap<string, ReadDocument>,
): SetError {
  const names = [...byName.values()].filter((read) => read.model.kind === kind).map((read) => read.document.metadata.name);
  const near = nearest(name, names);
  const allowed = names.length === 0 ? `no ${kind} is in the set` : names.slice(0, 20).join(', ');
  const suggestion = near === undefined ? `add a ${kind} named ${name}, or correct the name` : `did you mean '${near}'`;
  return refusal(document, 'missing-reference', place, `there is no ${kind} '${name}' in the set`, name, allowed, suggestion);
}

function featureConditions(condition: Condition): readonly FeatureCondition[] {
  if (condition.kind === 'all' || condition.kind === 'any') return condition.children.flatMap(featureConditions);
  if (condition.kind === 'not') return featureConditions(condition.child);
  return condition.kind === 'feature' ? [condition] : [];
}

/** A feature that is a number takes comparisons of numbers: read them again, as beside the aggregate itself. */
function checkFeature(
  document: DefinitionDocument,
  condition: FeatureCondition,
  byName: ReadonlyMap<string, ReadDocument>,
): readonly SetError[] {
  const model = byName.get(`Feature/${condition.feature}`)?.model as FeatureModel | undefined;
  if (model === undefined || model.source === 'trait') return [];
  const report = new Report(nameOf(document));
  const { place } = condition;
  const fields: Fields = new Map(
    condition.comparisons.map(({ operator, operand }) => [operator, { value: operand, place: placeIn(place, operator), report }]),
  );
  readOperators(
    { value: condition.feature, place, report },
    fields,
    `feature ${condition.feature}`,
    subjectOf(model.measure.aggregate),
  );
  return report.errors.map((error) => ({ document, error }));
}

/** One refusal for each circle, in the document of its first name. */
function cycles(documents: readonly ReadDocument[]): readonly SetError[] {
  const segments = new Map(
    documents.filter(({ model }) => model.kind === 'Segment').map((read) => [read.document.metadata.name, read]),
  );
  const done = new Set<string>();
  const found: SetError[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    const from = path.indexOf(name);
    const read = segments.get(name);
    if (from >= 0) found.push(cycle(path.slice(from), segments));
    else if (read !== undefined && !done.has(name)) {
      for (const next of segmentNames(read)) visit(next, [...path, name]);
      done.add(name);
    }
  };
  for (const name of [...segments.keys()].sort()) visit(name, []);
  return found;
}

function cycle(names: readonly string[], segments: ReadonlyMap<string, ReadDocument>): SetError {
  const [first = '', second = first] = names;
  const read = segments.get(first) as ReadDocument;
  const reference = referencesOf(read).find(({ kind, name }) => kind === 'Segment' && name === second);
  const circle = [...names, first].join(' -> ');
  const suggestion = `take one of these references out: ${circle}`;
  return refusal(
    read.document,
    'cycle',
    reference?.place ?? 'spec.when',
    `the segments refer to each other in a circle: ${circle}`,
    second,
    'references without a circle',
    suggestion,
  );
}

function refusal(
  document: DefinitionDocument,
  code: ErrorCode,
  place: string,
  problem: string,
  found: string,
  allowed: string,
  suggestion: string,
): SetError {
  const report = new Report(nameOf(document));
  report.refuse({ code, place, problem, found, allowed, suggestion });
  return { document, error: report.errors[0] as DefinitionError };
}
