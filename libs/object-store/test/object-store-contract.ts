// The contract of the ObjectStore port: one suite for every adapter.
import { expect, test } from '@jest/globals';
import { listAll, OBJECT_BYTES_MAX, type ObjectStore } from '../src/object-store.js';

export interface ObjectStoreOffers {
  /** Of several that put one absent name at once, one writes. */
  readonly exclusive: boolean;
  /** s3rver lists a folder before the names beside it (`b/a` before `b-c`) and fails where `b` is the folder of one name and the beginning of another. */
  readonly byteOrder: boolean;
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const textOf = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('utf8');

export async function namesOf(store: ObjectStore, prefix: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of listAll(store, prefix)) names.push(name);
  return names;
}

async function paged(store: ObjectStore, limit: number): Promise<readonly string[]> {
  const names: string[] = [];
  for (let after: string | undefined; ;) {
    const { objects, next } = await store.list('', { after, limit });
    expect(objects.length).toBeLessThanOrEqual(limit);
    expect(objects.every(({ name, bytes }) => bytes === name.length)).toBe(true);
    names.push(...objects.map(({ name }) => name));
    if (next === undefined) return names;
    after = next;
  }
}

export function objectStoreContract(open: () => Promise<ObjectStore>, { exclusive, byteOrder }: ObjectStoreOffers): void {
  test('an object is read as it was put, empty and large ones too', async () => {
    const store = await open();
    const large = Buffer.alloc(3 << 20, 'no two the same? ');
    await store.put('a/b.c', bytesOf('hé'));
    await store.put('a/empty', new Uint8Array(0));
    await store.put('a/large', large);
    expect(textOf(await store.get('a/b.c'))).toBe('hé');
    expect(await store.get('a/empty')).toHaveLength(0);
    expect(Buffer.compare((await store.get('a/large')) as Uint8Array, large)).toBe(0);
  });

  test('a second put replaces the whole object', async () => {
    const store = await open();
    await store.put('a', bytesOf('the longer first'));
    await store.put('a', bytesOf('second'));
    expect(textOf(await store.get('a'))).toBe('second');
  });

  test('what is not there is undefined, also in a range, and its delete is a success', async () => {
    const store = await open();
    expect(await store.get('no/such')).toBeUndefined();
    expect(await store.getRange('no/such', 0, 10)).toBeUndefined();
    await store.delete('no/such');
  });

  test('a put that must find nothing leaves what is there', async () => {
    const store = await open();
    expect(await store.put('a', bytesOf('first'), { ifAbsent: true })).toBe('written');
    expect(await store.put('a', bytesOf('second'), { ifAbsent: true })).toBe('present');
    expect(textOf(await store.get('a'))).toBe('first');
    await store.delete('a');
    expect(await store.put('a', bytesOf('third'), { ifAbsent: true })).toBe('written');
    expect(textOf(await store.get('a'))).toBe('third');
  });

  if (exclusive) {
    test('of many that put one absent name at once, exactly one writes, and it is that one’s object', async () => {
      const store = await open();
      for (let round = 0; round < 5; round++) {
        const name = `round/${String(round)}`;
        const puts = await Promise.all(
          Array.from({ length: 12 }, async (_, i) => store.put(name, bytesOf(`writer ${String(i)}`), { ifAbsent: true })),
        );
        const winner = puts.indexOf('written');
        expect(puts.filter((put) => put === 'written')).toHaveLength(1);
        expect(textOf(await store.get(name))).toBe(`writer ${String(winner)}`);
      }
    });
  }

  test('a range gives the bytes from its start to before its end, as many as there are', async () => {
    const store = await open();
    await store.put('digits', bytesOf('0123456789'));
    expect(textOf(await store.getRange('digits', 0, 1))).toBe('0');
    expect(textOf(await store.getRange('digits', 3, 7))).toBe('3456');
    expect(textOf(await store.getRange('digits', 7, 70))).toBe('789');
    expect(await store.getRange('digits', 10, 12)).toHaveLength(0);
    await expect(store.getRange('digits', 3, 3)).rejects.toThrow(RangeError);
    await expect(store.getRange('digits', -1, 3)).rejects.toThrow(RangeError);
  });

  test('a listing gives the names of a prefix in their order, in pages, with their sizes', async () => {
    const store = await open();
    const names = [
      'a',
      'b/a',
      'b/aa',
      'b/b',
      'c/d/e',
      'c/d/f',
      'z/10',
      'z/9',
      ...(byteOrder ? ['b-c/x', 'b.c', 'b/a.b/c', 'b0', 'ba/a'] : []),
    ];
    for (const name of [...names].reverse()) await store.put(name, bytesOf(name));
    const sorted = [...names].sort();
    for (const prefix of ['', 'b', 'b/', 'b/a', 'c/d', 'z/1', 'nothing'])
      expect(await namesOf(store, prefix)).toEqual(sorted.filter((name) => name.startsWith(prefix)));
    for (const limit of [1, 2, 5, sorted.length]) expect(await paged(store, limit)).toEqual(sorted);
    if (byteOrder) expect((await store.list('', { after: 'b/a.b' })).objects[0]?.name).toBe('b/a.b/c');
    await store.delete('b/a');
    expect(await namesOf(store, 'b/a')).toEqual(sorted.filter((name) => name.startsWith('b/a') && name !== 'b/a'));
  });

  test('names that reach outside, or that no store would keep, are refused before anything happens', async () => {
    const store = await open();
    const refused = [
      '',
      '/a',
      'a/',
      'a//b',
      '..',
      'a/../b',
      '.hidden',
      'a/.b',
      'a b',
      'é',
      'a\\b',
      'a\u0000',
      'a%2e',
      'x'.repeat(201),
    ];
    for (const name of refused) {
      await expect(store.put(name, bytesOf('x'))).rejects.toThrow(RangeError);
      await expect(store.get(name)).rejects.toThrow(/allowed are parts of letters/);
      await expect(store.delete(name)).rejects.toThrow(RangeError);
    }
    await expect(store.list('../')).rejects.toThrow(RangeError);
    await expect(store.list('a', { limit: 0 })).rejects.toThrow(RangeError);
    expect(await namesOf(store, '')).toEqual([]);
  });

  test('an object above the bound is refused', async () => {
    const store = await open();
    await expect(store.put('a', { length: OBJECT_BYTES_MAX + 1 } as Uint8Array)).rejects.toThrow(/write it in parts/);
  });
}
