// One Nest application on Fastify, made ready for our doors: raw bodies, problems for errors, tight limits.
// H1 No header of a proxy is believed.
// H2 A request is whole within 30 s or its connection ends: slow senders hold nothing for ever.
// H3 A stop answers what it has taken and then ends: the connections of these last answers are not kept alive.
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { DynamicModule, LogLevel, LoggerService, Type } from '@nestjs/common';
import type { DoorTelemetry } from '@tessera/telemetry';
import { observeHttp } from './observe-http.js';
import { ProblemFilter } from './problem-filter.js';
import { readBodiesRaw } from './raw-body.js';

export interface HttpServerOptions {
  /** Largest body, as sent and as inflated. Default 512,000: Segment's 500 KB per batch. */
  readonly bodyBytesMax?: number;
  /** Of all requests in progress. Default 64 MiB. */
  readonly heldBytesMax?: number;
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer; readonly ca?: Buffer };
  readonly logger?: LoggerService | LogLevel[] | false;
  /** Who is told of the requests. */
  readonly telemetry?: DoorTelemetry | undefined;
}

export const BODY_BYTES_MAX = 500 * 1024;
const HELD_BYTES_MAX = 64 << 20;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 72_000;

/** Not yet listening: the caller starts it in its place among the other parts (`await app.listen(port, host)`). */
export async function createHttpServer(
  root: Type<unknown> | DynamicModule,
  options: HttpServerOptions = {},
): Promise<NestFastifyApplication> {
  const { bodyBytesMax = BODY_BYTES_MAX, heldBytesMax = HELD_BYTES_MAX, tls } = options;
  const adapter = new FastifyAdapter({
    logger: false,
    trustProxy: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    ...(tls ? { https: { ...tls } } : {}),
  });
  const app = await NestFactory.create<NestFastifyApplication>(root as Type<unknown>, adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: options.logger ?? ['error', 'warn'],
  });
  if (options.telemetry) observeHttp(adapter.getInstance(), options.telemetry);
  readBodiesRaw(adapter.getInstance(), { bodyBytesMax, heldBytesMax });
  endConnectionsWhenClosing(adapter.getInstance());
  app.useGlobalFilters(new ProblemFilter());
  return app;
}

/** Fastify closes idle connections only: one whose request was in progress would hold the stop until its keep-alive ends. */
function endConnectionsWhenClosing(fastify: FastifyInstance): void {
  let closing = false;
  fastify.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
}
