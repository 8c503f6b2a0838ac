// Problems: every error of an API, with its stable code, its HTTP status and its gRPC status. The one place that maps them.
// E1 A code never changes its meaning and is never reused: clients branch on it.
// E2 A refusal names the field, what was found, what is allowed and the next thing to try, as far as each is known.
// E3 Nothing internal leaves: an error that is no problem is answered as `internal`, without its text.
import { errorDetails } from './rpc-status.js';

interface ProblemKind {
  readonly status: number;
  readonly grpc: number;
  readonly title: string;
}

// Numbers of google.rpc.Code; grpc-js has the same in its enum.
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** Code to status. Oversized bodies are 400, not 413: that is what tracking clients know as "do not send this again". */
export const PROBLEMS = {
  'invalid-json': kindOf(400, INVALID_ARGUMENT, 'The body is not valid JSON'),
  'invalid-field': kindOf(400, INVALID_ARGUMENT, 'A field has a value that is not allowed'),
  'body-too-large': kindOf(400, INVALID_ARGUMENT, 'The body is too large'),
  'bad-request': kindOf(400, INVALID_ARGUMENT, 'The request cannot be read'),
  'invalid-definitions': kindOf(422, INVALID_ARGUMENT, 'The definitions are refused'),
  unauthenticated: kindOf(401, UNAUTHENTICATED, 'The request carries no credential'),
  'unknown-credential': kindOf(401, UNAUTHENTICATED, 'The credential is not known'),
  'scope-missing': kindOf(403, PERMISSION_DENIED, 'The credential does not allow this'),
  'origin-not-allowed': kindOf(403, PERMISSION_DENIED, 'The origin is not on the list of this source'),
  'not-found': kindOf(404, NOT_FOUND, 'There is no such thing'),
  conflict: kindOf(409, FAILED_PRECONDITION, 'The present state does not allow this'),
  'unsupported-encoding': kindOf(415, INVALID_ARGUMENT, 'The encoding of the body is not supported'),
  overloaded: kindOf(429, RESOURCE_EXHAUSTED, 'Too much is in flight'),
  internal: kindOf(500, INTERNAL, 'Something went wrong on our side'),
  'not-supported': kindOf(501, UNIMPLEMENTED, 'This is not supported'),
  unavailable: kindOf(503, UNAVAILABLE, 'The service cannot take this now'),
  'deadline-exceeded': kindOf(504, DEADLINE_EXCEEDED, 'There was not enough time'),
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemFacts {
  /** What is wrong, in one sentence. */
  readonly detail: string;
  readonly field?: string;
  readonly found?: string;
  readonly allowed?: string;
  /** The next thing to try. */
  readonly next?: string;
  readonly retryAfterSeconds?: number;
  /** Each of several refusals, where there may be many; over HTTP only. */
  readonly errors?: readonly object[];
}

/** RFC 9457 problem details. */
export interface ProblemDetails extends ProblemFacts {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
}

/** The error form of the gRPC server: status, text and the details header. */
export interface GrpcProblem {
  readonly code: number;
  readonly message: string;
  /** `google.rpc.Status` with one `google.rpc.ErrorInfo`, for the header `grpc-status-details-bin`. */
  readonly details: Uint8Array;
}

/** Domain of `google.rpc.ErrorInfo`: codes are unique within it. */
export const ERROR_DOMAIN = 'tessera';

export class ProblemException extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly facts: ProblemFacts,
    options?: ErrorOptions,
  ) {
    super(facts.detail, options);
    this.name = 'ProblemException';
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

export function problemToHttp({ code, facts }: ProblemException): ProblemDetails {
  const { status, title } = PROBLEMS[code];
  return { type: `urn:tessera:problem:${code}`, title, status, code, ...facts };
}

export function problemToGrpc({ code, facts }: ProblemException): GrpcProblem {
  const { grpc } = PROBLEMS[code];
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(facts)) if (name !== 'detail' && name !== 'errors') metadata[name] = String(value);
  return {
    code: grpc,
    message: facts.detail,
    details: errorDetails(grpc, facts.detail, { reason: code, domain: ERROR_DOMAIN, metadata }),
  };
}

/** The problem that an unknown HTTP status of the framework stands for. */
export function problemOfStatus(status: number, detail: string): ProblemException {
  if (status === 404) {
    return new ProblemException('not-found', {
      detail,
      next: 'check method and path; the doors are listed in the documentation',
    });
  }
  if (status === 413) return new ProblemException('body-too-large', { detail, next: 'send fewer or smaller items per request' });
  if (status === 415) return new ProblemException('unsupported-encoding', { detail });
  if (status >= 400 && status < 500) return new ProblemException('bad-request', { detail });
  return new ProblemException(status === 503 ? 'unavailable' : 'internal', {
    detail: 'The request failed on our side.',
    next: 'try again; if it stays, the service log has the cause',
  });
}

function kindOf(status: number, grpc: number, title: string): ProblemKind {
  return { status, grpc, title };
}
