// JSON schemas of what a chart renders: those of Kubernetes in one version, and those of operators from their definitions.
// J1 A key that no schema names is an error, as it is to a server that validates strictly.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseAllDocuments } from 'yaml';

const DEFINITIONS = '/api/_definitions.json';
const OPTIONS = { strict: false, allErrors: true, validateFormats: false };

/** A function from a resource to what is wrong with it; undefined where there is no schema for its kind. */
export function kubernetesJudge(folder, version) {
  const of = join(folder, `v${version}-local-strict`);
  const ajv = new Ajv2020(OPTIONS);
  ajv.addSchema(JSON.parse(readFileSync(join(of, '_definitions.json'), 'utf8')), DEFINITIONS);
  const compiled = new Map();
  return (resource) => {
    const file = join(of, `${schemaName(resource)}.json`);
    if (!existsSync(file)) return undefined;
    if (!compiled.has(file)) compiled.set(file, ajv.compile(JSON.parse(readFileSync(file, 'utf8'))));
    return problemsOf(compiled.get(file), resource);
  };
}

/** `deployment-apps-v1`, `service-v1`. */
function schemaName({ apiVersion, kind }) {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return [kind.toLowerCase(), group.split('.')[0], version].filter((part) => part !== '').join('-');
}

/** The same from CustomResourceDefinitions in the YAML files of folders. */
export function customJudge(folders) {
  const ajv = new Ajv(OPTIONS);
  const schemas = new Map();
  const judges = new Map();
  for (const folder of folders) {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
      for (const document of parseAllDocuments(readFileSync(join(folder, file), 'utf8'))) {
        const definition = document.toJS();
        if (definition?.kind !== 'CustomResourceDefinition') continue;
        const { group, names, versions } = definition.spec;
        for (const { name, schema } of versions) schemas.set(`${group}/${name} ${names.kind}`, schema.openAPIV3Schema);
      }
    }
  }
  // Compiled when it is asked for: some patterns are of Go, and no pattern of JavaScript.
  return (resource) => {
    const key = `${resource.apiVersion} ${resource.kind}`;
    if (!schemas.has(key)) return undefined;
    if (!judges.has(key)) judges.set(key, ajv.compile(strict(schemas.get(key))));
    return problemsOf(judges.get(key), resource);
  };
}

/**
 * Closes objects whose keys are named; what Kubernetes adds to JSON schema becomes JSON schema, and so does Go's `(?i)`. Metadata is
 * Kubernetes' own.
 */
export function strict(schema, depth = 0) {
  if (Array.isArray(schema)) return schema.map((one) => strict(one, depth));
  if (typeof schema !== 'object' || schema === null) return schema;
  if (schema['x-kubernetes-int-or-string'] === true) return { type: ['integer', 'string'] };
  const closed = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') {
      closed.properties = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, strict(one, depth + 1)]));
      if (depth === 0) closed.properties.metadata = { type: 'object' };
    } else if (['items', 'additionalProperties', 'allOf', 'anyOf', 'oneOf'].includes(key)) closed[key] = strict(value, depth + 1);
    else if (key === 'pattern') closed.pattern = value.replace(/^\^\(\?i\)(.*)$/, '^(?i:$1)');
    else closed[key] = value;
  }
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties !== undefined;
  if (schema.properties !== undefined && schema.type === 'object' && !open) closed.additionalProperties = false;
  return closed;
}

function problemsOf(valid, resource) {
  if (valid(resource)) return [];
  return valid.errors.map(({ instancePath, message, params }) => {
    const key = params.additionalProperty === undefined ? '' : `: ${params.additionalProperty}`;
    return `${instancePath || '/'} ${message}${key}`;
  });
}
