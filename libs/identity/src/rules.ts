// Identity rules: which fields carry identifiers, how strong each kind is, and what keeps people apart.
// R1 Compiled once per definition set. A document that is not understood is refused with place, finding and what is allowed.
// R2 A namespace that a document names replaces the default of that name; the others stay. Blocked values are added.
// R3 Patterns of users run on a linear-time engine and have no back-references; their number and length are bounded.
// R4 `graphHash` changes exactly when the same links may now give another graph.
import { sha256 } from '@tessera/hash';
import { RE2JS } from 're2js';
import { NORMALIZATIONS, type Normalization } from './identifiers.js';
import { isPlaceholder } from './placeholders.js';

/** `spec` of an IdentityRules document. */
export interface IdentityRulesSpec {
  readonly namespaces?: Readonly<Record<string, NamespaceSpec>>;
  readonly blocked?: {
    readonly values?: readonly string[];
    readonly patterns?: readonly string[];
    /** false: the built-in placeholders count as identifiers. */
    readonly defaults?: boolean;
  };
  /** Bounds of one person. */
  readonly component?: { readonly identities?: number; readonly links?: number };
  /** An identity linked to more than so many unique ones is generic. */
  readonly generic?: { readonly uniqueIdentities?: number };
}

export interface NamespaceSpec {
  /** Paths, the first usable value counts; none switches the namespace off. */
  readonly from?: readonly string[];
  readonly unique?: boolean;
  readonly normalize?: Normalization;
  readonly limit?: number;
  readonly priority?: number;
}

export interface NamespaceRule {
  readonly name: string;
  readonly from: readonly (readonly string[])[];
  readonly normalize: Normalization;
  /** Two different ones are two people, whatever links them. */
  readonly unique: boolean;
  /** How many of them one person may have. */
  readonly limit: number;
  /** Lower is stronger. */
  readonly priority: number;
}

export interface CompiledIdentityRules {
  /** Strongest first. */
  readonly namespaces: readonly NamespaceRule[];
  readonly identitiesMax: number;
  readonly linksMax: number;
  readonly genericAbove: number;
  readonly graphHash: string;
  /** Links may name namespaces of former rules: they are weak and limited. */
  namespace(name: string): NamespaceRule;
  /** Why a value names nobody; undefined for a usable one. */
  refuses(namespace: string, value: string): 'placeholder' | 'blocked' | undefined;
}

export interface RuleProblem {
  readonly place: string;
  readonly found: unknown;
  readonly allowed: string;
}

export type CompiledRules =
  | { readonly kind: 'compiled'; readonly rules: CompiledIdentityRules }
  | { readonly kind: 'refused'; readonly problems: readonly RuleProblem[] };

const DEFAULT_NAMESPACES: Readonly<Record<string, NamespaceSpec>> = {
  user_id: { from: ['userId'], unique: true, normalize: 'trim', priority: 1 },
  email: { from: ['traits.email', 'context.traits.email'], normalize: 'email', limit: 5, priority: 2 },
  phone: { from: ['traits.phone', 'context.traits.phone'], normalize: 'phone', limit: 5, priority: 3 },
  anonymous_id: { from: ['anonymousId'], normalize: 'trim', priority: 1_000 },
};
const LIMIT_DEFAULT = 5;
const PRIORITY_DEFAULT = 10;
const WEAKEST = 1_000;
const IDENTITIES_MAX = 200;
const LINKS_MAX = 1_000;
const GENERIC_ABOVE = 10;
const PATTERNS_MAX = 100;
const PATTERN_LENGTH_MAX = 200;
const NAMESPACES_MAX = 50;
const NAMESPACE_NAME = /^[a-z][a-z0-9_]{0,31}$/;
const PATH = /^(?:userId|anonymousId|(?:traits|context|properties)(?:\.[^.]+){1,8})$/;

export function compileIdentityRules(spec: unknown): CompiledRules {
  const check = new Check();
  const root = check.object(spec, 'spec', ['namespaces', 'blocked', 'component', 'generic']);
  const namespaces = compileNamespaces(root['namespaces'], check);
  const blocked = compileBlocked(root['blocked'], check);
  const component = check.object(root['component'], 'spec.component', ['identities', 'links']);
  const generic = check.object(root['generic'], 'spec.generic', ['uniqueIdentities']);
  const identitiesMax = check.count(component['identities'], 'spec.component.identities', IDENTITIES_MAX, IDENTITIES_MAX);
  const linksMax = check.count(component['links'], 'spec.component.links', LINKS_MAX, LINKS_MAX);
  const genericAbove = check.count(generic['uniqueIdentities'], 'spec.generic.uniqueIdentities', GENERIC_ABOVE, 500);
  if (check.problems.length > 0) return { kind: 'refused', problems: check.problems };

  const byName = new Map(namespaces.map((rule) => [rule.name, rule]));
  const limits = namespaces.map(({ name, normalize, unique, limit, priority }) => [name, normalize, unique, limit, priority]);
  const graphHash = sha256(JSON.stringify([limits, identitiesMax, linksMax, genericAbove, blocked.text]));
  const namespace = (name: string): NamespaceRule => byName.get(name) ?? unknownNamespace(name);
  const refuses = (name: string, value: string): 'placeholder' | 'blocked' | undefined => {
    if (blocked.has(value)) return 'blocked';
    return blocked.defaults && isPlaceholder(value, namespace(name).normalize === 'phone') ? 'placeholder' : undefined;
  };
  return { kind: 'compiled', rules: { namespaces, identitiesMax, linksMax, genericAbove, graphHash, namespace, refuses } };
}

