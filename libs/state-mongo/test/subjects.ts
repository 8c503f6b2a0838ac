// Stores on a database of their own, for tests against a server.
import mongoose from 'mongoose';
import type { StateStoreOffer, StateStoreSubject } from '@tessera/testkit';
import { MongoStateStore } from '../src/mongo-state-store.js';
import type { MongoStateStoreOptions } from '../src/options.js';

let databases = 0;

/** A second store on the same database, with the first one neither closed nor told: what a crash of our process leaves. */
export const MONGO_OFFERS: readonly StateStoreOffer[] = ['reopen', 'crash'];

/** Of the server that `npm run test:services` started, or that was named. */
export function sharedUri(): string {
  const uri = process.env['TESSERA_MONGO_URI'] ?? '';
  if (uri === '') throw new Error('TESSERA_MONGO_URI is not set: run these tests by `npm run test:services`');
  return uri;
}

export function freshDatabase(): string {
  return `tessera_test_${String(process.pid)}_${String(Date.now())}_${String(++databases)}`;
}

export async function withDatabase<T>(uri: string, database: string, work: (db: mongoose.mongo.Db) => Promise<T>): Promise<T> {
  const client = await mongoose.mongo.MongoClient.connect(uri);
  try {
    return await work(client.db(database));
  } finally {
    await client.close();
  }
}

export async function mongoStore(uri: string, options: Partial<MongoStateStoreOptions> = {}): Promise<StateStoreSubject> {
  const database = options.database ?? freshDatabase();
  const store = await MongoStateStore.open({ uri, ...options, database });
  return {
    store,
    reopen: async () => {
      await store.close();
      return mongoStore(uri, { ...options, database });
    },
    crash: () => mongoStore(uri, { ...options, database }),
    dispose: async () => {
      await store.close();
      await withDatabase(uri, database, (db) => db.dropDatabase());
    },
  };
}
