// A client of the system that runs on a data folder of this machine: its addresses are in endpoints.json, its token in credentials.json.
// N1 What the server refuses is thrown with its code, its detail and the next thing to try.
import { Metadata, type Client as GrpcClient } from '@grpc/grpc-js';
import { readCredentials, type WorkspaceCredentials } from '@tessera/service';
import { readEndpoints, type EndpointsFile } from './endpoints-file.js';
import { callUnary, openGrpcClient, type Json } from './grpc-client.js';

export interface HttpRequest {
  readonly method?: string;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

export interface ServiceClient {
  /** Messages as proto-loader has them. */
  call(method: string, request: Json): Promise<Json>;
}

export interface Connection {
  readonly endpoints: EndpointsFile;
  readonly workspace: WorkspaceCredentials;
  /** With the token; the answer is parsed, or a text where it is no JSON. */
  http(path: string, request?: HttpRequest): Promise<unknown>;
  /** `tessera.segments.v1.SegmentService`, with the token. */
  grpc(service: string): ServiceClient;
  close(): void;
}

export class RefusedError extends Error {
  constructor(
    readonly status: number,
    /** RFC 9457 problem details, where the answer has them. */
    readonly problem: Json,
  ) {
    const text = [problem['detail'], problem['next']].filter((part) => typeof part === 'string' && part !== '').join('\n');
    super(text === '' ? `the server answered ${String(status)}` : text);
    this.name = 'RefusedError';
  }
}

const DEADLINE_MS = 40_000;

/** Throws where no system runs on the folder. */
export function connect(folder: string): Connection {
  const endpoints = readEndpoints(folder);
  if (endpoints === undefined) throw new Error(`no system runs on the data folder ${folder}. Start one by: npm start`);
  const [workspace] = readCredentials(folder).workspaces as readonly [WorkspaceCredentials];
  const authorization = `Bearer ${workspace.tokens[0]?.token ?? ''}`;
  const metadata = new Metadata();
  metadata.set('authorization', authorization);
  const clients = new Map<string, GrpcClient>();
  return {
    endpoints,
    workspace,
    http: (path, request) => http(`${endpoints.http}${path}`, authorization, request),
    grpc(service) {
      const client = clients.get(service) ?? openGrpcClient(service, endpoints.grpc);
      clients.set(service, client);
      return { call: (method, request) => callUnary(client, method, request, metadata, DEADLINE_MS) };
    },
    close() {
      for (const client of clients.values()) client.close();
    },
  };
}

async function http(url: string, authorization: string, { method = 'GET', body }: HttpRequest = {}): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { authorization },
    signal: AbortSignal.timeout(DEADLINE_MS),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = /\bjson\b/.test(response.headers.get('content-type') ?? '') ? (JSON.parse(text) as unknown) : text;
  if (!response.ok) throw new RefusedError(response.status, typeof answer === 'string' ? { detail: answer } : (answer as Json));
  return answer;
}
