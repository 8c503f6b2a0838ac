// Clients of a cluster's doors, as applications have them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  credentials as channel,
  loadPackageDefinition,
  Metadata,
  type Client as GrpcClient,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { GRPC_LOADER } from '@tessera/nest';

type Json = Readonly<Record<string, unknown>>;

export interface GrpcDoor {
  call(method: string, request: Json, deadlineMs?: number): Promise<Json>;
  close(): void;
}

const PROTO_ROOT = fileURLToPath(new URL('../../../../proto', import.meta.url));
const PAGE = fileURLToPath(new URL('../../../../docs/operations/running-distributed.md', import.meta.url));
const DEADLINE_MS = 20_000;

type Unary = (
  request: Json,
  metadata: Metadata,
  options: object,
  done: (error: ServiceError | null, answer?: Json) => void,
) => void;

/** Channel options with the service config, as the documentation tells clients of decisions to have them. */
export function documentedOptions(): Json {
  return { ...documented('channel-options'), 'grpc.service_config': JSON.stringify(documented('service-config')) };
}

function documented(block: string): Json {
  const [, text] = new RegExp('```json ' + block + '\\n([\\s\\S]*?)```').exec(readFileSync(PAGE, 'utf8')) ?? [];
  if (text === undefined) throw new Error(`${PAGE} has no block ${block}`);
  return JSON.parse(text) as Json;
}

/** @param addresses of all instances; the client spreads its calls over them when its options say so */
export function grpcDoor(service: string, addresses: readonly string[], token: string, options: Json = {}): GrpcDoor {
  const [root = '', area = '', version = ''] = service.split('.');
  const definition = loadSync(`${root}/${area}/${version}/${area}.proto`, { ...GRPC_LOADER, includeDirs: [PROTO_ROOT] });
  let found: unknown = loadPackageDefinition(definition);
  for (const name of service.split('.')) found = (found as Json)[name];
  const Client = found as new (address: string, credentials: unknown, options: object) => GrpcClient;
  const client = new Client(`ipv4:${addresses.join(',')}`, channel.createInsecure(), options);
  const metadata = new Metadata({ waitForReady: true });
  metadata.set('authorization', `Bearer ${token}`);
  return {
    call(method, request, deadlineMs = DEADLINE_MS) {
      const unary = (client as unknown as Readonly<Record<string, Unary | undefined>>)[method];
      if (unary === undefined) return Promise.reject(new Error(`${service} has no method ${method}`));
      return new Promise((resolve, reject) => {
        unary.call(client, request, metadata, { deadline: Date.now() + deadlineMs }, (error, answer) => {
          if (error) reject(error);
          else resolve(answer as Json);
        });
      });
    },
    close: () => client.close(),
  };
}

/** The admin API. */
export async function adminCall(base: string, path: string, token: string, body?: string): Promise<unknown> {
  const response = await fetch(`${base}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${String(response.status)}: ${text}`);
  return JSON.parse(text) as unknown;
}
