// Compiles a set of definition documents: the plan of states that features keep, and the evaluators over them.
// C1 A function of the documents alone: the same documents in any order give the same set and the same hash.
// C2 All or nothing: one refusal anywhere, and no set.
// C3 Conditions and Features that ask for the same thing share one slot.
import type { Slot } from '@tessera/features';
import type { CompiledSegment, CompiledSet, DefinitionDocument, NamedFeature } from './compiled.js';
import { boundsOf } from './language/bounds.js';
import { canonicalHash, compareTexts } from './language/canonical.js';
import { readDocument, type ReadDocument } from './language/document.js';
import type { DefinitionError } from './language/error.js';
import { compileEvaluation, compileNode, type FeatureSource, type Node } from './language/evaluate.js';
import { explanationOf, findingOf } from './language/explain.js';
import type { FeatureModel, SegmentModel } from './language/model.js';
import { checkReferences, inOrder } from './language/references.js';
import { sentenceOf } from './language/sentence.js';
import { aggregateSlot, planOf, slotsOf } from './language/slots.js';
import type { SourceSpot } from './language/text.js';

export type CompileOutcome =
  { readonly ok: true; readonly set: CompiledSet } | { readonly ok: false; readonly errors: readonly DefinitionError[] };

export interface CompileOptions {
  /** Version of a document in its workspace; 1 where it is not told. */
  versionOf?(document: DefinitionDocument): number;
  /** Where a place of a document is in its text: `locate` of `parseDefinitions`. */
  locate?(document: DefinitionDocument, place: string): SourceSpot | undefined;
}

export function compileSet(
  workspace: string,
  set: number,
  documents: readonly DefinitionDocument[],
  options: CompileOptions = {},
): CompileOutcome {
  const errors: DefinitionError[] = [];
  const reads: ReadDocument[] = [];
  const unread = new Set<string>();
  const refuse = (document: DefinitionDocument, error: DefinitionError): void => {
    errors.push({ ...error, ...options.locate?.(document, error.place) });
  };
  for (const document of documents) {
    const { read, errors: own } = readDocument(document);
    if (read !== undefined) reads.push(read);
    else unread.add(own[0]?.document ?? '');
    for (const error of own) refuse(document, error);
  }
  for (const { document, error } of checkReferences(reads, unread)) refuse(document, error);
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, set: assemble(workspace, set, reads, options.versionOf ?? (() => 1)) };
}

/** SHA-256 over the canonical JSON of the documents, sorted by kind and name. */
export function setHash(documents: readonly DefinitionDocument[]): string {
  return canonicalHash(documents.toSorted(byKindAndName));
}

/** SHA-256 over the canonical JSON of one document. */
export function hashOfDocument(document: DefinitionDocument): string {
  return canonicalHash(document);
}

function assemble(
  workspace: string,
  set: number,
  reads: readonly ReadDocument[],
  versionOf: (document: DefinitionDocument) => number,
): CompiledSet {
  const documents = reads.map(({ document }) => document);
  const hash = setHash(documents);
  const featureReads = reads
    .filter(({ model }) => model.kind === 'Feature')
    .toSorted((a, b) => byKindAndName(a.document, b.document));
  const sources = new Map(featureReads.map(({ document, model }) => [document.metadata.name, sourceOf(model as FeatureModel)]));
  const segments = inOrder(reads.filter(({ model }) => model.kind === 'Segment')).map(({ document, model }) =>
    compileSegment(document, model as SegmentModel, versionOf(document), sources),
  );
  return {
    workspace,
    set,
    hash,
    plan: planOf(set, hash, slotsIn(reads)),
    segments,
    bySlot: indexBy(segments, ({ slots }) => slots),
    byTrait: indexBy(segments, ({ traits }) => traits),
    bySegment: indexBy(segments, ({ segments: read }) => read),
    features: featureReads.map(({ document }) => namedFeature(document, versionOf(document), sources)),
    publishedTraits: publishedTraits(reads),
    documents: documentsByKind(documents),
  };
}

