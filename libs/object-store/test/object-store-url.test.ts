import { describe, expect, test } from '@jest/globals';
import { parseObjectStoreUrl } from '../src/object-store-url.js';

describe('the address of an object store', () => {
  test('is a folder, as a path or as file://', () => {
    expect(parseObjectStoreUrl('./backups')).toEqual({ kind: 'folder', folder: './backups' });
    expect(parseObjectStoreUrl('file:///var/backups')).toEqual({ kind: 'folder', folder: '/var/backups' });
  });

  test('is a bucket of Amazon where no endpoint is named, and of the endpoint where one is', () => {
    expect(parseObjectStoreUrl('s3://bucket?region=eu-central-1')).toEqual({
      kind: 's3',
      settings: {
        bucket: 'bucket',
        prefix: '',
        region: 'eu-central-1',
        endpoint: 'https://s3.eu-central-1.amazonaws.com',
        addressing: 'virtual-host',
        conditionalPut: 'header',
      },
    });
    expect(parseObjectStoreUrl('s3://bucket/a/b?endpoint=http://127.0.0.1:9000&conditional-put=look-first')).toEqual({
      kind: 's3',
      settings: {
        bucket: 'bucket',
        prefix: 'a/b/',
        region: 'us-east-1',
        endpoint: 'http://127.0.0.1:9000',
        addressing: 'path',
        conditionalPut: 'look-first',
      },
    });
  });

  test('is refused with what is allowed where it is something else, and never holds credentials', () => {
    expect(() => parseObjectStoreUrl('ftp://host/a')).toThrow('allowed are a folder, file:///FOLDER and s3://BUCKET/PREFIX');
    expect(() => parseObjectStoreUrl('s3://bucket?endpiont=http://x')).toThrow('found ?endpiont=');
    expect(() => parseObjectStoreUrl('s3://bucket?addressing=both')).toThrow(
      'found addressing=both, allowed are path and virtual-host',
    );
    expect(() => parseObjectStoreUrl('s3://key:secret@bucket')).toThrow('holds no credentials');
  });
});
