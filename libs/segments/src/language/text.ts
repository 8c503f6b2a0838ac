// Definitions from text: YAML with several documents, or JSON; a list of documents counts as its elements.
// X1 YAML 1.2 core schema, nothing else: no tags, no merge keys, no computed keys; `no` and dates stay texts.
// X2 Every refusal has the line and column of its place. Bad documents do not hide the errors of the others.
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node } from 'yaml';
import type { DefinitionDocument } from '../compiled.js';
import { validateDocument } from './document.js';
import { placeIn, Report, type DefinitionError } from './error.js';
import { DOCUMENTS_MAX, exactScalar, safeKey, TEXT_MAX, withinBounds, type Budget } from './limits.js';
import { tooMuchText } from './scan.js';

export interface SourceSpot {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ParsedDefinitions {
  /** Those without an error of their own. */
  readonly documents: readonly DefinitionDocument[];
  readonly errors: readonly DefinitionError[];
  /** Where a place of one of these documents is in the text; the nearest place around it that is there. */
  locate(document: DefinitionDocument, place: string): SourceSpot | undefined;
}

/** Offsets of the places of one document. */
type Offsets = Map<string, number>;

export function parseDefinitions(text: string, file: string): ParsedDefinitions {
  const lines = new LineCounter();
  const sources = new Map<DefinitionDocument, Offsets>();
  const errors: DefinitionError[] = [];
  const spotOf = (offset: number): SourceSpot => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  for (const parsed of parseText(text, lines)) {
    if (parsed.error !== undefined) {
      errors.push({ ...parsed.error, ...spotOf(parsed.offset) });
      continue;
    }
    for (const { value, offsets, report } of documentsOf(parsed.document)) {
      const checked = report.errors.length > 0 ? { document: undefined, errors: report.errors } : validateDocument(value);
      for (const error of checked.errors) errors.push({ ...error, ...spotOf(offsetOf(offsets, error.place)) });
      if (checked.document !== undefined) sources.set(checked.document, offsets);
    }
  }
  const locate = (document: DefinitionDocument, place: string): SourceSpot | undefined => {
    const offsets = sources.get(document);
    return offsets && spotOf(offsetOf(offsets, place));
  };
  errors.sort((a, b) => (a.line as number) - (b.line as number) || (a.column as number) - (b.column as number));
  return { documents: [...sources.keys()], errors, locate };
}

/** One slip of the pen can upset all that follows it. */
const SYNTAX_ERRORS_MAX = 20;

type ParsedText =
  | { readonly error: DefinitionError; readonly offset: number }
  | { readonly error?: undefined; readonly document: Document.Parsed };

function parseText(text: string, lines: LineCounter): readonly ParsedText[] {
  const tooMuch = text.length > TEXT_MAX ? `the text is longer than ${String(TEXT_MAX)} characters` : tooMuchText(text);
  if (tooMuch !== undefined) return [syntaxError('too-large', tooMuch, 'split the file, or flatten it', 0)];
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const documents: readonly Document.Parsed[] = Array.isArray(parsed) ? parsed : [];
  return documents.flatMap((document): readonly ParsedText[] => {
    const problems = [...document.errors, ...document.warnings];
    const listed = isSeq(document.contents) ? document.contents.items.length : 1;
    if (listed > DOCUMENTS_MAX)
      return [syntaxError('too-large', `the list holds more than ${String(DOCUMENTS_MAX)} documents`, 'split the file', 0)];
    if (problems.length === 0) return [{ document }];
    return problems
      .slice(0, SYNTAX_ERRORS_MAX)
      .map(({ message, pos }) =>
        syntaxError('syntax', `this is no YAML or JSON: ${message}`, 'check indentation, quotes and brackets', pos[0]),
      );
  });
}

function syntaxError(code: 'syntax' | 'too-large', problem: string, suggestion: string, offset: number): ParsedText {
  const report = new Report();
  report.refuse({ code, place: '', problem, found: undefined, allowed: 'YAML 1.2 (core schema) or JSON', suggestion });
  return { error: report.errors[0] as DefinitionError, offset };
}

interface RawDocument {
  readonly value: unknown;
  readonly offsets: Offsets;
  readonly report: Report;
}

function documentsOf(document: Document.Parsed): readonly RawDocument[] {
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return [];
  const nodes = isSeq(root) ? (root.items as readonly Node[]) : [root];
  return nodes.map((node) => {
    const reading: Reading = { document, offsets: new Map(), report: new Report(), budget: { nodes: 0 } };
    return { value: valueOf(node, reading, '', 1), offsets: reading.offsets, report: reading.report };
  });
}

interface Reading {
  readonly document: Document.Parsed;
  readonly offsets: Offsets;
  readonly report: Report;
  readonly budget: Budget;
}

/** Thrown nowhere: a value that is out of bounds is undefined, and the report says why. */
function valueOf(node: unknown, reading: Reading, place: string, depth: number): unknown {
  const { offsets, report, budget } = reading;
  const offset = (node as Node | null)?.range?.[0];
  if (offset !== undefined && !offsets.has(place)) offsets.set(place, offset);
  if (tooMuch(report) || !withinBounds(budget, depth, place, report)) return undefined;
  if (isAlias(node)) {
    const target = node.resolve(reading.document);
    return target === undefined ? refuseUnknownAlias(report, place, node.source) : valueOf(target, reading, place, depth + 1);
  }
  if (isSeq(node)) return node.items.map((item, index) => valueOf(item, reading, placeIn(place, index), depth + 1));
  if (isMap(node)) return mappingOf(node.items, reading, place, depth);
  const scalar = isScalar(node) ? node.value : null;
  return exactScalar(scalar, place, report) ? scalar : undefined;
}

function mappingOf(
  pairs: readonly { readonly key: unknown; readonly value: unknown }[],
  reading: Reading,
  place: string,
  depth: number,
): unknown {
  const { offsets, report } = reading;
  const fields: Record<string, unknown> = {};
  for (const pair of pairs) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    const part = placeIn(place, key);
    const offset = (pair.key as Node | null)?.range?.[0];
    if (offset !== undefined && !offsets.has(part)) offsets.set(part, offset);
    if (!safeKey(key, place, report)) continue;
    if (Object.hasOwn(fields, key)) {
      if (offset !== undefined) offsets.set(part, offset);
      refuseRepeated(report, part, key);
    } else fields[key] = valueOf(pair.value, reading, part, depth + 1);
  }
  return fields;
}

function refuseUnknownAlias(report: Report, place: string, alias: string): undefined {
  const suggestion = 'put it in quotes, if it is a text';
  return report.refuse({
    code: 'syntax',
    place,
    problem: `there is no anchor '${alias}' before this`,
    found: `*${alias}`,
    allowed: 'anchors',
    suggestion,
  });
}

function refuseRepeated(report: Report, place: string, key: string): void {
  report.refuse({
    code: 'duplicate',
    place,
    problem: `'${key}' is written twice in one mapping`,
    found: key,
    allowed: 'each key once',
    suggestion: 'remove one, or put each in a condition of its own under all:',
  });
}

/** A document that is out of bounds is reported once. */
function tooMuch(report: Report): boolean {
  return report.errors.some(({ code }) => code === 'too-large');
}

/** The offset of a place, or of the nearest one around it. */
function offsetOf(offsets: Offsets, place: string): number {
  for (let around = place; ;) {
    const offset = offsets.get(around);
    if (offset !== undefined) return offset;
    if (around === '') return 0;
    const cut = Math.max(around.lastIndexOf('.'), around.lastIndexOf('['));
    around = around.slice(0, Math.max(cut, 0));
  }
}
