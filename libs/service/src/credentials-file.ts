// Credentials: `credentials.json`. Embedded it is in the data folder, made on the first run; in a cluster somebody makes it once, and
// every process is given the same file (a mounted secret).
// F1 Mode 0600, written whole or not at all; what is there is never overwritten.
// F2 Secrets are 32 random bytes. Names in front (`wk_`, `tk_`) let people and scanners tell them apart.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentialsOf, type Credentials, type Scope } from '@tessera/nest';

export interface WorkspaceCredentials {
  readonly id: string;
  /** Keys the profile ids: without it nobody can tell from an e-mail address whose profile it is. */
  readonly secret: string;
  readonly writeKeys: readonly { readonly key: string; readonly source: string; readonly origins?: readonly string[] }[];
  readonly tokens: readonly { readonly token: string; readonly name: string; readonly scopes: readonly Scope[] }[];
}

export interface CredentialsFile {
  readonly version: 1;
  readonly workspaces: readonly WorkspaceCredentials[];
}

/** What a process needs to know of them. */
export interface Access {
  readonly credentials: Credentials;
  secretOf(workspace: string): string;
  readonly workspaces: readonly string[];
}

export const CREDENTIALS_FILE = 'credentials.json';
const SCOPES: readonly Scope[] = ['decide', 'read', 'admin', 'ingest'];

/** Reads the file of a data folder, and makes it where there is none. Only the owner of the folder calls it. */
export function openCredentials(folder: string): CredentialsFile {
  const path = join(folder, CREDENTIALS_FILE);
  if (!existsSync(path)) create(folder, path);
  return readCredentialsFile(path);
}

/** Of a data folder; throws where there is none, or it cannot be read. */
export function readCredentials(folder: string): CredentialsFile {
  return readCredentialsFile(join(folder, CREDENTIALS_FILE));
}

/** Throws where there is none, or it cannot be read. */
export function readCredentialsFile(path: string): CredentialsFile {
  let file: Partial<CredentialsFile>;
  try {
    file = JSON.parse(readFileSync(path, 'utf8')) as Partial<CredentialsFile>;
  } catch (error) {
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (file.version !== 1 || !Array.isArray(file.workspaces) || file.workspaces.length === 0)
    throw new Error(`${path} is no credentials file of this release: found version ${String(file.version)}, allowed is 1`);
  return file as CredentialsFile;
}

export function accessOf(file: CredentialsFile): Access {
  const secrets = new Map(file.workspaces.map(({ id, secret }) => [id, secret]));
  return {
    credentials: credentialsOf({
      writeKeys: file.workspaces.flatMap(({ id, writeKeys }) => writeKeys.map((one) => ({ ...one, workspace: id }))),
      tokens: file.workspaces.flatMap(({ id, tokens }) =>
        tokens.map(({ token, name, scopes }) => ({ token, workspace: id, source: name, scopes })),
      ),
    }),
    secretOf(workspace) {
      const secret = secrets.get(workspace);
      if (secret === undefined) throw new Error(`the workspace ${workspace} is in no credentials file`);
      return secret;
    },
    workspaces: file.workspaces.map(({ id }) => id),
  };
}

/** A new workspace with a write key and a token of all scopes. */
export function newWorkspace(id: string): WorkspaceCredentials {
  return {
    id,
    secret: randomText(),
    writeKeys: [{ key: `wk_${randomText()}`, source: 'default' }],
    tokens: [{ token: `tk_${randomText()}`, name: 'owner', scopes: SCOPES }],
  };
}

function create(folder: string, path: string): void {
  mkdirSync(folder, { recursive: true });
  const file: CredentialsFile = { version: 1, workspaces: [newWorkspace('default')] };
  const draft = `${path}.draft`;
  writeFileSync(draft, `${JSON.stringify(file, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

function randomText(): string {
  return randomBytes(32).toString('base64url');
}
