// Keys: every record key, document id and cache key is `workspace/kind/id`, parts escaped.
// K1 A key is only ever built here, from its workspace: a key of one workspace cannot name a thing of another.
// K2 The escape is injective: two different (workspace, kind, id) never give the same key, nor the same bytes of UTF-8.
// K3 Records of one owner share the owner part, and the partition is chosen by that part alone.

declare const keyBrand: unique symbol;
/** `workspace/kind/id[/more]`. */
export type Key = string & { readonly [keyBrand]: true };

export type KeyKind = 'sender' | 'profile' | 'identity' | 'node' | 'workspace' | 'definition' | 'source' | 'device';

// Also halves of surrogate pairs: alone, all of them would become the same bytes. A whole pair is looked at and left.
const SUSPECT = /[%/\u0000-\u001f\ud800-\udfff]/;
const ESCAPE = /%([0-9A-F]{2})|%u([0-9A-F]{4})/g;

function escapePart(part: string): string {
  if (!SUSPECT.test(part)) return part;
  let escaped = '';
  for (const character of part) escaped += character.length === 1 && SUSPECT.test(character) ? escapeUnit(character) : character;
  return escaped;
}

function escapeUnit(unit: string): string {
  const hex = unit.charCodeAt(0).toString(16).toUpperCase();
  return hex.length > 2 ? `%u${hex}` : `%${hex.padStart(2, '0')}`;
}

function unescapePart(part: string): string {
  if (!part.includes('%')) return part;
  return part.replace(ESCAPE, (_, two: string | undefined, four: string | undefined) =>
    String.fromCharCode(parseInt((two ?? four) as string, 16)),
  );
}

/** The one constructor of keys. */
export function keyOf(workspace: string, kind: KeyKind, id: string, ...more: readonly string[]): Key {
  let key = `${escapePart(workspace)}/${kind}/${escapePart(id)}`;
  for (const part of more) key += `/${escapePart(part)}`;
  return key as Key;
}

/** The key of a part of what `owner` names. */
export function keyUnder(owner: Key, part: string): Key {
  return `${owner}/${escapePart(part)}` as Key;
}

export interface KeyParts {
  readonly workspace: string;
  readonly kind: KeyKind;
  readonly id: string;
  readonly more: readonly string[];
}

/** The parts of a key that `keyOf` built. */
export function partsOf(key: Key): KeyParts {
  const [workspace = '', kind = '', id = '', ...more] = key.split('/');
  return {
    workspace: unescapePart(workspace),
    kind: kind as KeyKind,
    id: unescapePart(id),
    more: more.map(unescapePart),
  };
}

/** The part of a key that chooses its partition: `workspace/kind/id`. */
export function ownerOf(key: Key): Key {
  let slash = key.indexOf('/');
  slash = key.indexOf('/', slash + 1);
  slash = key.indexOf('/', slash + 1);
  return slash < 0 ? key : (key.slice(0, slash) as Key);
}

/** True for keys of this workspace. */
export function belongsTo(key: string, workspace: string): boolean {
  return key.startsWith(`${escapePart(workspace)}/`);
}
