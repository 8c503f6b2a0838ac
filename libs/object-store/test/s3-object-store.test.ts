// Over s3rver, a real HTTP server. What it cannot prove: it checks no signature of version 4 and no checksum, and knows no conditional write;
// the front before it (s3-front.ts) answers those as the documentation of S3 says.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { S3ObjectStore } from '../src/s3-object-store.js';
import type { S3Settings } from '../src/s3-settings.js';
import { objectStoreContract } from './object-store-contract.js';
import { BUCKET, CREDENTIALS, S3Front } from './s3-front.js';

let front: S3Front;
let stores = 0;
beforeAll(async () => {
  front = await S3Front.start();
});
afterAll(() => front.stop());
afterEach(() => {
  front.faults.length = 0;
  front.requests.length = 0;
});

/** A store of its own prefix. */
function open(settings: Partial<S3Settings> = {}): S3ObjectStore {
  return new S3ObjectStore({
    endpoint: front.endpoint,
    region: 'us-east-1',
    bucket: BUCKET,
    prefix: `test/${String(stores++)}/`,
    addressing: 'path',
    conditionalPut: 'header',
    credentials: CREDENTIALS,
    timeoutMs: 5_000,
    pauseMs: 1,
    ...settings,
  });
}

const bytes = Buffer.from('some bytes of an object');

describe('S3ObjectStore keeps the contract of ObjectStore, with conditional writes', () => {
  objectStoreContract(() => Promise.resolve(open()), { exclusive: true, byteOrder: false });
});

describe('S3ObjectStore keeps the contract of ObjectStore, where the server knows no conditional write', () => {
  objectStoreContract(() => Promise.resolve(open({ endpoint: front.bare, conditionalPut: 'look-first' })), {
    exclusive: false,
    byteOrder: false,
  });
});

describe('S3ObjectStore', () => {
  test('signs what it sends, names the hash of its bytes, and keeps the secret to itself', async () => {
    await open().put('a', bytes);
    const { headers } = front.requests[0] as (typeof front.requests)[0];
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=S3RVER\/\d{8}\/us-east-1\/s3\/aws4_request, SignedHeaders=/,
    );
    expect(headers.authorization).toContain('x-amz-checksum-sha256;x-amz-content-sha256;x-amz-date;x-amz-meta-sha256');
    expect(headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
    const refused = open({ credentials: { accessKeyId: 'nobody', secretAccessKey: 'not to be seen' } });
    await expect(refused.put('a', bytes)).rejects.toThrow(/answered 403: InvalidAccessKeyId.*check the access key/);
    await expect(refused.put('a', bytes)).rejects.not.toThrow(/not to be seen/);
  });

  test('tries again after 503, 429, an answer cut short and a lost connection, and then succeeds', async () => {
    const store = open();
    await store.put('a', bytes);
    front.faults.push({ kind: 'status', status: 503 }, { kind: 'status', status: 429 }, { kind: 'cut' }, { kind: 'after' });
    expect(await store.get('a')).toEqual(new Uint8Array(bytes));
  });

  test('gives up after its attempts with a RetryableError that says what happened', async () => {
    front.faults.push(...Array.from({ length: 3 }, () => ({ kind: 'status', status: 500 }) as const));
    await expect(open({ attempts: 3 }).put('a', bytes)).rejects.toMatchObject({
      name: 'RetryableError',
      message: expect.stringMatching(
        /^S3: PUT objects\/test\/\d+\/a at .* answered 500: SlowDown, 3 times$/,
      ) as unknown as string,
    });
    expect(front.requests).toHaveLength(3);
  });

  test('waits no longer than its time limit for an answer', async () => {
    front.faults.push({ kind: 'hang' }, { kind: 'hang' });
    const startMs = performance.now();
    await expect(open({ attempts: 2, timeoutMs: 100 }).get('a')).rejects.toThrow(/had no answer, 2 times/);
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });

  test('does not try again what is refused', async () => {
    await expect(open({ bucket: 'no-such-bucket' }).put('a', bytes)).rejects.toThrow(
      /answered 404: NoSuchBucket.*create the bucket/,
    );
    await expect(open({ bucket: 'no-such-bucket' }).get('a')).rejects.toThrow('there is no bucket no-such-bucket');
    expect(front.requests).toHaveLength(2);
  });

  test('knows its own object where the answer to a conditional write was lost, and no other’s', async () => {
    const store = open();
    front.faults.push({ kind: 'after' });
    expect(await store.put('a', bytes, { ifAbsent: true })).toBe('written');
    front.faults.push({ kind: 'status', status: 503 });
    expect(await store.put('a', Buffer.from('another'), { ifAbsent: true })).toBe('present');
    expect(await store.get('a')).toEqual(new Uint8Array(bytes));
  });

  test('refuses bytes that are not those which were written', async () => {
    const store = open();
    await store.put('a', bytes);
    front.faults.push({ kind: 'other-bytes' });
    await expect(store.get('a')).rejects.toThrow('came with other bytes than were written');
  });

  test('asks under the name of the bucket where the service wants that', async () => {
    const asked: URL[] = [];
    const store = open({
      endpoint: 'https://s3.example.org',
      addressing: 'virtual-host',
      prefix: 'p/',
      fetch: (input, init) => {
        const url = new URL(input as URL);
        asked.push(url);
        return fetch(`${front.endpoint}/${BUCKET}${url.pathname}${url.search}`, init);
      },
    });
    await store.put('a/b', bytes);
    expect(await store.get('a/b')).toEqual(new Uint8Array(bytes));
    expect((await store.list('a/')).objects).toEqual([{ name: 'a/b', bytes: bytes.length }]);
    expect(asked.map(({ origin, pathname }) => `${origin}${pathname}`)).toEqual([
      'https://objects.s3.example.org/p/a/b',
      'https://objects.s3.example.org/p/a/b',
      'https://objects.s3.example.org/',
    ]);
  });

  test('refuses settings that make no sense and names them', () => {
    expect(() => open({ endpoint: 'ftp://x' })).toThrow('S3 endpoint: found "ftp://x"');
    expect(() => open({ bucket: 'No' })).toThrow('S3 bucket: found "No"');
    expect(() => open({ prefix: 'a' })).toThrow('S3 prefix: found "a"');
    expect(() => open({ credentials: { accessKeyId: '', secretAccessKey: '' } })).toThrow('S3 credentials: found none');
  });
});
