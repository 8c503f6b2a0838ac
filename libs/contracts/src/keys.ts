// Keys: every record key, document id and cache key is `workspace/kind/id`, parts escaped.
// K1 A key is only ever built here, from its workspace: a key of one workspace cannot name a thing of another.
// K2 The escape is injective: two different (workspace, kind, id) never give the same key.
// K3 Records of one owner share the owner part, and the partition is chosen by that part alone.

declare const keyBrand: unique symbol;
/** `workspace/kind/id[/more]`. */
export type Key = string & { readonly [keyBrand]: true };

export type KeyKind = 'sender' | 'profile' | 'identity' | 'node' | 'workspace' | 'definition' | 'source' | 'device';

const ESCAPED = /[%/\u0000-\u001f]/;

function escapePart(part: string): string {
  if (!ESCAPED.test(part)) return part;
  let escaped = '';
  for (const character of part) {
    escaped += ESCAPED.test(character)
      ? `%${(character.codePointAt(0) as number).toString(16).padStart(2, '0').toUpperCase()}`
      : character;
  }
  return escaped;
}

function unescapePart(part: string): string {
  return part.includes('%') ? part.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))) : part;
}

/** The one constructor of keys. */
export function keyOf(workspace: string, kind: KeyKind, id: string, ...more: readonly string[]): Key {
  let key = `${escapePart(workspace)}/${kind}/${escapePart(id)}`;
  for (const part of more) key += `/${escapePart(part)}`;
  return key as Key;
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
