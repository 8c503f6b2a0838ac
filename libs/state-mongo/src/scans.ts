// Reading a long answer of the server in chunks, over failures.
// C1 A chunk is one answer of the server: bounded by the batch size and by MongoDB's 16 MiB.
// C2 After a failure that passes, or a cursor that the server has forgotten, a new cursor begins behind the last item that was given.
import type { mongo } from 'mongoose';
import { persistently } from './errors.js';
import type { RetryPolicy } from './errors.js';

/**
 * All items of the cursors that `begin` makes: from the start, or from the last item given. Where a cursor may give some items again,
 * `isAfter` tells those apart that were not given before.
 */
export async function* chunksFrom<T extends object>(
  policy: RetryPolicy,
  what: string,
  begin: (last: T | undefined) => mongo.FindCursor<T>,
  isAfter: (item: T, last: T) => boolean = () => true,
): AsyncIterable<readonly T[]> {
  let last: T | undefined;
  let cursor: mongo.FindCursor<T> | undefined;
  const next = async (): Promise<readonly T[]> => {
    const present = (cursor ??= begin(last));
    try {
      return await nextChunk(present);
    } catch (error) {
      cursor = undefined;
      await present.close().catch(() => undefined);
      throw error;
    }
  };
  try {
    for (;;) {
      const chunk = await persistently(policy, what, next);
      // The driver closes a cursor whose answer was the last one.
      const finished = chunk.length === 0 || cursor?.closed === true;
      const before = last;
      // A new cursor may begin with items given before: they must not take `last` back.
      const fresh = before === undefined ? chunk : chunk.filter((item) => isAfter(item, before));
      last = fresh.at(-1) ?? before;
      if (fresh.length > 0) yield fresh;
      if (finished) return;
    }
  } finally {
    await cursor?.close().catch(() => undefined);
  }
}

/** Empty at the end. */
async function nextChunk<T extends object>(cursor: mongo.FindCursor<T>): Promise<readonly T[]> {
  const first = (await cursor.next()) as T | null;
  return first === null ? [] : [first, ...cursor.readBufferedDocuments()];
}
