// What applying a set would change, document by document: the plan that `tessera plan` prints.
import type { DefinitionDocument } from '../compiled.js';
import { canonicalJson, compareTexts } from './canonical.js';
import { placeIn } from './error.js';

export interface PathChange {
  readonly place: string;
  /** Absent where it is new. */
  readonly before?: unknown;
  /** Absent where it goes. */
  readonly after?: unknown;
}

export interface PlannedChange {
  readonly action: 'create' | 'update' | 'delete' | 'unchanged';
  readonly kind: string;
  readonly name: string;
  /** Only of an update; by place. */
  readonly differences: readonly PathChange[];
}

/** By kind, then name. `wanted` is the whole set: what is not in it is deleted. */
export function planChange(
  active: readonly DefinitionDocument[],
  wanted: readonly DefinitionDocument[],
): readonly PlannedChange[] {
  const before = new Map(active.map((document) => [keyOf(document), document]));
  const after = new Map(wanted.map((document) => [keyOf(document), document]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort(compareTexts)
    .map((key) => changeOf(before.get(key), after.get(key)));
}

function keyOf({ kind, metadata }: DefinitionDocument): string {
  return `${kind}\n${metadata.name}`;
}

function changeOf(before: DefinitionDocument | undefined, after: DefinitionDocument | undefined): PlannedChange {
  const { kind, metadata } = (after ?? before) as DefinitionDocument;
  const differences = before === undefined || after === undefined ? [] : [...differencesOf('', before, after)];
  const action =
    before === undefined ? 'create' : after === undefined ? 'delete' : differences.length === 0 ? 'unchanged' : 'update';
  return { action, kind, name: metadata.name, differences };
}

function* differencesOf(place: string, before: unknown, after: unknown): Generator<PathChange> {
  if (canonicalJson(before) === canonicalJson(after)) return;
  const [old, young] = [partsOf(before), partsOf(after)];
  if (old === undefined || young === undefined || Array.isArray(before) !== Array.isArray(after)) {
    yield { place, before, after };
    return;
  }
  for (const key of new Set([...old.keys(), ...young.keys()])) {
    const part = placeIn(place, key);
    if (!young.has(key)) yield { place: part, before: old.get(key) };
    else if (!old.has(key)) yield { place: part, after: young.get(key) };
    else yield* differencesOf(part, old.get(key), young.get(key));
  }
}

function partsOf(value: unknown): ReadonlyMap<string | number, unknown> | undefined {
  if (Array.isArray(value)) return new Map<string | number, unknown>(value.entries());
  return typeof value === 'object' && value !== null ? new Map<string | number, unknown>(Object.entries(value)) : undefined;
}
