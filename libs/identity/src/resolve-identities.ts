// Who an incoming call is about, by the rules: chosen once, by ingestion, and written into the record.
// W1 The sender is the device (anonymous id), else the strongest identifier; without any the caller refuses the event.
// W2 Blocked values and placeholders count as absent for sender and identities alike.
// W3 Per namespace the first usable value of its paths counts; own properties only, never the prototype's.
import type { Identity } from '@tessera/contracts';
import { normalizeIdentifier, type UnusableReason } from './identifiers.js';
import type { CompiledIdentityRules, NamespaceRule } from './rules.js';

/** The fields of a call that paths may start from, as they came. */
export interface IdentifyingFields {
  readonly userId?: unknown;
  readonly anonymousId?: unknown;
  readonly traits?: unknown;
  readonly context?: unknown;
  readonly properties?: unknown;
}

export interface IgnoredIdentifier {
  readonly field: string;
  /** At most 100 characters of it. */
  readonly value: string;
  readonly reason: UnusableReason;
}

export interface ResolvedIdentities {
  readonly userId?: string;
  readonly anonymousId?: string;
  /** Further identities, strongest first. */
  readonly identities: readonly Identity[];
  /** `namespace:value`; absent when the call names nobody. */
  readonly sender?: string;
  readonly ignored: readonly IgnoredIdentifier[];
}

export function resolveIdentities(input: IdentifyingFields, rules: CompiledIdentityRules): ResolvedIdentities {
  const identities: Identity[] = [];
  const ignored: IgnoredIdentifier[] = [];
  // Filled in one field after the other: spreading optional fields costs five times the rest of this function.
  const resolved: { -readonly [K in keyof ResolvedIdentities]: ResolvedIdentities[K] } = { identities, ignored };
  for (const rule of rules.namespaces) {
    const value = valueOf(input, rule, rules, ignored);
    if (value === undefined) continue;
    if (rule.name === 'anonymous_id') {
      resolved.anonymousId = value;
      resolved.sender = `anonymous_id:${value}`;
      continue;
    }
    resolved.sender ??= `${rule.name}:${value}`;
    if (rule.name === 'user_id') resolved.userId = value;
    else identities.push({ namespace: rule.name, value });
  }
  return resolved;
}

function valueOf(
  input: IdentifyingFields,
  rule: NamespaceRule,
  rules: CompiledIdentityRules,
  ignored: IgnoredIdentifier[],
): string | undefined {
  for (const path of rule.from) {
    const raw = valueAt(input, path);
    const normalized = normalizeIdentifier(raw, rule.normalize);
    if (normalized.kind === 'absent') continue;
    const reason = normalized.kind === 'unusable' ? normalized.reason : rules.refuses(rule.name, normalized.value);
    if (normalized.kind === 'value' && reason === undefined) return normalized.value;
    ignored.push({ field: path.join('.'), value: excerpt(raw), reason: reason ?? 'blocked' });
  }
  return undefined;
}

function valueAt(input: IdentifyingFields, path: readonly string[]): unknown {
  let value: unknown = input;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

function excerpt(raw: unknown): string {
  if (typeof raw === 'string') return raw.slice(0, 100);
  return typeof raw === 'number' || typeof raw === 'boolean' ? String(raw) : `(${Array.isArray(raw) ? 'list' : typeof raw})`;
}
