// Documents for the laws of the state store, and how they are compared.
import assert from 'node:assert/strict';
import { keyOf } from '@tessera/contracts';
import type { Key } from '@tessera/contracts';
import type { Space, StateDocument, StateStore } from '@tessera/runtime';

export const SPACE: Space = { stage: 'features', partition: 3 };

export function idKey(id: string): Key {
  return keyOf('w', 'sender', id);
}

/** A document whose bytes tell its key and offset. */
export function documentOf(id: string, lastOffset: number, rest: Partial<StateDocument> = {}): StateDocument {
  const bytes = new TextEncoder().encode(`${id} at ${String(lastOffset)}`);
  return { key: idKey(id), lastOffset, dueMs: Infinity, jobOwed: false, bytes, ...rest };
}

/** The store's bytes may be views of any kind of array: their content counts. */
export function plain(document: StateDocument | undefined): unknown {
  return document && { ...document, bytes: Buffer.from(document.bytes).toString('latin1') };
}

export async function assertLoads(
  store: StateStore,
  space: Space,
  keys: readonly Key[],
  expected: readonly (StateDocument | undefined)[],
): Promise<void> {
  const loaded = await store.load(space, keys);
  assert.deepEqual(loaded.map(plain), expected.map(plain));
}

export async function collect<T>(chunks: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const chunk of chunks) for (const one of chunk) all.push(one);
  return all;
}

/** By the bytes of their UTF-8 form. */
export function inKeyOrder<T extends { readonly key: Key }>(documents: readonly T[]): readonly T[] {
  return [...documents].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}
