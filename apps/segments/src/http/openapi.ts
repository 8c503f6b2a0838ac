// The admin API as an OpenAPI document. A test holds it against the routes that the controllers declare: none is missing, none is made up.
import { API_VERSION, KINDS } from '@tessera/segments';

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const count: Schema = { type: 'integer', minimum: 0 };
const anyObject: Schema = { type: 'object', additionalProperties: true };
const list = (items: Schema): Schema => ({ type: 'array', items });
const object = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
});
const named = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

const SET_BODY = {
  description: 'The whole set. YAML or JSON as in a file (several documents), a list of documents, or files with their names.',
  required: true,
  content: {
    'application/yaml': { schema: text },
    'application/json': {
      schema: {
        oneOf: [
          object({ documents: list(named('Definition')), note: text }, ['documents']),
          object({ files: list(object({ name: text, text })), note: text }, ['files']),
        ],
      },
    },
  },
};

const WAIT = query(
  'wait',
  { type: 'string', enum: ['active'] },
  'Answer when every partition works with the set, or after 30 s.',
);
const NOTE = query('note', text, 'Why, for the history.');
const LIMIT = query('limit', count, 'Of records.');
const PERSON_BODY = jsonBody(object({ person: named('Person') }));

const PATHS = {
  '/api/v1/definitions:plan': {
    post: operation('What applying this set would change', 'admin', named('Plan'), { requestBody: SET_BODY }),
  },
  '/api/v1/definitions:apply': {
    post: operation('Apply a set: what is not in it is gone', 'admin', named('Applied'), {
      requestBody: SET_BODY,
      parameters: [WAIT, NOTE],
    }),
  },
  '/api/v1/definitions:rollback': {
    post: operation('Apply the documents of an earlier set again', 'admin', named('Applied'), {
      requestBody: jsonBody(object({ set: count, note: text }, ['set'])),
      parameters: [WAIT],
    }),
  },
  '/api/v1/definitions': {
    get: operation('The set applied last, or an earlier one', 'read', anyObject, {
      parameters: [query('set', count, 'Number of the set.')],
    }),
  },
  '/api/v1/definitions/history': {
    get: operation('All sets, the newest first', 'read', object({ sets: list(anyObject) })),
  },
  '/api/v1/segments': {
    get: operation(
      'Segments in force, and how many are in them',
      'read',
      object({ segments: list(anyObject), definitionSet: count }),
    ),
  },
  '/api/v1/segments/{name}/members': {
    get: operation('Profiles in a segment, page by page', 'read', object({ profiles: list(text), nextPageToken: text }), {
      parameters: [
        place('name', text),
        query('pageSize', count, '1 to 1,000; default 100.'),
        query('pageToken', text, 'Of the answer before.'),
      ],
    }),
  },
  '/api/v1/profiles:resolve': {
    post: operation('The profile of a person', 'read', object({ profile: text, known: flag }), { requestBody: PERSON_BODY }),
  },
  '/api/v1/profiles:get': {
    post: operation('Memberships, features, traits and consent', 'read', anyObject, { requestBody: PERSON_BODY }),
  },
  '/api/v1/profiles:explain': {
    post: operation('Why somebody is, or is not, in a segment, and when that can change', 'read', anyObject, {
      requestBody: jsonBody(object({ person: named('Person'), segment: text })),
    }),
  },
  '/api/v1/profiles:timeline': {
    post: operation('Changes of memberships, oldest first', 'read', object({ profile: text, changes: list(anyObject) }), {
      requestBody: jsonBody(object({ person: named('Person'), limit: count }, ['person'])),
    }),
  },
  '/api/v1/topics': { get: operation('The logs, and what they carry', 'read', object({ topics: list(anyObject) })) },
  '/api/v1/topics/{topic}/tail': {
    get: {
      ...operation('Records as JSON lines, then a line {"next": CURSOR}', 'read', anyObject, {
        parameters: [
          place('topic', text),
          query('from', text, 'start, end (default) or a cursor.'),
          LIMIT,
          query('waitMs', count, 'How long to wait for news, up to 25,000.'),
        ],
      }),
      responses: { 200: { description: 'Records', content: { 'application/x-ndjson': { schema: anyObject } } }, ...refusals() },
    },
  },
  '/api/v1/dead-letters': {
    get: operation('What was refused, the newest first, with the original', 'read', object({ letters: list(anyObject) }), {
      parameters: [LIMIT],
    }),
  },
  '/api/v1/dead-letters/{partition}/{offset}': {
    get: operation('One dead letter', 'read', anyObject, { parameters: [place('partition', count), place('offset', count)] }),
  },
};

const COMPONENTS = {
  securitySchemes: {
    token: { type: 'http', scheme: 'bearer', description: 'A token of the credentials file; scope read or admin.' },
  },
  schemas: {
    Person: object(
      { profileId: text, userId: text, anonymousId: text, identities: { type: 'object', additionalProperties: text } },
      [],
    ),
    Definition: object({
      apiVersion: { const: API_VERSION },
      kind: { enum: KINDS },
      metadata: object({ name: text }),
      spec: anyObject,
    }),
    Change: object({
      action: { enum: ['create', 'update', 'delete', 'unchanged'] },
      kind: text,
      name: text,
      differences: list(anyObject),
    }),
    Plan: object({ set: count, changes: list(named('Change')) }),
    Applied: object({ set: count, hash: text, changed: flag, active: flag, changes: list(named('Change')) }),
    Problem: object(
      {
        type: text,
        title: text,
        status: count,
        code: text,
        detail: text,
        field: text,
        found: text,
        allowed: text,
        next: text,
        errors: list(anyObject),
      },
      ['type', 'title', 'status', 'code', 'detail'],
    ),
  },
};

export const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Tessera admin API',
    version: '1',
    description: `Definitions are of ${API_VERSION}. The tracking API is Segment's; decisions are POST /v1/decide and gRPC.`,
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  security: [{ token: [] }],
  paths: PATHS,
  components: COMPONENTS,
};

function operation(summary: string, scope: 'read' | 'admin', answer: Schema, more: Schema = {}): Schema {
  return {
    summary,
    description: `Scope \`${scope}\`.`,
    ...more,
    responses: { 200: { description: 'Done', content: { 'application/json': { schema: answer } } }, ...refusals() },
  };
}

function refusals(): Schema {
  return {
    default: {
      description: 'Refused, with the next thing to try',
      content: { 'application/problem+json': { schema: named('Problem') } },
    },
  };
}

function jsonBody(schema: Schema): Schema {
  return { required: true, content: { 'application/json': { schema } } };
}

function query(name: string, schema: Schema, description: string): Schema {
  return { name, in: 'query', required: false, schema, description };
}

function place(name: string, schema: Schema): Schema {
  return { name, in: 'path', required: true, schema };
}
