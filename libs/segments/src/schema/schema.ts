// JSON Schemas (draft 2020-12) of the kinds of this release, for editors. The readers of ../language are the judges: a schema
// accepts all that they accept, and refuses what can be said without looking at names, contradictions or templates.
// The files in ../../schema are generated from these values; a test compares.
import { API_VERSION, KINDS, METADATA_KEYS, type KindName } from '../language/document.js';
import { NAME } from '../language/field.js';
import { text, type JsonSchema } from './parts.js';
import { CONTENT, FEATURE, IDENTITY_RULES, SEGMENT, SLOT, type SpecSchema } from './specs.js';

const SPECS: Readonly<Record<KindName, SpecSchema>> = {
  Segment: SEGMENT,
  Feature: FEATURE,
  Content: CONTENT,
  Slot: SLOT,
  IdentityRules: IDENTITY_RULES,
};

/** By file name, in one folder: `definition.json` is any of them and refers to the others by their names. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  ...Object.fromEntries(KINDS.map((kind) => [fileName(kind), schemaOf(kind)])),
  'definition.json': {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Definition',
    description: 'A definition document of Tessera, of any kind.',
    oneOf: KINDS.map((kind) => ({ $ref: fileName(kind) })),
  },
};

function schemaOf(kind: KindName): JsonSchema {
  const { spec, $defs } = SPECS[kind];
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: kind,
    type: 'object',
    additionalProperties: false,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: { apiVersion: { const: API_VERSION }, kind: { const: kind }, metadata: metadata(kind), spec },
    $defs,
  };
}

function metadata(kind: KindName): JsonSchema {
  const texts = METADATA_KEYS.filter((key) => key !== 'name' && key !== 'labels');
  const name: JsonSchema =
    kind === 'IdentityRules'
      ? { const: 'default' }
      : { type: 'string', pattern: NAME.source, description: 'Immutable; unique in its kind.' };
  return {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name,
      ...Object.fromEntries(texts.map((key) => [key, text()])),
      labels: { type: 'object', additionalProperties: text() },
    },
  };
}

function fileName(kind: KindName): string {
  return `${kind.replace(/(?!^)([A-Z])/g, '-$1').toLowerCase()}.json`;
}
