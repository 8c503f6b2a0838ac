// A gRPC client without generated code: services by their names, messages as proto-loader has them.
import { fileURLToPath } from 'node:url';
import {
  credentials as channel,
  loadPackageDefinition,
  type Client as GrpcClient,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { GRPC_LOADER } from '@tessera/nest';

export type Json = Readonly<Record<string, unknown>>;

type Unary = (
  request: Json,
  metadata: Metadata,
  options: object,
  done: (error: ServiceError | null, answer?: Json) => void,
) => void;

const PROTO_ROOT = fileURLToPath(new URL('../../../proto', import.meta.url));

/** `tessera.identity.v1.IdentityService` is in `tessera/identity/v1/identity.proto`. */
export function openGrpcClient(service: string, address: string, options: Json = {}): GrpcClient {
  const [root = '', area = '', version = ''] = service.split('.');
  const definition = loadSync(`${root}/${area}/${version}/${area}.proto`, { ...GRPC_LOADER, includeDirs: [PROTO_ROOT] });
  let found: unknown = loadPackageDefinition(definition);
  for (const name of service.split('.')) found = (found as Json)[name];
  const Client = found as new (address: string, credentials: unknown, options: object) => GrpcClient;
  return new Client(address, channel.createInsecure(), options);
}

/** Rejects with the status that the service answers, or when the deadline has passed. */
export function callUnary(
  client: GrpcClient,
  method: string,
  request: Json,
  metadata: Metadata,
  deadlineMs: number,
): Promise<Json> {
  const unary = (client as unknown as Readonly<Record<string, Unary | undefined>>)[method];
  if (unary === undefined) return Promise.reject(new Error(`the service has no method ${method}`));
  return new Promise((resolve, reject) => {
    unary.call(client, request, metadata, { deadline: Date.now() + deadlineMs }, (error, answer) => {
      if (error) reject(error);
      else resolve(answer as Json);
    });
  });
}
