import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { RetryableError } from '@tessera/runtime';
import { LmdbEnvironment } from '../src/environment.js';
import { FolderOwnedError } from '../src/owner.js';
import type { Owner } from '../src/owner.js';

const folders: string[] = [];
const environments: LmdbEnvironment[] = [];

afterEach(async () => {
  for (const environment of environments.splice(0)) await environment.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-environment-'));
  folders.push(folder);
  return folder;
}

function open(folder = newFolder()): LmdbEnvironment {
  const environment = LmdbEnvironment.open(folder);
  environments.push(environment);
  return environment;
}

/** Closes the environment and leaves the claim of another process in it. */
async function leaveClaim(environment: LmdbEnvironment, change: (own: Owner) => Owner): Promise<string> {
  const own = environment.readMeta<Owner>('owner') as Owner;
  const { folder } = environment;
  const image = newFolder();
  await environment.write(() => {
    environment.putMeta('owner', change(own));
  });
  copyFileSync(join(folder, 'data.mdb'), join(image, 'data.mdb'));
  await environment.close();
  environments.splice(environments.indexOf(environment), 1);
  copyFileSync(join(image, 'data.mdb'), join(folder, 'data.mdb'));
  return folder;
}

describe('a folder', () => {
  test('has one owner: a second open names its process, and leaves it undisturbed', async () => {
    const environment = open();
    expect(() => LmdbEnvironment.open(environment.folder)).toThrow(FolderOwnedError);
    expect(() => LmdbEnvironment.open(environment.folder)).toThrow(`in use by process ${String(process.pid)}`);
    const database = environment.database('numbers');
    await environment.write(() => void database.put(Buffer.from('a'), Buffer.from('1')));
    expect(database.get(Buffer.from('a'))?.toString()).toBe('1');
  });

  test('is free after the close', async () => {
    const environment = open();
    await environment.close();
    environments.pop();
    expect(open(environment.folder).folder).toBe(environment.folder);
  });

  test('is free when its owner is dead', async () => {
    open(await leaveClaim(open(), (own) => ({ ...own, pid: 2 ** 22 + 1 })));
  });

  test('is free when another process has the number of its owner: the start time differs', async () => {
    open(await leaveClaim(open(), (own) => ({ ...own, started: '1' })));
  });

  test('is free after the machine was started again', async () => {
    open(await leaveClaim(open(), (own) => ({ ...own, boot: 'another' })));
  });

  test('is owned when only the claim tells so', async () => {
    const folder = await leaveClaim(open(), (own) => own);
    expect(() => LmdbEnvironment.open(folder)).toThrow(FolderOwnedError);
  });

  test('has no owner as a copy, even while the original is in use', () => {
    const environment = open();
    const copy = newFolder();
    copyFileSync(join(environment.folder, 'data.mdb'), join(copy, 'data.mdb'));
    expect(open(copy).folder).toBe(copy);
  });
});

describe('a transaction', () => {
  test('shows nothing before it is done, and all of it then', async () => {
    const environment = open();
    const database = environment.database('numbers');
    const write = environment.write(() => {
      for (let i = 0; i < 100; i++) void database.put(Buffer.from([i]), Buffer.from([i]));
    });
    expect(database.get(Buffer.from([7]))).toBeUndefined();
    await write;
    expect(database.get(Buffer.from([7]))).toEqual(Buffer.from([7]));
    expect(environment.usage(database).entries).toBe(100);
    expect(environment.fileBytes()).toBeGreaterThan(0);
  });

  test('that fails is an error of the world', async () => {
    const environment = open();
    const database = environment.database('numbers');
    await environment.close();
    environments.pop();
    await expect(environment.write(() => void database.put(Buffer.from('a'), Buffer.from('1')))).rejects.toThrow(RetryableError);
  });

  test('of JSON documents is read by name', async () => {
    const environment = open();
    expect(environment.readMeta('catalog')).toBeUndefined();
    await environment.write(() => {
      environment.putMeta('catalog', { form: 1 });
    });
    expect(environment.readMeta('catalog')).toEqual({ form: 1 });
  });

  test('can be followed by a read and the close in the same turn', async () => {
    const environment = open();
    const database = environment.database('numbers');
    await environment.write(() => void database.put(Buffer.from('a'), Buffer.from('1')));
    database.get(Buffer.from('a'));
    await environment.close();
    environments.pop();
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
