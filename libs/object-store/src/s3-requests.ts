// Requests to an S3-compatible service: signed (AWS Signature Version 4), with a time limit, tried again a bounded number of times.
// R1 Tried again: no answer, an answer cut short, 429 and 5xx, and 409 (a conditional write that met another). Nothing else.
// R2 After the last attempt it is a RetryableError; what the service refuses (403, 404 of the bucket, 400) is an Error with its code.
// R3 A secret is never in a message.
import { AwsV4Signer } from 'aws4fetch';
import { RetryableError, systemClock } from '@tessera/runtime';
import type { S3Settings } from './s3-settings.js';

export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'HEAD' | 'DELETE';
  /** Object name with its prefix; empty for the bucket. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Statuses that are an answer, not a failure; besides 2xx. */
  readonly expected?: readonly number[];
}

export interface S3Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** From 1. */
  readonly attempt: number;
}

const PAUSE_MS_MAX = 5_000;

export class S3Requests {
  private readonly base: URL;

  constructor(private readonly settings: S3Settings) {
    const base = new URL(settings.endpoint);
    if (settings.addressing === 'virtual-host') base.host = `${settings.bucket}.${base.host}`;
    else base.pathname = `${base.pathname.replace(/\/$/, '')}/${settings.bucket}`;
    this.base = base;
  }

  async send(request: S3Request): Promise<S3Answer> {
    const { attempts = 5, pauseMs = 200, clock = systemClock } = this.settings;
    for (let attempt = 1; ; attempt++) {
      const last = attempt >= attempts;
      try {
        const { status, headers, body } = await this.once(request);
        if ((status >= 200 && status < 300) || (request.expected ?? []).includes(status))
          return { status, headers, body, attempt };
        const told = `${this.nameOf(request)} answered ${String(status)}${detailOf(body)}`;
        if (!isPassing(status)) throw new RefusedError(`${told}; ${nextStepOf(status)}`);
        if (last) throw new RetryableError(`${told}, ${String(attempt)} times`);
      } catch (error) {
        if (error instanceof RefusedError || error instanceof RetryableError) throw error;
        if (last)
          throw new RetryableError(`${this.nameOf(request)} had no answer, ${String(attempt)} times: ${messageOf(error)}`, {
            cause: error,
          });
      }
      const pause = Math.min(PAUSE_MS_MAX, pauseMs * 2 ** (attempt - 1));
      await clock.wait(pause * (0.5 + Math.random() / 2));
    }
  }

  private async once(request: S3Request): Promise<Omit<S3Answer, 'attempt'>> {
    const { method, url, headers, body } = await this.signed(request);
    const answer = await (this.settings.fetch ?? fetch)(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: Buffer.from(body as Uint8Array) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(this.settings.timeoutMs ?? 30_000),
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const announced = answer.headers.get('content-length');
    if (
      method !== 'HEAD' &&
      announced !== null &&
      answer.headers.get('content-encoding') === null &&
      Number(announced) !== bytes.length
    )
      throw new Error(`${String(bytes.length)} bytes came of ${announced}`);
    return { status: answer.status, headers: answer.headers, body: bytes };
  }

  private async signed({ method, key, query = {}, headers = {}, body }: S3Request) {
    const { region, credentials } = this.settings;
    const url = new URL(this.base);
    if (key !== '') url.pathname = `${url.pathname.replace(/\/$/, '')}/${key}`;
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const signer = new AwsV4Signer({
      method,
      url: url.toString(),
      headers: { ...headers },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      service: 's3',
      region,
    });
    return { ...(await signer.sign()), body };
  }

  private nameOf({ method, key }: S3Request): string {
    return `S3: ${method} ${this.settings.bucket}/${key} at ${this.settings.endpoint}`;
  }
}

class RefusedError extends Error {}

function isPassing(status: number): boolean {
  return status === 409 || status === 429 || status >= 500;
}

/** `: CODE (message)` of the XML that S3 sends; nothing where it sends none. */
function detailOf(body: Uint8Array): string {
  const text = Buffer.from(body.subarray(0, 4_096)).toString('utf8');
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1];
  return code === undefined ? '' : `: ${code}${message === undefined ? '' : ` (${message})`}`;
}

function nextStepOf(status: number): string {
  if (status === 401 || status === 403) return 'check the access key, its rights on the bucket and the clock of this machine';
  if (status === 404) return 'check the endpoint and create the bucket';
  if (status >= 300 && status < 400) return 'check the region and the endpoint of the bucket';
  return 'check the settings of the store';
}

function messageOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return cause?.message ?? message ?? String(error);
}
