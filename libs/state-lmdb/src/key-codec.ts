// Keys on disk: stage number, partition, then the document's key in UTF-8, so that the documents of a space stand in key order.
// K1 Injective: an ill-formed string keeps its lone surrogates (three bytes each), so two keys never become one document.
// K2 A key is bounded; LMDB holds no longer one.

/** UTF-8 bytes of a document's key. */
export const KEY_BYTES_MAX = 1970;

const PREFIX_BYTES = 4;
const scratch = Buffer.allocUnsafeSlow(PREFIX_BYTES + KEY_BYTES_MAX * 3);
/** Its beginnings by length: a view of its own for every key would cost as much as encoding it. */
const beginnings: Buffer[] = [];

/** Where the keys of a space begin. */
export function prefixOf(stage: number, partition: number): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt16BE(stage, 0);
  prefix.writeUInt16BE(partition, 2);
  return prefix;
}

/** Above every key of the space. */
export function endOf(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.from([0xff])]);
}

/** Valid until the next call: LMDB copies it at once. */
export function encodeKey(prefix: Buffer, key: string): Buffer {
  if (key.length > KEY_BYTES_MAX) throw tooLong(key);
  prefix.copy(scratch);
  let end = PREFIX_BYTES + scratch.write(key, PREFIX_BYTES);
  if (end - PREFIX_BYTES !== key.length && !key.isWellFormed()) end = writeIllFormed(key);
  if (end - PREFIX_BYTES > KEY_BYTES_MAX) throw tooLong(key);
  return (beginnings[end] ??= scratch.subarray(0, end));
}

export function decodeKey(bytes: Buffer): string {
  const key = bytes.toString('utf8', PREFIX_BYTES);
  return key.includes('\ufffd') ? readIllFormed(bytes) : key;
}

function tooLong(key: string): RangeError {
  return new RangeError(`a key has at most ${String(KEY_BYTES_MAX)} bytes: ${key.slice(0, 60)}…`);
}

function writeIllFormed(key: string): number {
  let at = PREFIX_BYTES;
  for (const character of key) {
    const unit = character.charCodeAt(0);
    if (character.length === 1 && unit >= 0xd800 && unit < 0xe000) {
      scratch[at++] = 0xe0 | (unit >> 12);
      scratch[at++] = 0x80 | ((unit >> 6) & 0x3f);
      scratch[at++] = 0x80 | (unit & 0x3f);
    } else at += scratch.write(character, at);
  }
  return at;
}

function readIllFormed(bytes: Buffer): string {
  let key = '';
  let start = PREFIX_BYTES;
  for (let at = PREFIX_BYTES; at < bytes.length; at++) {
    const second = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xed || second < 0xa0) continue;
    const third = bytes[at + 2] ?? 0;
    key += bytes.toString('utf8', start, at) + String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f));
    start = at + 3;
    at += 2;
  }
  return key + bytes.toString('utf8', start);
}
