// What an S3-compatible store is reached by. Nothing here is read from the environment: the caller hands it in.
import type { Clock } from '@tessera/runtime';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface S3Settings {
  /** `https://s3.eu-central-1.amazonaws.com`, `http://minio:9000`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Put before every name; empty, or ending with `/`. */
  readonly prefix?: string;
  /** `path`: ENDPOINT/BUCKET/NAME, most compatible servers. `virtual-host`: BUCKET.ENDPOINT/NAME, Amazon's own. */
  readonly addressing: 'path' | 'virtual-host';
  /**
   * `header`: the server knows `If-None-Match: *` (Amazon since 2024, MinIO, R2, Ceph since Squid). `look-first`: it does not; the store looks
   * before it writes, so that an object that is there is kept, but two writers of one name at the same moment may both write. Then
   * let one archiver run at a time.
   */
  readonly conditionalPut: 'header' | 'look-first';
  readonly credentials: S3Credentials;
  /** Of one attempt. Default 30,000. */
  readonly timeoutMs?: number;
  /** Attempts at one request. Default 5. */
  readonly attempts?: number;
  /** Pause before the second attempt; it doubles, up to PAUSE_MS_MAX, and is cut by a random half. Default 200. */
  readonly pauseMs?: number;
  readonly clock?: Pick<Clock, 'wait'>;
  /** How a request leaves the process; default the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Throws RangeError that names the setting. */
export function requireSettings({ endpoint, bucket, prefix = '', credentials }: S3Settings): void {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.username !== '')
    throw new RangeError(
      `S3 endpoint: found ${JSON.stringify(endpoint)}, allowed is an http or https address without credentials`,
    );
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new RangeError(`S3 bucket: found ${JSON.stringify(bucket)}, allowed are 3 to 63 lower-case letters, digits, . and -`);
  if (!/^([A-Za-z0-9_][A-Za-z0-9_.=-]*\/)*$/.test(prefix))
    throw new RangeError(
      `S3 prefix: found ${JSON.stringify(prefix)}, allowed are parts of letters, digits and _ . = - each with / behind`,
    );
  if (credentials.accessKeyId === '' || credentials.secretAccessKey === '')
    throw new RangeError('S3 credentials: found none, needed are an access key id and its secret');
}
