// The address of an object store as a person writes it: a folder, or a bucket.
//   file:///var/backups/tessera     /var/backups/tessera     ./backups
//   s3://bucket/some/prefix?endpoint=http://127.0.0.1:9000&region=eu-central-1&addressing=path&conditional-put=look-first
import { fileURLToPath } from 'node:url';
import type { S3Settings } from './s3-settings.js';

export type ObjectStorePlace =
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 's3'; readonly settings: Omit<S3Settings, 'credentials'> };

const PARAMETERS = ['endpoint', 'region', 'addressing', 'conditional-put'];

/** Throws RangeError that says what is allowed. Credentials are never part of an address. */
export function parseObjectStoreUrl(text: string): ObjectStorePlace {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { kind: 'folder', folder: text };
  const url = URL.parse(text);
  if (url?.protocol === 'file:') return { kind: 'folder', folder: fileURLToPath(url) };
  if (url?.protocol !== 's3:' || url.hostname === '')
    throw new RangeError(
      `found the address ${JSON.stringify(text)}, allowed are a folder, file:///FOLDER and s3://BUCKET/PREFIX`,
    );
  if (url.username !== '' || url.password !== '')
    throw new RangeError(
      'an s3:// address holds no credentials: give them by TESSERA_S3_ACCESS_KEY_ID and TESSERA_S3_SECRET_ACCESS_KEY_FILE',
    );
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) throw new RangeError(`found ?${unknown}= in ${text}, allowed are ${PARAMETERS.join(', ')}`);
  const region = url.searchParams.get('region') ?? 'us-east-1';
  const endpoint = url.searchParams.get('endpoint');
  const prefix = url.pathname.replace(/^\/+/, '').replace(/\/*$/, '/');
  return {
    kind: 's3',
    settings: {
      bucket: url.hostname,
      prefix: prefix === '/' ? '' : prefix,
      region,
      endpoint: endpoint ?? `https://s3.${region}.amazonaws.com`,
      addressing: oneOf(url, 'addressing', ['path', 'virtual-host'], endpoint === null ? 'virtual-host' : 'path'),
      conditionalPut: oneOf(url, 'conditional-put', ['header', 'look-first'], 'header'),
    },
  };
}

function oneOf<T extends string>(url: URL, name: string, allowed: readonly T[], fallback: T): T {
  const found = url.searchParams.get(name);
  if (found === null) return fallback;
  const value = allowed.find((one) => one === found);
  if (value === undefined) throw new RangeError(`found ${name}=${found}, allowed are ${allowed.join(' and ')}`);
  return value;
}