function compileSegment(
  document: DefinitionDocument,
  model: SegmentModel,
  version: number,
  features: ReadonlyMap<string, FeatureSource>,
): CompiledSegment {
  const { name, title } = document.metadata;
  const { stability, unknown } = model;
  const root = compileNode(model.when, features);
  return {
    name,
    title: title ?? name,
    version,
    stability,
    unknown,
    ...readsOf(root),
    bounds: boundsOf(root),
    evaluate: compileEvaluation(root),
    explain: (view, nowMs) => explanationOf(findingOf(root, view, nowMs), unknown),
    sentence: (view, nowMs, member) => sentenceOf(findingOf(root, view, nowMs), { segment: name, member, unknown, nowMs }),
  };
}

/** What a condition reads of a profile; each sorted, each once. */
function readsOf(root: Node): {
  readonly segments: readonly string[];
  readonly slots: readonly string[];
  readonly traits: readonly string[];
} {
  const [segments, slots, traits] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const visit = (node: Node): void => {
    if (node.kind === 'group') node.children.forEach(visit);
    else if (node.kind === 'not') visit(node.child);
    else if (node.kind === 'segment') segments.add(node.segment);
    else if (node.kind === 'sequence') slots.add(node.slotId);
    else if (node.leaf.slot !== undefined) slots.add(node.leaf.slot.id);
    else traits.add(topOf(node.leaf.trait as string));
  };
  visit(root);
  return { segments: [...segments].sort(), slots: [...slots].sort(), traits: [...traits].sort() };
}

function sourceOf(model: FeatureModel): FeatureSource {
  if (model.source === 'trait') return { source: { kind: 'trait', path: model.path } };
  const slot = aggregateSlot(model.selector, model.measure, model.window);
  return { source: { kind: 'slot', slotId: slot.id }, slot };
}

function slotsIn(reads: readonly ReadDocument[]): readonly Slot[] {
  return reads.flatMap(({ model }) => slotsOf(model));
}

function namedFeature(document: DefinitionDocument, version: number, sources: ReadonlyMap<string, FeatureSource>): NamedFeature {
  const { name } = document.metadata;
  return { name, version, source: (sources.get(name) as FeatureSource).source };
}

function publishedTraits(reads: readonly ReadDocument[]): readonly string[] {
  const traits = new Set<string>();
  for (const { model } of reads) {
    if (model.kind === 'Feature' && model.source === 'trait') traits.add(topOf(model.path));
    if (model.kind === 'Content') for (const trait of model.traits) traits.add(trait);
  }
  return [...traits].sort();
}

function indexBy(
  segments: readonly CompiledSegment[],
  keysOf: (segment: CompiledSegment) => readonly string[],
): ReadonlyMap<string, readonly number[]> {
  const index = new Map<string, number[]>();
  segments.forEach((segment, position) => {
    for (const key of keysOf(segment)) {
      const positions = index.get(key);
      if (positions === undefined) index.set(key, [position]);
      else positions.push(position);
    }
  });
  return index;
}

function documentsByKind(documents: readonly DefinitionDocument[]): CompiledSet['documents'] {
  const kinds = new Map<string, Map<string, DefinitionDocument>>();
  for (const document of documents.toSorted(byKindAndName)) {
    const names = kinds.get(document.kind) ?? new Map<string, DefinitionDocument>();
    kinds.set(document.kind, names.set(document.metadata.name, document));
  }
  return kinds;
}

function byKindAndName(a: DefinitionDocument, b: DefinitionDocument): number {
  return compareTexts(a.kind, b.kind) || compareTexts(a.metadata.name, b.metadata.name);
}

function topOf(path: string): string {
  const dot = path.indexOf('.');
  return dot < 0 ? path : path.slice(0, dot);
}
