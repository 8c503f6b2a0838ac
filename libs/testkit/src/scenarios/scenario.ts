// Scenarios: timelines in YAML, read once into typed steps. The form is that of docs/scenarios.md.
// N1 A file that says something this runner does not know is refused with its place; nothing is skipped.
import { parseDuration, parseInstant } from '@tessera/time';
import { LineCounter, parseAllDocuments, type Document } from 'yaml';

export interface PersonRef {
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly identities?: Readonly<Record<string, string>>;
}

export interface ExpectedChange {
  readonly segment: string;
  readonly kind: string;
  readonly atMs?: number;
  readonly reason?: string;
}

export interface Expectation {
  readonly person: PersonRef;
  readonly segments?: Readonly<Record<string, boolean>>;
  readonly features?: Readonly<Record<string, unknown>>;
  /** By path. */
  readonly traits?: Readonly<Record<string, unknown>>;
  /** All purposes that the person has answered. */
  readonly consent?: Readonly<Record<string, boolean>>;
  readonly sameProfileAs?: PersonRef;
  readonly otherProfileThan?: PersonRef;
  readonly changes?: readonly ExpectedChange[];
}

export interface ExpectedSlot {
  readonly content?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly payload?: unknown;
}

export type Action =
  | { readonly kind: 'send'; readonly calls: readonly Readonly<Record<string, unknown>>[] }
  | { readonly kind: 'expect'; readonly expect: Expectation }
  | { readonly kind: 'unlink'; readonly a: PersonRef; readonly b: PersonRef }
  | { readonly kind: 'apply'; readonly definitions: readonly unknown[] }
  | {
      readonly kind: 'decide';
      readonly person: PersonRef;
      readonly slots: readonly string[];
      readonly context: Readonly<Record<string, unknown>>;
      readonly expect: Readonly<Record<string, ExpectedSlot>>;
    };

export interface Step {
  /** `FILE:LINE steps[3]`. */
  readonly place: string;
  /** Time passes by this first, or up to that moment. */
  readonly advanceMs?: number;
  readonly atMs?: number;
  readonly actions: readonly Action[];
}

export interface Scenario {
  readonly name: string;
  readonly file: string;
  /** Paths relative to the file, or documents in place. */
  readonly definitions: readonly unknown[];
  readonly startMs: number;
  readonly steps: readonly Step[];
}

export class ScenarioError extends Error {}

type Mapping = Readonly<Record<string, unknown>>;

/** All scenarios of a file (several YAML documents are several scenarios). */
export function parseScenarios(text: string, file: string): readonly Scenario[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  if (!Array.isArray(documents)) throw new ScenarioError(`${file}: there is no scenario in this file`);
  return documents.map((document) => {
    const [error] = document.errors;
    if (error) throw new ScenarioError(`${file}:${String(lines.linePos(error.pos[0]).line)}: ${error.message}`);
    return readScenario(document.toJS({ maxAliasCount: 1_000 }), file, (i) => lineOf(document, i, lines));
  });
}

function lineOf(document: Document, step: number, lines: LineCounter): number {
  const node = document.getIn(['steps', step], true) as { readonly range?: readonly [number, ...number[]] } | undefined;
  return node?.range ? lines.linePos(node.range[0]).line : 1;
}

function readScenario(value: unknown, file: string, lineOfStep: (step: number) => number): Scenario {
  const at = new Place(file, '');
  const mapping = at.mapping(value, ['scenario', 'definitions', 'start', 'steps']);
  const start = at.key('start');
  const startMs = start.instant(mapping['start']);
  return {
    name: at.key('scenario').text(mapping['scenario']),
    file,
    definitions: at.key('definitions').list(mapping['definitions'] ?? []),
    startMs,
    steps: at
      .key('steps')
      .list(mapping['steps'])
      .map((step, i) => readStep(step, new Place(`${file}:${String(lineOfStep(i))}`, `steps[${String(i)}]`))),
  };
}

function readStep(value: unknown, at: Place): Step {
  const mapping = at.mapping(value, ['advance', 'at', 'send', 'expect', 'unlink', 'apply', 'decide']);
  const actions: Action[] = [];
  if ('apply' in mapping) actions.push({ kind: 'apply', definitions: asList(mapping['apply']) });
  if ('send' in mapping) {
    const calls = asList(mapping['send']).map((call, i) => at.key('send').item(i).mapping(call));
    actions.push({ kind: 'send', calls });
  }
  if ('unlink' in mapping) {
    const pair = at.key('unlink').list(mapping['unlink']);
    if (pair.length !== 2) at.key('unlink').refuse('two people', mapping['unlink']);
    actions.push({ kind: 'unlink', a: readPerson(pair[0], at.key('unlink')), b: readPerson(pair[1], at.key('unlink')) });
  }
  if ('decide' in mapping) actions.push(readDecide(mapping, at));
  else if ('expect' in mapping) actions.push({ kind: 'expect', expect: readExpectation(mapping['expect'], at.key('expect')) });
  return {
    place: at.toString(),
    ...('advance' in mapping ? { advanceMs: at.key('advance').duration(mapping['advance']) } : {}),
    ...('at' in mapping ? { atMs: at.key('at').instant(mapping['at']) } : {}),
    actions,
  };
}

