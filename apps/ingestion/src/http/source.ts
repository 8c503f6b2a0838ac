// Whose request it is: the credential in the header, in the query or in the body, and the origin that a browser names.
// S1 The header decides where there is one: a wrong one is not made good by a right key elsewhere.
// S2 The credential alone selects workspace and source.
// S3 A preflight carries no credential, so it is answered for every origin; the request that follows is checked against the list of its
//    source, and stores nothing when its origin is not on it.
import { allowsOrigin, authorize, ProblemException, readAuthorization } from '@tessera/nest';
import type { Credential, Credentials } from '@tessera/nest';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { writeKeyIn } from '../tracking/body.js';

/** Throws the problem of a request without a usable credential. */
export function credentialFor(request: FastifyRequest, body: Buffer, credentials: Credentials): Credential {
  const header = request.headers.authorization;
  const authorization = readAuthorization(header);
  switch (authorization.kind) {
    case 'token':
      return authorize(credentials, header, 'ingest');
    case 'write-key':
      return byWriteKey(authorization.key, 'authorization', credentials);
    case 'unreadable':
      throw noKey('a header that is neither Basic nor Bearer');
    case 'none': {
      const { writeKey } = request.query as Record<string, unknown>;
      if (typeof writeKey === 'string') return byWriteKey(writeKey, 'query.writeKey', credentials);
      const inBody = writeKeyIn(body);
      if (inBody === undefined) throw noKey('none');
      return byWriteKey(inBody, 'writeKey', credentials);
    }
  }
}

function byWriteKey(key: string, field: string, credentials: Credentials): Credential {
  const credential = credentials.byWriteKey(key);
  if (credential !== undefined) return credential;
  throw new ProblemException('unknown-credential', {
    detail: 'The write key is not known.',
    field,
    found: `${key.slice(0, 4)}…`,
    allowed: 'the write key of a source',
    next: 'copy the write key from the start panel or from the credentials file in the data folder',
  });
}

function noKey(found: string): ProblemException {
  return new ProblemException('unauthenticated', {
    detail: 'The request names no source.',
    field: 'authorization',
    found,
    allowed: 'Basic base64(WRITE_KEY:), Bearer TOKEN with the scope ingest, or writeKey in body or query',
    next: 'initialise the client with the write key of the start panel',
  });
}

/** Before anything can fail: a browser may read the answer, and its client the time to wait. */
export function answerOrigin(request: FastifyRequest, reply: FastifyReply): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  reply
    .header('access-control-allow-origin', origin)
    .header('vary', 'Origin')
    .header('access-control-expose-headers', 'Retry-After, X-RateLimit-Reset');
}

/** Throws when the request comes from a page that may not send for this source. */
export function checkOrigin(request: FastifyRequest, reply: FastifyReply, credential: Credential): void {
  const { origin } = request.headers;
  if (allowsOrigin(credential, origin)) return;
  reply.removeHeader('access-control-allow-origin');
  throw new ProblemException('origin-not-allowed', {
    detail: `The source "${credential.source}" takes nothing from this origin.`,
    field: 'origin',
    found: (origin ?? '').slice(0, 200),
    allowed: credential.origins.join(' '),
    next: 'add the origin to the list of the source',
  });
}

export function answerPreflight(request: FastifyRequest, reply: FastifyReply): void {
  const asked = request.headers['access-control-request-headers'];
  answerOrigin(request, reply);
  reply
    .header('access-control-allow-methods', 'GET, POST, OPTIONS')
    .header('access-control-allow-headers', asked ?? 'authorization, content-type, content-encoding')
    .header('access-control-max-age', '86400')
    .code(204);
}
