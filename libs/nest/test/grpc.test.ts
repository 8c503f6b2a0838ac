import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { credentials as channel, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller, Module, UseGuards } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { protoPath as healthProto } from 'grpc-health-check';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createHttpServer,
  CREDENTIALS,
  credentialOf,
  credentialsOf,
  GRPC_LOADER,
  grpcServer,
  ProblemException,
  RequireScope,
  ScopeGuard,
} from '../src/index.js';
import type { GrpcHealth } from '../src/index.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const reflectionProto = join(
  dirname(createRequire(import.meta.url).resolve('@grpc/reflection')),
  '../proto/grpc/reflection/v1/reflection.proto',
);
const contract = { package: 'probe', service: 'probe.Probe', protoPath: `${here}probe.proto`, includeDir: here };

@Controller()
@UseGuards(ScopeGuard)
class ProbeController {
  @GrpcMethod('Probe', 'Ask')
  @RequireScope('read')
  ask({ text }: { text: string }, metadata: Metadata): { text: string } {
    if (text === 'refuse') throw new ProblemException('invalid-field', { detail: 'No such text.', field: 'text', found: text });
    if (text === 'crash') throw new Error('secret text');
    return { text: `${credentialOf(metadata).workspace}:${text}` };
  }
}

@Module({
  controllers: [ProbeController],
  providers: [
    {
      provide: CREDENTIALS,
      useValue: credentialsOf({ writeKeys: [], tokens: [{ token: 't', workspace: 'shop', source: 'api', scopes: ['read'] }] }),
    },
  ],
})
class ProbeModule {}

type Done<Answer> = (error: ServiceError | null, answer?: Answer) => void;
interface ProbeClient {
  Ask(request: { text: string }, metadata: Metadata, done: Done<{ text: string }>): void;
  Check(request: { service: string }, done: Done<{ status: string }>): void;
  ServerReflectionInfo(): ClientDuplexStream<object, { listServicesResponse: { service: { name: string }[] } }>;
  close(): void;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** A stock client of one service of a contract. */
function clientOf(protoPath: string, service: string, url: string): ProbeClient {
  const names = service.split('.');
  let found: unknown = loadPackageDefinition(loadSync(protoPath, GRPC_LOADER));
  for (const name of names) found = (found as Record<string, unknown>)[name];
  return new (found as new (url: string, credentials: unknown) => ProbeClient)(url, channel.createInsecure());
}

describe('a gRPC server', () => {
  let app: NestFastifyApplication;
  let health: GrpcHealth;
  let url: string;
  let client: ProbeClient;
  beforeAll(async () => {
    url = `127.0.0.1:${String(await freePort())}`;
    const server = grpcServer([contract], { url, reflection: true });
    health = server.health;
    app = await createHttpServer(ProbeModule, { logger: false });
    app.connectMicroservice(server.options, { inheritAppConfig: true });
    await app.startAllMicroservices();
    client = clientOf(contract.protoPath, contract.service, url);
  });
  afterAll(async () => {
    client.close();
    await app.close();
  });

  const ask = (text: string, token?: string): Promise<string | ServiceError> =>
    new Promise((resolve) => {
      const metadata = new Metadata();
      if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
      client.Ask({ text }, metadata, (error, answer) => resolve(error ?? answer?.text ?? ''));
    });

  test('knows the workspace of the token', async () => {
    expect(await ask('hello', 't')).toBe('shop:hello');
  });

  test.each([
    ['hello', undefined, 16, 'unauthenticated'],
    ['hello', 'other', 16, 'unknown-credential'],
    ['refuse', 't', 3, 'invalid-field'],
    ['crash', 't', 13, 'internal'],
  ])('asked %s with the token %s answers status %i with the code %s', async (text, token, status, code) => {
    const error = (await ask(text, token)) as ServiceError;
    const [details] = error.metadata.get('grpc-status-details-bin');
    expect([error.code, String(details).includes(code), error.details.includes('secret')]).toEqual([status, true, false]);
  });

  test('tells its health for each service and as a whole', async () => {
    const checker = clientOf(healthProto, 'grpc.health.v1.Health', url);
    const check = (service: string): Promise<string> =>
      new Promise((resolve) => checker.Check({ service }, (error, answer) => resolve(answer?.status ?? String(error?.code))));
    expect([await check(''), await check('probe.Probe'), await check('probe.Other')]).toEqual([
      'NOT_SERVING',
      'NOT_SERVING',
      '5',
    ]);
    health.setServing('probe.Probe', true);
    expect([await check(''), await check('probe.Probe')]).toEqual(['SERVING', 'SERVING']);
    health.setServing('probe.Probe', false);
    expect(await check('')).toBe('NOT_SERVING');
    checker.close();
  });

  test('describes itself to a stranger', async () => {
    const stranger = clientOf(reflectionProto, 'grpc.reflection.v1.ServerReflection', url);
    const stream = stranger.ServerReflectionInfo();
    stream.write({ listServices: '*' });
    const [answer] = (await once(stream, 'data')) as [{ listServicesResponse: { service: { name: string }[] } }];
    expect(answer.listServicesResponse.service.map(({ name }) => name)).toContain('probe.Probe');
    stream.end();
    stranger.close();
  });
});
