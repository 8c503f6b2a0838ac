// Asks the system that runs on a data folder: its doors are in endpoints.json there, its credentials in credentials.json.
// A1 One place opens connections and names what went wrong: no system there, a refusal with its problem, a door that does not answer.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client as GrpcClient, ServiceClientConstructor } from '@grpc/grpc-js';
import type { Person } from '@tessera/contracts';
import type { Command } from 'commander';
import { readConfig } from '../config.js';
import { readCredentials } from '../credentials-file.js';
import { readEndpoints } from '../endpoints-file.js';
import { plain } from './plain.js';

export type Answer = Readonly<Record<string, unknown>>;

export interface Asking {
  readonly http: string;
  readonly writeKey: string;
  readonly workspace: string;
  get(path: string): Promise<Answer>;
  text(path: string): Promise<string>;
  post(path: string, body: unknown): Promise<Answer>;
  /** One call of a gRPC service, its answer as plain JSON. */
  call(service: string, method: string, request: Answer): Promise<Answer>;
  close(): void;
}

export interface DataOptions {
  readonly data?: string;
}

const PROTO_ROOT = fileURLToPath(new URL('../../../../proto', import.meta.url));
const DEADLINE_MS = 35_000;

export function withData(command: Command): Command {
  return command.option('--data <folder>', 'data folder of the running system (default: TESSERA_DATA, else ./.tessera)');
}

/** Opens, asks and closes. */
export async function askingAt<T>({ data }: DataOptions, ask: (asking: Asking) => Promise<T>): Promise<T> {
  const asking = openAsking(data ?? readConfig().data);
  try {
    return await ask(asking);
  } finally {
    asking.close();
  }
}

export function openAsking(folder: string): Asking {
  const endpoints = readEndpoints(folder);
  if (endpoints === undefined) {
    throw new Error(`no system runs on the data folder ${folder}. Start one (npm start), or name its folder: --data FOLDER or TESSERA_DATA=FOLDER`);
  }
  const [workspace] = readCredentials(folder).workspaces;
  const token = workspace?.tokens.find(({ scopes }) => scopes.includes('admin'))?.token ?? '';
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const request = async (path: string, init?: RequestInit): Promise<string> => {
    const response = await fetch(`${endpoints.http}${path}`, { headers, signal: AbortSignal.timeout(DEADLINE_MS), ...init });
    const text = await response.text();
    if (!response.ok) throw new Error(problemText(text, response.status));
    return text;
  };
  const clients = new Map<string, Promise<GrpcClient>>();
  return {
    http: endpoints.http,
    writeKey: workspace?.writeKeys[0]?.key ?? '',
    workspace: workspace?.id ?? '',
    text: (path) => request(path),
    get: async (path) => JSON.parse(await request(path)) as Answer,
    post: async (path, body) => JSON.parse(await request(path, { method: 'POST', body: JSON.stringify(body) })) as Answer,
    async call(service, method, message) {
      let client = clients.get(service);
      if (client === undefined) clients.set(service, (client = grpcClient(service, endpoints.grpc)));
      return callOf(await client, method, message, headers.authorization);
    },
    close() {
      for (const client of clients.values()) void client.then((one) => one.close());
    },
  };
}

/** `tessera.identity.v1.IdentityService` is in `tessera/identity/v1/identity.proto`. */
async function grpcClient(service: string, address: string): Promise<GrpcClient> {
  const [{ credentials, loadPackageDefinition }, { load }, { GRPC_LOADER }] = await Promise.all([
    import('@grpc/grpc-js'),
    import('@grpc/proto-loader'),
    import('@tessera/nest'),
  ]);
  const [root = '', area = '', version = '', name = ''] = service.split('.');
  const definition = await load(join(root, area, version, `${area}.proto`), { ...GRPC_LOADER, includeDirs: [PROTO_ROOT] });
  const found = [root, area, version, name].reduce<unknown>((at, part) => (at as Answer)[part], loadPackageDefinition(definition));
  return new (found as ServiceClientConstructor)(address, credentials.createInsecure());
}

type Unary = (request: Answer, metadata: unknown, options: { deadline: number }, done: (error: Error | null, answer: unknown) => void) => void;

async function callOf(client: GrpcClient, method: string, request: Answer, authorization: string): Promise<Answer> {
  const { Metadata } = await import('@grpc/grpc-js');
  const metadata = new Metadata();
  metadata.set('authorization', authorization);
  const unary = (client as unknown as Record<string, Unary>)[method] as Unary;
  return new Promise((resolve, reject) => {
    unary.call(client, request, metadata, { deadline: Date.now() + DEADLINE_MS }, (error, answer) => {
      if (error) reject(error);
      else resolve(plain(answer) as Answer);
    });
  });
}

/** RFC 9457 problem details as lines. */
function problemText(text: string, status: number): string {
  try {
    const problem = JSON.parse(text) as Answer;
    const lines = ['title', 'detail', 'next'].map((field) => problem[field]).filter((one) => typeof one === 'string');
    const errors = Array.isArray(problem['errors']) ? problem['errors'].map((error) => JSON.stringify(error)) : [];
    if (lines.length > 0) return `${String(problem['code'] ?? status)}: ${[...new Set(lines), ...errors].join('\n  ')}`;
  } catch {
    // Not a problem document: the text itself is what there is.
  }
  return `the server answered ${String(status)}: ${text.slice(0, 500)}`;
}

/** As JSON bodies have a person. */
export function personBody(person: Person): Answer {
  return Object.fromEntries(Object.entries(person).filter(([name, value]) => value !== undefined && !(name === 'identities' && Object.keys(value as object).length === 0)));
}