function unknownNamespace(name: string): NamespaceRule {
  return { name, from: [], normalize: 'none', unique: false, limit: LIMIT_DEFAULT, priority: WEAKEST };
}

function compileNamespaces(given: unknown, check: Check): NamespaceRule[] {
  const named = check.object(given, 'spec.namespaces');
  const names = Object.keys(named);
  if (names.length > NAMESPACES_MAX)
    check.refuse('spec.namespaces', names.length, `at most ${String(NAMESPACES_MAX)} namespaces`);
  const rules: NamespaceRule[] = [];
  for (const name of new Set([...Object.keys(DEFAULT_NAMESPACES), ...names])) {
    const place = `spec.namespaces.${name}`;
    const allowed = 'lower-case letters, digits and _, at most 32; `spell` is taken';
    if (!NAMESPACE_NAME.test(name) || name === 'spell') check.refuse(place, name, allowed);
    else
      rules.push(
        compileNamespace(name, { ...DEFAULT_NAMESPACES[name], ...check.object(named[name], place, NAMESPACE_KEYS) }, check),
      );
  }
  return rules.sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1));
}

const NAMESPACE_KEYS = ['from', 'unique', 'normalize', 'limit', 'priority'];

function compileNamespace(name: string, spec: Readonly<Record<string, unknown>>, check: Check): NamespaceRule {
  const place = `spec.namespaces.${name}`;
  const from = check.texts(spec['from'], `${place}.from`, 20);
  for (const path of from) {
    if (!PATH.test(path))
      check.refuse(`${place}.from`, path, 'userId, anonymousId, or a path under traits, context or properties');
  }
  if (spec['from'] === undefined) check.refuse(`${place}.from`, undefined, 'the paths that carry it; [] switches it off');
  const unique = check.flag(spec['unique'], `${place}.unique`, false);
  const normalize = (spec['normalize'] ?? 'trim') as Normalization;
  if (!NORMALIZATIONS.includes(normalize)) check.refuse(`${place}.normalize`, normalize, NORMALIZATIONS.join(', '));
  const limit = check.count(spec['limit'], `${place}.limit`, unique ? 1 : LIMIT_DEFAULT, IDENTITIES_MAX);
  if (unique && limit !== 1) check.refuse(`${place}.limit`, limit, '1 or no limit for a unique namespace');
  const priority = check.count(spec['priority'], `${place}.priority`, PRIORITY_DEFAULT, WEAKEST);
  return { name, from: from.map((path) => path.split('.')), normalize, unique, limit, priority };
}

interface Blocked {
  /** Canonical text of what is blocked. */
  readonly text: string;
  readonly defaults: boolean;
  has(value: string): boolean;
}

function compileBlocked(given: unknown, check: Check): Blocked {
  const spec = check.object(given, 'spec.blocked', ['values', 'patterns', 'defaults']);
  const defaults = check.flag(spec['defaults'], 'spec.blocked.defaults', true);
  const values = new Set(check.texts(spec['values'], 'spec.blocked.values', 10_000).map((value) => value.toLowerCase().trim()));
  const sources = check.texts(spec['patterns'], 'spec.blocked.patterns', PATTERNS_MAX);
  const patterns = sources.flatMap((source) => compilePattern(source, check));
  const text = JSON.stringify([defaults, [...values].sort(), [...sources].sort()]);
  const has = (value: string): boolean =>
    (values.size > 0 && values.has(value.toLowerCase())) || patterns.some((pattern) => pattern.test(value));
  return { text, defaults, has };
}

function compilePattern(source: string, check: Check): RE2JS[] {
  const place = 'spec.blocked.patterns';
  if (source === '') check.refuse(place, source, 'a pattern that is not empty (an empty one would block everybody)');
  else if (source.length > PATTERN_LENGTH_MAX) check.refuse(place, source, `at most ${String(PATTERN_LENGTH_MAX)} characters`);
  else {
    try {
      return [RE2JS.compile(source)];
    } catch (error) {
      check.refuse(
        place,
        source,
        `a regular expression in RE2 syntax: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return [];
}

/** Reads plain values and collects what is wrong with them. */
class Check {
  readonly problems: RuleProblem[] = [];

  refuse(place: string, found: unknown, allowed: string): void {
    this.problems.push({ place, found, allowed });
  }

  object(value: unknown, place: string, keys?: readonly string[]): Readonly<Record<string, unknown>> {
    if (value === undefined) return {};
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.refuse(place, value, 'a mapping');
      return {};
    }
    for (const key of Object.keys(value)) if (keys && !keys.includes(key)) this.refuse(`${place}.${key}`, key, keys.join(', '));
    return value as Readonly<Record<string, unknown>>;
  }

  texts(value: unknown, place: string, max: number): readonly string[] {
    if (value === undefined) return [];
    if (Array.isArray(value) && value.length <= max && value.every((text) => typeof text === 'string')) return value;
    this.refuse(place, value, `a list of at most ${String(max)} texts`);
    return [];
  }

  flag(value: unknown, place: string, absent: boolean): boolean {
    if (value === undefined || typeof value === 'boolean') return value ?? absent;
    this.refuse(place, value, 'true or false');
    return absent;
  }

  count(value: unknown, place: string, absent: number, max: number): number {
    if (value === undefined) return absent;
    if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= max) return value as number;
    this.refuse(place, value, `a whole number from 1 to ${String(max)}`);
    return absent;
  }
}

export const DEFAULT_IDENTITY_RULES: CompiledIdentityRules = compileDefaults();

function compileDefaults(): CompiledIdentityRules {
  const compiled = compileIdentityRules({});
  if (compiled.kind === 'refused') throw new Error('the default identity rules are refused');
  return compiled.rules;
}
