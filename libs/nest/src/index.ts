export { PROBLEMS, ProblemException, problemOfStatus, problemToGrpc, problemToHttp } from './problem.js';
export type { GrpcProblem, ProblemCode, ProblemDetails, ProblemFacts } from './problem.js';
export { ProblemFilter } from './problem-filter.js';
export { allowsOrigin, credentialsOf, readAuthorization } from './credentials.js';
export type { Authorization, Credential, CredentialList, Credentials, Scope } from './credentials.js';
export { authorize, credentialOf, CREDENTIALS, RequireScope, ScopeGuard } from './scope-guard.js';
export { BODY_BYTES_MAX, createHttpServer } from './http-server.js';
export type { HttpServerOptions } from './http-server.js';
