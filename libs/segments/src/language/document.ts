// A definition document: apiVersion, kind, metadata, and the spec, read by its kind. The one table of kinds.
import type { DefinitionDocument } from '../compiled.js';
import { readContent } from './content-kind.js';
import { Report, type DefinitionError } from './error.js';
import { readFeatureKind } from './feature-kind.js';
import { readKeys, readMapping, readName, readText, refuse, type Field, type Fields } from './field.js';
import { IDENTITY_RULES_NAME, readIdentityRules } from './identity-rules-kind.js';
import { checkValue } from './limits.js';
import type { DefinitionModel } from './model.js';
import { readSegment } from './segment-kind.js';
import { readSlot } from './slot-kind.js';
import { nearest } from './suggest.js';

export const API_VERSION = 'tessera/v1';
export const DOCUMENT_KEYS = ['apiVersion', 'kind', 'metadata', 'spec'] as const;
export const METADATA_KEYS = ['name', 'title', 'description', 'owner', 'taxonomy', 'labels'] as const;

const READERS = {
  Segment: readSegment,
  Feature: readFeatureKind,
  Content: readContent,
  Slot: readSlot,
  IdentityRules: readIdentityRules,
} as const satisfies Readonly<Record<string, (spec: Field) => DefinitionModel | undefined>>;

export type KindName = keyof typeof READERS;
export const KINDS = Object.keys(READERS) as readonly KindName[];

/** A document with what was read from it. */
export interface ReadDocument {
  readonly document: DefinitionDocument;
  readonly model: DefinitionModel;
}

export interface Validated {
  /** Undefined where there are errors. */
  readonly document: DefinitionDocument | undefined;
  readonly errors: readonly DefinitionError[];
}

/** Checks one document on its own: form, bounds, operators, contradictions; not what it refers to. */
export function validateDocument(value: unknown): Validated {
  const { read, errors } = readDocument(value);
  return { document: read?.document, errors };
}

export function readDocument(value: unknown): {
  readonly read: ReadDocument | undefined;
  readonly errors: readonly DefinitionError[];
} {
  const report = new Report(nameOf(value));
  const model = checkValue(value, report) ? readModel({ value, place: '', report }) : undefined;
  const good = model !== undefined && report.errors.length === 0;
  return { read: good ? { document: value as DefinitionDocument, model } : undefined, errors: report.errors };
}

function readModel(root: Field): DefinitionModel | undefined {
  const fields = readKeys(root, 'a document', DOCUMENT_KEYS, DOCUMENT_KEYS);
  if (fields === undefined) return undefined;
  const version = fields.get('apiVersion');
  if (version !== undefined && version.value !== API_VERSION) {
    refuse(
      version,
      'unsupported-version',
      'this apiVersion is not supported by this release',
      API_VERSION,
      `write apiVersion: ${API_VERSION}`,
    );
  }
  const kind = readKind(fields.get('kind'));
  readMetadata(fields.get('metadata'), kind);
  const spec = fields.get('spec');
  return kind === undefined || spec === undefined ? undefined : READERS[kind](spec);
}

function readKind(field: Field | undefined): KindName | undefined {
  if (field === undefined) return undefined;
  const kind = KINDS.find((each) => each === field.value);
  if (kind !== undefined) return kind;
  const supported = KINDS.join(', ');
  const near = typeof field.value === 'string' ? nearest(field.value, KINDS) : undefined;
  return refuse(
    field,
    'unsupported-kind',
    `kind ${typeof field.value === 'string' ? field.value : 'of this form'} is not supported by this release; supported: ${supported}`,
    supported,
    near === undefined ? 'use a supported kind, or remove the document' : `did you mean ${near}`,
  );
}

function readMetadata(field: Field | undefined, kind: KindName | undefined): void {
  if (field === undefined) return;
  const fields = readKeys(field, '`metadata`', METADATA_KEYS, ['name']);
  if (fields === undefined) return;
  const nameField = fields.get('name');
  const name = nameField && readName(nameField, 'the name');
  if (kind === 'IdentityRules' && name !== undefined && name !== IDENTITY_RULES_NAME) {
    refuse(
      nameField as Field,
      'bad-name',
      'a workspace has one IdentityRules document',
      IDENTITY_RULES_NAME,
      `name it ${IDENTITY_RULES_NAME}`,
    );
  }
  for (const key of ['title', 'description', 'owner', 'taxonomy']) {
    const text = fields.get(key);
    if (text !== undefined) readText(text, `\`${key}\``);
  }
  readLabels(fields);
}

function readLabels(metadata: Fields): void {
  const field = metadata.get('labels');
  const labels = field && readMapping(field, '`labels`');
  for (const [key, label] of labels ?? []) readText(label, `label '${key}'`);
}

/** `Segment/cart-abandoners`, for refusals of a document whose form is not known yet. */
function nameOf(value: unknown): string | undefined {
  const kind = textAt(value, 'kind');
  if (kind === undefined) return undefined;
  const metadata =
    typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, 'metadata')?.value : undefined;
  return `${kind}/${textAt(metadata, 'name') ?? '?'}`;
}

function textAt(value: unknown, key: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const text: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
  return typeof text === 'string' ? text.slice(0, 100) : undefined;
}
