// Bodies as bytes: every content type alike, so that depth and size are checked before anything is parsed.
// B1 A body is bounded as sent and as inflated: a gzip bomb costs at most `bodyBytesMax`.
// B2 The bytes of all requests that are being read or answered are bounded together. Above it a request is refused before its
//    body is read (a body of unknown length counts as the largest one).
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { ProblemException } from './problem.js';

export interface BodyLimits {
  readonly bodyBytesMax: number;
  /** Of all requests in progress. */
  readonly heldBytesMax: number;
}

const inflate = promisify(gunzip);
const MEDIA_TYPE = /^[\w!#$%&'*+\-.^`|~]+\/[\w!#$%&'*+\-.^`|~]+(?:\s*;.*)?$/;
const ANY_TYPE = 'application/octet-stream';

export function readBodiesRaw(fastify: FastifyInstance, limits: BodyLimits): void {
  let heldBytes = 0;

  fastify.addHook('onRequest', (request, reply, done) => {
    const headers = request.raw.headers;
    // Fastify answers 415 to a content type it cannot parse, before any parser is asked; ours do not care for it.
    if (!MEDIA_TYPE.test(headers['content-type'] ?? ANY_TYPE)) headers['content-type'] = ANY_TYPE;
    const bytes = expectedBytes(headers, limits.bodyBytesMax);
    if (bytes > 0) {
      if (heldBytes + bytes > limits.heldBytesMax) {
        done(overloaded(limits.heldBytesMax));
        return;
      }
      heldBytes += bytes;
      // Emitted once, after the answer is sent and when the client goes away alike.
      reply.raw.once('close', () => {
        heldBytes -= bytes;
      });
    }
    done();
  });

  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: limits.bodyBytesMax },
    async (request: EncodedRequest, body: Buffer) => decode(request.headers['content-encoding'], body, limits.bodyBytesMax),
  );
}

interface EncodedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Upper bound of what the request will hold; an inflated body may be as large as the bound allows. */
function expectedBytes(headers: EncodedRequest['headers'], bodyBytesMax: number): number {
  if (headers['transfer-encoding'] !== undefined || headers['content-encoding'] !== undefined) return bodyBytesMax;
  return Math.min(Number(headers['content-length'] ?? 0), bodyBytesMax);
}

async function decode(encoding: string | string[] | undefined, body: Buffer, bytesMax: number): Promise<Buffer> {
  const name = String(encoding ?? 'identity')
    .trim()
    .toLowerCase();
  if (name === 'identity' || name === '') return body;
  if (name !== 'gzip' && name !== 'x-gzip') {
    throw new ProblemException('unsupported-encoding', {
      detail: 'The body has an encoding that is not read here.',
      field: 'content-encoding',
      found: name.slice(0, 40),
      allowed: 'identity, gzip',
      next: 'send the body as it is, or as gzip',
    });
  }
  try {
    return await inflate(body, { maxOutputLength: bytesMax });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(bytesMax) : notGzip(error);
  }
}

function tooLarge(bytesMax: number): ProblemException {
  return new ProblemException('body-too-large', {
    detail: 'The inflated body is too large.',
    allowed: `${String(bytesMax)} bytes`,
    next: 'send fewer items per request',
  });
}

function notGzip(cause: unknown): ProblemException {
  return new ProblemException(
    'bad-request',
    {
      detail: 'The body is not the gzip stream that its content-encoding announces.',
      field: 'content-encoding',
      found: 'gzip',
      next: 'send a whole gzip stream, or leave the header out',
    },
    { cause },
  );
}

function overloaded(heldBytesMax: number): ProblemException {
  return new ProblemException('overloaded', {
    detail: 'Too many bytes of requests are in progress.',
    allowed: `${String(heldBytesMax)} bytes at once`,
    next: 'wait as long as Retry-After says, then send the same request again',
    retryAfterSeconds: 1,
  });
}