function readDecide(step: Mapping, at: Place): Action {
  const place = at.key('decide');
  const asked = place.mapping(step['decide'], ['person', 'slots', 'context']);
  const expected = at.key('expect').mapping(step['expect']);
  const expect = Object.fromEntries(
    Object.entries(expected).map(([slot, want]) => [
      slot,
      at.key('expect').key(slot).mapping(want, ['content', 'status', 'reason', 'payload']) as ExpectedSlot,
    ]),
  );
  const slots = place.key('slots').list(asked['slots']).map(String);
  const context = place.key('context').mapping(asked['context'] ?? {});
  return { kind: 'decide', person: readPerson(asked['person'], place.key('person')), slots, context, expect };
}

function readExpectation(value: unknown, at: Place): Expectation {
  const mapping = at.mapping(value, [
    'person',
    'segments',
    'features',
    'traits',
    'consent',
    'same-profile-as',
    'other-profile-than',
    'changes',
  ]);
  const optional = <T>(key: string, name: string, read: (value: unknown, place: Place) => T): Record<string, T> =>
    key in mapping ? { [name]: read(mapping[key], at.key(key)) } : {};
  return {
    person: readPerson(mapping['person'], at.key('person')),
    ...optional('segments', 'segments', (held, place) => place.flags(held)),
    ...optional('features', 'features', (held, place) => place.mapping(held)),
    ...optional('traits', 'traits', (held, place) => place.mapping(held)),
    ...optional('consent', 'consent', (held, place) => place.flags(held)),
    ...optional('same-profile-as', 'sameProfileAs', readPerson),
    ...optional('other-profile-than', 'otherProfileThan', readPerson),
    ...optional('changes', 'changes', (held, place) => place.list(held).map((change, i) => readChange(change, place.item(i)))),
  };
}

function readChange(value: unknown, at: Place): ExpectedChange {
  const mapping = at.mapping(value, ['segment', 'kind', 'at', 'reason']);
  return {
    segment: at.key('segment').text(mapping['segment']),
    kind: at.key('kind').text(mapping['kind']),
    ...('at' in mapping ? { atMs: at.key('at').instant(mapping['at']) } : {}),
    ...('reason' in mapping ? { reason: at.key('reason').text(mapping['reason']) } : {}),
  };
}

function readPerson(value: unknown, at: Place): PersonRef {
  const mapping = at.mapping(value, ['userId', 'anonymousId', 'identities']);
  if (Object.keys(mapping).length === 0) at.refuse('a person: userId, anonymousId or identities', value);
  for (const key of ['userId', 'anonymousId']) if (key in mapping) at.key(key).text(mapping[key]);
  const identities = 'identities' in mapping ? at.key('identities').mapping(mapping['identities']) : {};
  for (const [namespace, text] of Object.entries(identities)) at.key('identities').key(namespace).text(text);
  return mapping as PersonRef;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** A place in a scenario file, for refusals. */
class Place {
  constructor(
    private readonly file: string,
    private readonly path: string,
  ) {}

  toString(): string {
    return this.path === '' ? this.file : `${this.file} ${this.path}`;
  }

  key(name: string): Place {
    return new Place(this.file, this.path === '' ? name : `${this.path}.${name}`);
  }

  item(index: number): Place {
    return new Place(this.file, `${this.path}[${String(index)}]`);
  }

  refuse(allowed: string, found: unknown): never {
    throw new ScenarioError(`${this.toString()}: found ${JSON.stringify(found) ?? 'nothing'}, allowed is ${allowed}`);
  }

  mapping(value: unknown, keys?: readonly string[]): Mapping {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return this.refuse('a mapping', value);
    for (const key of Object.keys(value)) if (keys && !keys.includes(key)) this.key(key).refuse(`one of ${keys.join(', ')}`, key);
    return value as Mapping;
  }

  flags(value: unknown): Readonly<Record<string, boolean>> {
    for (const [key, held] of Object.entries(this.mapping(value)))
      if (typeof held !== 'boolean') this.key(key).refuse('true or false', held);
    return value as Record<string, boolean>;
  }

  list(value: unknown): readonly unknown[] {
    return Array.isArray(value) ? value : this.refuse('a list', value);
  }

  text(value: unknown): string {
    return typeof value === 'string' ? value : this.refuse('a text', value);
  }

  duration(value: unknown): number {
    return (
      (typeof value === 'string' ? parseDuration(value) : undefined) ?? this.refuse('a duration such as 29m59.999s or 24h', value)
    );
  }

  instant(value: unknown): number {
    const text = value instanceof Date ? value.toISOString() : value;
    return (typeof text === 'string' ? parseInstant(text) : undefined) ?? this.refuse('an RFC 3339 instant', value);
  }
}
