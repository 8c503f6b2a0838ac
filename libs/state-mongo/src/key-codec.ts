// Keys as `_id`: the partition in four hexadecimal digits, a slash, then one character per byte of the key's UTF-8.
// K1 Injective: an ill-formed string keeps its lone surrogates (three bytes each), so two keys never become one document. BSON itself
//    would replace them.
// K2 The order of the ids is that of the keys' UTF-8 bytes, whether a server compares bytes, code points or UTF-16 units.
// K3 A key is bounded as in the embedded store. A key of ASCII, nearly every one, stands as it is.
import type { Key } from '@tessera/contracts';

/** UTF-8 bytes of a document's key. */
export const KEY_BYTES_MAX = 1970;

const PREFIX_LENGTH = 5;
const ASCII = /^[\0-\x7f]*$/;

/** What the ids of a partition begin with, and the first text above all of them. */
export function rangeOf(partition: number): { readonly prefix: string; readonly end: string } {
  if (!Number.isInteger(partition) || partition < 0 || partition > 0xffff) {
    throw new RangeError(`a partition is a whole number from 0 to 65535, not ${String(partition)}`);
  }
  const digits = partition.toString(16).padStart(4, '0');
  // '0' is the character after '/'.
  return { prefix: `${digits}/`, end: `${digits}0` };
}

export function encodeId(prefix: string, key: string): string {
  if (typeof key !== 'string') throw new TypeError(`a key is a string, not ${typeof key}`);
  if (key.length > KEY_BYTES_MAX) throw tooLong(key);
  if (ASCII.test(key)) return prefix + key;
  const bytes = key.isWellFormed() ? Buffer.from(key) : illFormedBytes(key);
  if (bytes.length > KEY_BYTES_MAX) throw tooLong(key);
  return prefix + bytes.toString('latin1');
}

export function decodeId(id: string): Key {
  const text = id.slice(PREFIX_LENGTH);
  if (ASCII.test(text)) return text as Key;
  const bytes = Buffer.from(text, 'latin1');
  const key = bytes.toString();
  return (key.includes('\ufffd') ? illFormedText(bytes) : key) as Key;
}

function tooLong(key: string): RangeError {
  return new RangeError(`a key has at most ${String(KEY_BYTES_MAX)} bytes: ${key.slice(0, 60)}…`);
}

/** UTF-8, with three bytes for each lone surrogate. */
function illFormedBytes(key: string): Buffer {
  return Buffer.concat(
    Array.from(key, (character) => (character.isWellFormed() ? Buffer.from(character) : surrogateBytes(character))),
  );
}

function surrogateBytes(character: string): Buffer {
  const unit = character.charCodeAt(0);
  return Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]);
}

function illFormedText(bytes: Buffer): string {
  let key = '';
  let start = 0;
  for (let at = 0; at < bytes.length; at++) {
    const second = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xed || second < 0xa0) continue;
    const third = bytes[at + 2] ?? 0;
    key += bytes.toString('utf8', start, at) + String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f));
    at += 2;
    start = at + 1;
  }
  return key + bytes.toString('utf8', start);
}
