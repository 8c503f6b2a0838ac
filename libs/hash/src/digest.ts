// Digests: SHA-256 names for documents, keyed names for people, and a fast 53-bit hash for duplicates.
import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** Lower-case RFC 4648 base32 without padding. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let buffer = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(buffer >>> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  if (bits > 0) text += BASE32[(buffer << (5 - bits)) & 31];
  return text;
}

const secrets = new Map<string, KeyObject>();
const SECRETS_MAX = 1_000;

/** A key object is made once per secret: making one costs as much as the digest. */
function keyOfSecret(secret: string): KeyObject {
  let key = secrets.get(secret);
  if (!key) {
    if (secrets.size >= SECRETS_MAX) secrets.clear();
    secrets.set(secret, (key = createSecretKey(secret, 'utf8')));
  }
  return key;
}

/** `p_` + base32 of 128 bits of HMAC-SHA-256(workspace secret, node): no plain hash of an identifier leaves the system. */
export function profileId(secret: string, node: string): string {
  return `p_${base32(createHmac('sha256', keyOfSecret(secret)).update(node).digest().subarray(0, 16))}`;
}

/** Lower-case hex SHA-256 of UTF-8 text. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * 53-bit non-cryptographic hash (two 32-bit multiply-xorshift lanes over UTF-16 units). For telling duplicates apart within
 * one sender: among 10,000 ids of a sender a false duplicate has a chance of 1e4 / 2^53, about 1e-12 an event.
 */
export function hash53(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
