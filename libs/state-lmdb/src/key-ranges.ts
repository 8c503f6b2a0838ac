// Cuts a checkpoint into pieces that stand next to each other on disk. A transaction copies every leaf page that it touches: pieces in
// order of change would each touch nearly all of them, pieces by key range touch each page once. One transaction for all would copy as
// little, but LMDB's list of changed pages is slow when long, and the event loop must not wait for 100,000 puts.
// R1 Every document is in exactly one range; documents of one key keep their order.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StateDocument } from '@tessera/runtime';

/** Samples per range: their order is what the ranges are cut at, so ranges come out within about a factor of two of each other. */
const SAMPLES_PER_RANGE = 16;

/** Documents sorted into ranges between two turns of the event loop. */
const SLICE_DOCUMENTS = 10_000;

/** About `count` ranges of equal length, in key order of the ranges. */
export async function keyRanges(
  documents: readonly StateDocument[],
  count: number,
): Promise<readonly (readonly StateDocument[])[]> {
  if (documents.length === 0) return [];
  if (count <= 1) return [documents];
  const bounds = boundsOf(documents, count);
  const ranges = Array.from({ length: count }, (): StateDocument[] => []);
  for (let i = 0; i < documents.length; i++) {
    if (i > 0 && i % SLICE_DOCUMENTS === 0) await nextTurn();
    const document = documents[i] as StateDocument;
    (ranges[rangeOf(document.key, bounds)] as StateDocument[]).push(document);
  }
  return ranges.filter((range) => range.length > 0);
}

/** The first keys of all ranges but the first. */
function boundsOf(documents: readonly StateDocument[], count: number): readonly string[] {
  const step = Math.max(1, Math.floor(documents.length / (count * SAMPLES_PER_RANGE)));
  const samples: string[] = [];
  for (let i = 0; i < documents.length; i += step) samples.push((documents[i] as StateDocument).key);
  samples.sort();
  return Array.from({ length: count - 1 }, (_, i) => samples[Math.floor(((i + 1) * samples.length) / count)] as string);
}

function rangeOf(key: string, bounds: readonly string[]): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bounds[middle] as string) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
