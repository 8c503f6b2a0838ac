// The guard of every door but the tracking API: a bearer token with the scope that the handler asks for, over HTTP and gRPC.
// A1 A handler or class under this guard names its scope; one that names none is refused to everybody.
// A2 What the handler learns is the credential alone: its workspace comes from there and from nowhere else.
import { Inject, Injectable, SetMetadata } from '@nestjs/common';
import type { CanActivate, CustomDecorator, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { readAuthorization } from './credentials.js';
import type { Credential, Credentials, Scope } from './credentials.js';
import { ProblemException } from './problem.js';

/** Provider token of the `Credentials` port. */
export const CREDENTIALS = Symbol('Credentials');

const SCOPE = 'tessera:scope';

/** The scope that a handler, or all handlers of a class, ask for. */
export const RequireScope = (scope: Scope): CustomDecorator => SetMetadata(SCOPE, scope);

/** The HTTP request or the gRPC metadata. */
type Carrier = object;
const granted = new WeakMap<Carrier, Credential>();

/** The credential of a request that has passed the guard: the HTTP request, or the gRPC metadata. */
export function credentialOf(carrier: Carrier): Credential {
  const credential = granted.get(carrier);
  if (credential === undefined) throw new Error('invariant violated: the handler is not behind ScopeGuard');
  return credential;
}

@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(
    @Inject(CREDENTIALS) private readonly credentials: Credentials,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const scope = this.reflector.getAllAndOverride<Scope | undefined>(SCOPE, [context.getHandler(), context.getClass()]);
    if (scope === undefined) throw new Error('invariant violated: a handler behind ScopeGuard names no scope');
    const { carrier, header } = carrierOf(context);
    granted.set(carrier, authorize(this.credentials, header, scope));
    return true;
  }
}

/** The credential behind an `authorization` header, if it has the scope. Throws the problem otherwise. */
export function authorize(credentials: Credentials, header: string | undefined, scope: Scope): Credential {
  const authorization = readAuthorization(header);
  if (authorization.kind !== 'token') throw missingToken(authorization.kind);
  const credential = credentials.byToken(authorization.token);
  if (credential === undefined) {
    throw new ProblemException('unknown-credential', {
      detail: 'The bearer token is not known.',
      field: 'authorization',
      next: 'use a token of the credentials file in the data folder',
    });
  }
  if (!credential.scopes.includes(scope)) {
    throw new ProblemException('scope-missing', {
      detail: `The token lacks the scope "${scope}".`,
      field: 'authorization',
      found: credential.scopes.join(' '),
      allowed: scope,
      next: `use a token with the scope "${scope}"`,
    });
  }
  return credential;
}

function missingToken(found: string): ProblemException {
  return new ProblemException('unauthenticated', {
    detail: 'A bearer token is needed.',
    field: 'authorization',
    found,
    allowed: 'Bearer TOKEN',
    next: 'send the header or metadata "authorization: Bearer TOKEN"',
  });
}

interface HttpRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}
interface GrpcMetadata {
  get(key: string): readonly (string | Buffer)[];
}

function carrierOf(context: ExecutionContext): { readonly carrier: Carrier; readonly header: string | undefined } {
  if (context.getType() === 'rpc') {
    const metadata = context.switchToRpc().getContext<GrpcMetadata>();
    const [value] = metadata.get('authorization');
    return { carrier: metadata, header: value?.toString() };
  }
  const request = context.switchToHttp().getRequest<HttpRequest>();
  const value = request.headers['authorization'];
  return { carrier: request, header: Array.isArray(value) ? value[0] : value };
}
