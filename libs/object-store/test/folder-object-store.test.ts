import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { FolderObjectStore } from '../src/folder-object-store.js';
import { namesOf, objectStoreContract } from './object-store-contract.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-objects-'));
  folders.push(folder);
  return folder;
}

describe('FolderObjectStore keeps the contract of ObjectStore', () => {
  objectStoreContract(() => FolderObjectStore.open(newFolder()), { exclusive: true, byteOrder: true });
});

describe('FolderObjectStore', () => {
  test('finds again what another process wrote there', async () => {
    const folder = newFolder();
    await (await FolderObjectStore.open(folder)).put('a/b', Buffer.from('x'));
    expect(await namesOf(await FolderObjectStore.open(folder), '')).toEqual(['a/b']);
  });

  test('leaves no draft behind, lists none, and sweeps those of a crash once nobody can own them', async () => {
    const folder = newFolder();
    const store = await FolderObjectStore.open(folder);
    await store.put('a', Buffer.from('x'));
    await store.put('a', Buffer.from('x'), { ifAbsent: true });
    expect(readdirSync(join(folder, '.drafts'))).toEqual([]);
    for (const name of ['old', 'young']) writeFileSync(join(folder, '.drafts', name), 'half an obj');
    utimesSync(join(folder, '.drafts', 'old'), new Date(0), new Date(0));
    expect(await namesOf(await FolderObjectStore.open(folder), '')).toEqual(['a']);
    expect(readdirSync(join(folder, '.drafts'))).toEqual(['young']);
  });

  test('is readable by its owner only', async () => {
    const folder = join(newFolder(), 'new');
    await (await FolderObjectStore.open(folder)).put('a/b', Buffer.from('x'));
    expect(statSync(folder).mode & 0o077).toBe(0);
    expect(statSync(join(folder, 'a/b')).mode & 0o077).toBe(0);
  });

  test('refuses a name that is the folder of another', async () => {
    const folder = newFolder();
    const store = await FolderObjectStore.open(folder);
    await store.put('a/b', Buffer.from('x'));
    await expect(store.put('a', Buffer.from('x'))).rejects.toThrow('the object a could not be written');
    await expect(store.put('a/b/c', Buffer.from('x'))).rejects.toThrow('the object a/b/c could not be written');
    expect(existsSync(join(folder, 'a/b'))).toBe(true);
  });
});
