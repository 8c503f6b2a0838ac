// The form of the database: its version, the steps between versions, its indexes.
// V1 A database of a later form is refused: an older release would not see what it does not know.
// V2 Every step may run twice, and at once in several processes: it is idempotent, and the version only rises from the one it began with.
import type { mongo } from 'mongoose';
import { StoreSettingsError } from './errors.js';
import { byId, whole } from './filters.js';

export interface Migration {
  /** The version after it; the one before is smaller by 1. */
  readonly to: number;
  readonly what: string;
  readonly apply: (database: mongo.Db) => Promise<void>;
}

interface VersionDocument {
  readonly _id: string;
  readonly version: number;
}

export const COLLECTIONS = { schema: 'schema', partitions: 'partitions', documents: 'documents' } as const;
const VERSION_ID = 'state';
const NAMESPACE_EXISTS = 48;
const DUPLICATE_KEY = 11000;

export const MIGRATIONS: readonly Migration[] = [
  {
    to: 1,
    what: 'partition documents have their collection; documents have one per stage, made with its index at first use',
    apply: async (database) => {
      try {
        await database.createCollection(COLLECTIONS.partitions);
      } catch (error) {
        if ((error as { code?: unknown }).code !== NAMESPACE_EXISTS) throw error;
      }
    },
  },
];

/** Sparse: only documents with a timer or an owed job have its fields. Holds all that a scan for timers asks for. */
const DUE_INDEX = { p: 1, d: 1, _id: 1, j: 1 } as const;

/** Brings the database to the last version of `migrations`. Throws StoreSettingsError where it is beyond. */
export async function migrate(database: mongo.Db, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const versions = database.collection<VersionDocument>(COLLECTIONS.schema);
  const known = migrations.at(-1)?.to ?? 0;
  for (;;) {
    const version = whole((await versions.findOne(byId(VERSION_ID)))?.version ?? 0, 'the version of the schema');
    if (version > known) {
      throw new StoreSettingsError(
        `the database ${database.databaseName} has schema version ${String(version)}; this release knows up to ${String(known)}. ` +
          'Start the later release again, or name another database.',
      );
    }
    const next = migrations.find(({ to }) => to === version + 1);
    if (next === undefined) return;
    await next.apply(database);
    await raise(versions, version, next.to);
  }
}

/** Nothing where another process was first. */
async function raise(versions: mongo.Collection<VersionDocument>, from: number, to: number): Promise<void> {
  const filter = { _id: VERSION_ID, version: { $eq: from } };
  try {
    await versions.replaceOne(filter, { version: to }, { upsert: from === 0 });
  } catch (error) {
    if ((error as { code?: unknown }).code !== DUPLICATE_KEY) throw error;
  }
}

/** The collection of a stage's documents with its index, made where they are not there. */
export async function openStage(database: mongo.Db, name: string): Promise<void> {
  await database.collection(name).createIndex(DUE_INDEX, { name: 'due', sparse: true });
}
