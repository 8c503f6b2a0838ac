import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Body, Controller, Get, Inject, Module, Post, Req, UseGuards } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { gzipSync } from 'node:zlib';
import {
  createHttpServer,
  CREDENTIALS,
  credentialOf,
  credentialsOf,
  ProblemException,
  RequireScope,
  ScopeGuard,
} from '../src/index.js';

const slowStarted = Promise.withResolvers<void>();
const slowMayEnd = Promise.withResolvers<void>();

@Controller()
class EchoController {
  @Post('echo')
  echo(@Body() body: Buffer | undefined): { bytes: number } {
    return { bytes: body?.length ?? 0 };
  }

  @Get('bug')
  bug(): never {
    throw new Error('secret text');
  }

  @Get('busy')
  busy(): never {
    throw new ProblemException('overloaded', { detail: 'Full.', retryAfterSeconds: 7 });
  }

  @Get('slow')
  async slow(): Promise<string> {
    slowStarted.resolve();
    await slowMayEnd.promise;
    return 'done';
  }

  @Get('open')
  @RequireScope('read')
  @UseGuards(ScopeGuard)
  open(@Req() request: object): { workspace: string } {
    return { workspace: credentialOf(request).workspace };
  }

  @Get('nameless')
  @UseGuards(ScopeGuard)
  nameless(): void {}

  constructor(@Inject(CREDENTIALS) readonly credentials: unknown) {}
}

@Module({
  controllers: [EchoController],
  providers: [
    {
      provide: CREDENTIALS,
      useValue: credentialsOf({ writeKeys: [], tokens: [{ token: 't', workspace: 'shop', source: 'api', scopes: ['read'] }] }),
    },
  ],
})
class EchoModule {}

describe('an HTTP server', () => {
  let app: NestFastifyApplication;
  let url: string;
  beforeAll(async () => {
    app = await createHttpServer(EchoModule, { bodyBytesMax: 1000, heldBytesMax: 1500, logger: false });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  const post = (body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${url}/echo`, { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers });

  test.each([['application/json'], ['text/plain;charset=UTF-8'], ['application/x-www-form-urlencoded'], ['not a type'], ['']])(
    'hands over the bytes of a body of type %p',
    async (type) => {
      const response = await post('{"a":1}', type === '' ? {} : { 'content-type': type });
      expect([response.status, await response.json()]).toEqual([201, { bytes: 7 }]);
    },
  );

  test('takes a request without a body', async () => {
    const response = await fetch(`${url}/echo`, { method: 'POST' });
    expect([response.status, await response.json()]).toEqual([201, { bytes: 0 }]);
  });

  test('inflates gzip, but no further than the bound', async () => {
    const good = await post(gzipSync('x'.repeat(900)), { 'content-encoding': 'gzip' });
    expect(await good.json()).toEqual({ bytes: 900 });
    const bomb = await post(gzipSync('x'.repeat(100_000)), { 'content-encoding': 'gzip' });
    expect([bomb.status, ((await bomb.json()) as { code: string }).code]).toEqual([400, 'body-too-large']);
    const broken = await post('no gzip', { 'content-encoding': 'gzip' });
    expect([broken.status, ((await broken.json()) as { code: string }).code]).toEqual([400, 'bad-request']);
    const brotli = await post('x', { 'content-encoding': 'br' });
    expect([brotli.status, ((await brotli.json()) as { code: string }).code]).toEqual([415, 'unsupported-encoding']);
  });

  test('refuses a body above the bound with 400', async () => {
    const response = await post('x'.repeat(1001));
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/problem+json; charset=utf-8']);
    expect(((await response.json()) as { code: string }).code).toBe('body-too-large');
  });

  test('refuses before reading when the requests in progress hold too many bytes, and takes more afterwards', async () => {
    const { promise: heldOpen, resolve: release } = Promise.withResolvers<void>();
    const slow = fetch(`${url}/echo`, {
      method: 'POST',
      duplex: 'half',
      body: new ReadableStream({
        async start(controller) {
          controller.enqueue(new Uint8Array(10));
          await heldOpen;
          controller.close();
        },
      }),
    } as RequestInit);
    let refused = await post('x'.repeat(600));
    for (let tries = 0; tries < 50 && refused.status !== 429; tries++) refused = await post('x'.repeat(600));
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('x-ratelimit-reset')]).toEqual([
      429,
      '1',
      '1',
    ]);
    release();
    expect(await (await slow).json()).toEqual({ bytes: 10 });
    expect((await post('x'.repeat(600))).status).toBe(201);
  });

  test('answers errors as problems and keeps the text of a bug to itself', async () => {
    const bug = await fetch(`${url}/bug`);
    const text = await bug.text();
    expect([bug.status, JSON.parse(text)['code'], text.includes('secret')]).toEqual([500, 'internal', false]);
    const missing = await fetch(`${url}/nowhere`);
    expect([missing.status, ((await missing.json()) as { code: string }).code]).toEqual([404, 'not-found']);
    const busy = await fetch(`${url}/busy`);
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '7']);
  });

  test('lets a token with the scope in and tells the handler its workspace', async () => {
    const open = await fetch(`${url}/open`, { headers: { authorization: 'Bearer t' } });
    expect(await open.json()).toEqual({ workspace: 'shop' });
    const closed = await fetch(`${url}/open`);
    expect([closed.status, closed.headers.has('www-authenticate')]).toEqual([401, true]);
    expect((await fetch(`${url}/nameless`, { headers: { authorization: 'Bearer t' } })).status).toBe(500);
  });
});

test('a stop answers the request that is in progress and does not wait for its connection to idle out', async () => {
  const app = await createHttpServer(EchoModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const answer = fetch(`${await app.getUrl()}/slow`);
  await slowStarted.promise;
  const closed = app.close();
  setTimeout(slowMayEnd.resolve, 50);
  const response = await answer;
  expect([response.status, response.headers.get('connection'), await response.text()]).toEqual([200, 'close', 'done']);
  await closed;
}, 5_000);
