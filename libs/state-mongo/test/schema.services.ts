import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { StoreSettingsError } from '../src/errors.js';
import { MongoStateStore } from '../src/mongo-state-store.js';
import { migrate, MIGRATIONS } from '../src/schema.js';
import type { Migration } from '../src/schema.js';
import { freshDatabase, sharedUri } from './subjects.js';

interface Version {
  readonly _id: string;
  readonly version: number;
}

let client: mongoose.mongo.MongoClient;
let database: mongoose.mongo.Db;

beforeEach(async () => {
  client = await mongoose.mongo.MongoClient.connect(sharedUri());
  database = client.db(freshDatabase());
});

afterEach(async () => {
  await database.dropDatabase();
  await client.close();
});

const version = async (): Promise<number | undefined> =>
  (await database.collection<Version>('schema').findOne({ _id: 'state' }))?.version;
const open = (): Promise<MongoStateStore> => MongoStateStore.open({ uri: sharedUri(), database: database.databaseName });

function step(to: number, applied: number[], fails = false): Migration {
  const apply = (): Promise<void> => {
    applied.push(to);
    return fails ? Promise.reject(new Error(`no step to ${String(to)}`)) : Promise.resolve();
  };
  return { to, what: `step ${String(to)}`, apply };
}

describe('the form of the database', () => {
  test('is made by the first process, while others start at the same time', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, open));
    expect(await version()).toBe(MIGRATIONS.at(-1)?.to);
    await stores[0]?.write({ stage: 'features', partition: 0 }, []);
    const indexes = await database.collection('documents.features').indexes();
    expect(indexes.map(({ name }) => name)).toContain('_id_');
    for (const store of stores) await store.close();
  });

  test('of a later release is refused, and nothing is changed', async () => {
    await database.collection<Version>('schema').insertOne({ _id: 'state', version: 99 });
    const failure = await open().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreSettingsError);
    expect((failure as Error).message).toContain('has schema version 99; this release knows up to 1');
    expect(
      (await database.listCollections().toArray()).map(({ name }) => name).filter((name) => !name.startsWith('system.')),
    ).toEqual(['schema']);
  });

  test('goes up step by step, and goes on where a step failed', async () => {
    const applied: number[] = [];
    await expect(migrate(database, [step(1, applied), step(2, applied, true)])).rejects.toThrow('no step to 2');
    expect(await version()).toBe(1);
    await migrate(database, [step(1, applied), step(2, applied), step(3, applied)]);
    await migrate(database, [step(1, applied), step(2, applied), step(3, applied)]);
    expect([applied, await version()]).toEqual([[1, 2, 2, 3], 3]);
  });
});

describe('a store', () => {
  test('with an address that is none says so, without its password', async () => {
    for (const uri of [
      'http://ann:secret@h/db',
      'mongodb://ann:secret@/db',
      'mongodb://ann:secret@127.0.0.1:1/db?nosuchoption=1',
    ]) {
      const failure = await MongoStateStore.open({ uri, selectionMs: 100 }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreSettingsError);
      expect((failure as Error).message).not.toContain('secret');
    }
  });

  test('that is closed refuses every call', async () => {
    const store = await open();
    await store.close();
    await store.close();
    const space = { stage: 'features', partition: 0 };
    for (const call of [store.load(space, []), store.write(space, []), store.loadPartition(space), store.clear(space)])
      await expect(call).rejects.toThrow('the state store is closed');
  });

  test('refuses a stage that is no name of a collection', async () => {
    const store = await open();
    for (const stage of ['', 'a$b', 'a..b', 'A', 'x'.repeat(101), '.a'])
      await expect(store.write({ stage, partition: 0 }, [])).rejects.toThrow('a stage has small letters');
    await store.close();
  });
});
