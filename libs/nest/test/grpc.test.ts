import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { credentials as channel, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { Controller, Module, UseFilters, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, Transport } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  CREDENTIALS,
  credentialOf,
  credentialsOf,
  ProblemException,
  ProblemFilter,
  RequireScope,
  ScopeGuard,
} from '../src/index.js';

const packageDefinition = fromJSON(
  {
    nested: {
      probe: {
        nested: {
          Text: { fields: { text: { type: 'string', id: 1 } } },
          Probe: { methods: { Ask: { requestType: 'Text', responseType: 'Text', comment: '' } } },
        },
      },
    },
  },
  {},
);

@Controller()
@UseGuards(ScopeGuard)
@UseFilters(ProblemFilter)
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

interface ProbeClient {
  Ask(request: { text: string }, metadata: Metadata, done: (error: ServiceError | null, answer?: { text: string }) => void): void;
  close(): void;
}

describe('a gRPC handler', () => {
  let app: Awaited<ReturnType<typeof NestFactory.createMicroservice>>;
  let client: ProbeClient;
  beforeAll(async () => {
    const url = `127.0.0.1:${String(20_000 + (process.pid % 20_000))}`;
    app = await NestFactory.createMicroservice<MicroserviceOptions>(ProbeModule, {
      transport: Transport.GRPC,
      options: { package: 'probe', packageDefinition, url },
      logger: false,
    });
    await app.listen();
    const { probe } = loadPackageDefinition(packageDefinition) as unknown as {
      probe: { Probe: new (url: string, channel: unknown) => ProbeClient };
    };
    client = new probe.Probe(url, channel.createInsecure());
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
});
