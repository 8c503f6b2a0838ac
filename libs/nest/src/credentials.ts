// Credentials: who may do what, in which workspace.
// C1 A credential belongs to exactly one workspace, and nothing else in a request selects it.
// C2 A write key can only ingest; what a token may do is in its scopes.
// C3 Look-ups are synchronous and in memory: they stand before every request.

export type Scope = 'ingest' | 'decide' | 'read' | 'admin';

export interface Credential {
  readonly workspace: string;
  /** Name of the source whose events it sends. */
  readonly source: string;
  /** Origins that browsers may send from; `*` for all. */
  readonly origins: readonly string[];
  readonly scopes: readonly Scope[];
}

/** Port. Undefined: not known. */
export interface Credentials {
  byWriteKey(key: string): Credential | undefined;
  byToken(token: string): Credential | undefined;
}

export interface CredentialList {
  readonly writeKeys: readonly {
    readonly key: string;
    readonly workspace: string;
    readonly source: string;
    readonly origins?: readonly string[];
  }[];
  readonly tokens: readonly {
    readonly token: string;
    readonly workspace: string;
    readonly source: string;
    readonly scopes: readonly Scope[];
  }[];
}

export type Authorization =
  | { readonly kind: 'write-key'; readonly key: string }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'none' };

const SCHEME = /^([A-Za-z]+) +([A-Za-z0-9\-._~+/]+=*)\s*$/;

/** `Authorization: Bearer TOKEN`, or `Basic base64(WRITE_KEY:)` as tracking clients send it. */
export function readAuthorization(header: string | undefined): Authorization {
  if (header === undefined || header === '') return { kind: 'none' };
  const match = SCHEME.exec(header);
  const scheme = match?.[1]?.toLowerCase();
  const value = match?.[2] ?? '';
  if (scheme === 'bearer') return { kind: 'token', token: value };
  if (scheme !== 'basic') return { kind: 'unreadable' };
  const [key = ''] = Buffer.from(value, 'base64').toString('utf8').split(':', 1);
  return key === '' ? { kind: 'unreadable' } : { kind: 'write-key', key };
}

/** A fixed list, as the embedded profile reads it from its file. */
export function credentialsOf(list: CredentialList): Credentials {
  const writeKeys = new Map(
    list.writeKeys.map(({ key, workspace, source, origins = ['*'] }): [string, Credential] => [
      key,
      { workspace, source, origins, scopes: ['ingest'] },
    ]),
  );
  const tokens = new Map(
    list.tokens.map(({ token, workspace, source, scopes }): [string, Credential] => [
      token,
      { workspace, source, origins: ['*'], scopes },
    ]),
  );
  return { byWriteKey: (key) => writeKeys.get(key), byToken: (token) => tokens.get(token) };
}

/** True when a browser on this origin may use the credential; a request without an origin is no browser's. */
export function allowsOrigin(credential: Credential, origin: string | undefined): boolean {
  return origin === undefined || credential.origins.includes('*') || credential.origins.includes(origin);
}
