// Guarded writes in bulks, and work on several bulks at once.
// B1 A bulk has a bounded number of documents and bytes; a larger document goes alone.
// B2 A write is refused only where a document stands that is not older. An upsert that meets a duplicate key says less: another upsert
//    of the same new key may have been first with an older document. So what met one is asked again, as an update without upsert.
// B3 When one bulk fails, no further one begins, and the failure is thrown after all that are under way have ended.
import mongoose from 'mongoose';
import type { GuardFilter, PartitionGuardFilter } from './filters.js';
import { writeConcernOf } from './options.js';

/** One update of MongoDB's update command. The `_id` comes from the filter. */
export interface Update {
  readonly q: GuardFilter | PartitionGuardFilter;
  readonly u: object;
  readonly upsert: boolean;
}

interface UpdateAnswer {
  /** Matched and upserted. */
  readonly n: number;
  readonly writeErrors?: readonly { readonly index: number; readonly code: number; readonly errmsg: string }[];
}

const DUPLICATE_KEY = 11000;

export interface Target {
  readonly database: mongoose.mongo.Db;
  readonly collection: string;
  readonly answerMs: number;
}

/** Replaces or inserts each document whose guard lets it; resolves, when durable, with the number of the others. */
export async function writeGuarded(target: Target, updates: readonly Update[]): Promise<number> {
  const { writeErrors = [] } = await send(target, updates);
  if (writeErrors.length === 0) return 0;
  const met = writeErrors.map(({ index }) => ({ ...(updates[index] as Update), upsert: false }));
  const { n } = await send(target, met);
  return met.length - n;
}

/** The command itself and not the driver's bulk, which measures every document before it encodes it. */
async function send({ database, collection, answerMs }: Target, updates: readonly Update[]): Promise<UpdateAnswer> {
  const { w, journal, wtimeoutMS } = writeConcernOf(answerMs);
  const answer = (await database.command({
    update: collection,
    updates,
    ordered: false,
    writeConcern: { w, j: journal, wtimeout: wtimeoutMS },
  })) as unknown as UpdateAnswer;
  const failed = answer.writeErrors?.find(({ code }) => code !== DUPLICATE_KEY);
  if (failed !== undefined) throw new mongoose.mongo.MongoServerError({ ...failed });
  return answer;
}

/** Cuts a list so that every piece stays within both limits, or is one item. */
export function cut<T>(
  items: readonly T[],
  countMax: number,
  sizeMax: number,
  sizeOf: (item: T) => number,
): readonly (readonly T[])[] {
  const pieces: T[][] = [];
  let size = 0;
  for (const item of items) {
    const more = sizeOf(item);
    const last = pieces.at(-1);
    if (last !== undefined && last.length < countMax && size + more <= sizeMax) {
      last.push(item);
      size += more;
    } else {
      pieces.push([item]);
      size = more;
    }
  }
  return pieces;
}

/** Results in the order of the items; at most `atOnce` under way. */
export async function several<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const at = next++;
      try {
        results[at] = await work(items[at] as T);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
