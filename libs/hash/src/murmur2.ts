// murmur2 as Kafka's default partitioner computes it (org.apache.kafka.common.utils.Utils.murmur2), so that
// records which others produce with a stock client land in the partition where we look for them.

const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const encoder = new TextEncoder();
const scratch = new Uint8Array(4096);

/** 32-bit signed hash of the UTF-8 bytes. */
export function murmur2(text: string): number {
  const bytes = utf8(text);
  const length = bytes.length;
  let h = SEED ^ length;
  let i = 0;
  for (const end = length - (length & 3); i < end; i += 4) {
    let k =
      ((bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24)) >>>
      0;
    k = Math.imul(k, M);
    k ^= k >>> 24;
    k = Math.imul(k, M);
    h = Math.imul(h, M) ^ k;
  }
  const rest = length & 3;
  if (rest === 3) h ^= (bytes[i + 2] as number) << 16;
  if (rest >= 2) h ^= (bytes[i + 1] as number) << 8;
  if (rest >= 1) h = Math.imul(h ^ (bytes[i] as number), M);
  h ^= h >>> 13;
  h = Math.imul(h, M);
  h ^= h >>> 15;
  return h | 0;
}

/** Partition of a key: Kafka's default for keyed records. */
export function partitionOf(key: string, partitions: number): number {
  return partitions === 1 ? 0 : (murmur2(key) & 0x7fffffff) % partitions;
}

function utf8(text: string): Uint8Array {
  if (text.length * 3 > scratch.length) return encoder.encode(text);
  return scratch.subarray(0, encoder.encodeInto(text, scratch).written);
}
