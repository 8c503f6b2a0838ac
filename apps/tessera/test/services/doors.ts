// Clients of a cluster's doors, as applications have them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Metadata } from '@grpc/grpc-js';
import { callUnary, openGrpcClient, type Json } from '../../src/grpc-client.js';

export interface GrpcDoor {
  call(method: string, request: Json, deadlineMs?: number): Promise<Json>;
  close(): void;
}

const PAGE = fileURLToPath(new URL('../../../../docs/operations/running-distributed.md', import.meta.url));
const DEADLINE_MS = 20_000;

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
  const client = openGrpcClient(service, `ipv4:${addresses.join(',')}`, options);
  const metadata = new Metadata({ waitForReady: true });
  metadata.set('authorization', `Bearer ${token}`);
  return {
    call: (method, request, deadlineMs = DEADLINE_MS) => callUnary(client, method, request, metadata, deadlineMs),
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
