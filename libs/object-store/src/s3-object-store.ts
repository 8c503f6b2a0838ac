// Objects in a bucket of an S3-compatible service.
// S1 Every object is sent with its SHA-256, signed and as a checksum header, and keeps it as metadata; a whole read is compared with it.
// S2 Pages are asked for by the last name (ListObjects with `marker`, which every server knows), so a listing holds no state between two.
// S3 Where the answer to a conditional write was lost, the next attempt finds the object there: it is ours if its SHA-256 is.
import { createHash } from 'node:crypto';
import { RetryableError } from '@tessera/runtime';
import { isObjectName, listing, requireBytes, requireName, requireRange } from './object-store.js';
import type { ListedObject, ListOptions, ObjectPage, ObjectStore, PutOptions } from './object-store.js';
import { S3Requests } from './s3-requests.js';
import { requireSettings } from './s3-settings.js';
import type { S3Settings } from './s3-settings.js';

const SHA256 = 'x-amz-meta-sha256';

export class S3ObjectStore implements ObjectStore {
  private readonly requests: S3Requests;
  private readonly prefix: string;

  /** Throws RangeError for settings that make no sense; nothing is sent yet. */
  constructor(private readonly settings: S3Settings) {
    requireSettings(settings);
    this.requests = new S3Requests(settings);
    this.prefix = settings.prefix ?? '';
  }

  async put(name: string, bytes: Uint8Array, { ifAbsent = false }: PutOptions = {}): Promise<'written' | 'present'> {
    requireName(name);
    requireBytes(name, bytes);
    const digest = createHash('sha256').update(bytes).digest();
    const byHeader = ifAbsent && this.settings.conditionalPut === 'header';
    if (ifAbsent && !byHeader && (await this.digestOf(name)) !== undefined) return 'present';
    const { status, attempt } = await this.requests.send({
      method: 'PUT',
      key: this.keyOf(name),
      body: bytes,
      headers: {
        'content-type': 'application/octet-stream',
        'x-amz-content-sha256': digest.toString('hex'),
        'x-amz-checksum-sha256': digest.toString('base64'),
        [SHA256]: digest.toString('hex'),
        ...(byHeader ? { 'if-none-match': '*' } : {}),
      },
      expected: byHeader ? [412] : [],
    });
    if (status !== 412) return 'written';
    return attempt > 1 && (await this.digestOf(name)) === digest.toString('hex') ? 'written' : 'present';
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    requireName(name);
    const { status, headers, body } = await this.requests.send({ method: 'GET', key: this.keyOf(name), expected: [404] });
    if (status === 404) return this.absent(body);
    const kept = headers.get(SHA256);
    if (kept !== null && kept !== createHash('sha256').update(body).digest('hex'))
      throw new RetryableError(`S3: ${name} came with other bytes than were written (its SHA-256 differs)`);
    return body;
  }

  async getRange(name: string, start: number, end: number): Promise<Uint8Array | undefined> {
    requireName(name);
    requireRange(name, start, end);
    const { status, body } = await this.requests.send({
      method: 'GET',
      key: this.keyOf(name),
      headers: { range: `bytes=${String(start)}-${String(end - 1)}` },
      expected: [404, 416],
    });
    if (status === 404) return this.absent(body);
    if (status === 416) return new Uint8Array(0);
    return status === 206 ? body.subarray(0, end - start) : body.subarray(start, end);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ObjectPage> {
    const { after, limit } = listing(prefix, options);
    const query = {
      'max-keys': String(limit),
      prefix: `${this.prefix}${prefix}`,
      ...(after === '' ? {} : { marker: `${this.prefix}${after}` }),
    };
    const { body } = await this.requests.send({ method: 'GET', key: '', query });
    const { keys, truncated } = parseListing(Buffer.from(body).toString('utf8'));
    const objects = keys
      .map(({ name, bytes }): ListedObject => ({ name: name.slice(this.prefix.length), bytes }))
      .filter(({ name }) => isObjectName(name));
    const last = keys.at(-1)?.name.slice(this.prefix.length);
    return { objects, next: truncated ? last : undefined };
  }

  async delete(name: string): Promise<void> {
    requireName(name);
    await this.requests.send({ method: 'DELETE', key: this.keyOf(name), expected: [404] });
  }

  /** SHA-256 of the object in hex, empty for one that was not written here; undefined where there is none. */
  private async digestOf(name: string): Promise<string | undefined> {
    const { status, headers } = await this.requests.send({ method: 'HEAD', key: this.keyOf(name), expected: [404] });
    return status === 404 ? undefined : (headers.get(SHA256) ?? '');
  }

  /** An object that is not there is an answer, a bucket that is not there is none. */
  private absent(body: Uint8Array): undefined {
    if (!Buffer.from(body).includes('NoSuchBucket')) return undefined;
    const { bucket, endpoint } = this.settings;
    throw new Error(`S3: there is no bucket ${bucket} at ${endpoint}: create it, or check the settings of the store`);
  }

  private keyOf(name: string): string {
    return `${this.prefix}${name}`;
  }
}

/** Keys and sizes of a ListBucketResult. Names of ours hold no character that XML escapes; others are left out by the caller. */
function parseListing(xml: string): { readonly keys: readonly ListedObject[]; readonly truncated: boolean } {
  if (!xml.includes('<ListBucketResult'))
    throw new Error('S3: the listing is no ListBucketResult: check the endpoint of the store');
  const keys = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, content = '']) => ({
    name: /<Key>([^<]*)<\/Key>/.exec(content)?.[1] ?? '',
    bytes: Number(/<Size>(\d+)<\/Size>/.exec(content)?.[1] ?? 0),
  }));
  return { keys, truncated: /<IsTruncated>true<\/IsTruncated>/.test(xml) };
}
