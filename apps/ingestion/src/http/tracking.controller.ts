// POST /v1/{call}: Segment's tracking API.
import { Controller, HttpCode, Inject, Options, Post, Req, Res } from '@nestjs/common';
import { ProblemException } from '@tessera/nest';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toTracked } from '@tessera/tracking';
import { INGESTION } from '../ingestion-options.js';
import type { Ingestion } from '../ingestion-options.js';
import type { Answer } from '../intake/reception.js';
import { readBatch, readSingle } from '../tracking/body.js';
import { BodyRefusal } from '../tracking/body-refusal.js';
import { DOORS, doorOf } from './calls.js';
import type { Door } from './calls.js';
import { answerOrigin, answerPreflight, checkOrigin, credentialFor } from './source.js';

const PATHS = Object.keys(DOORS);

@Controller('v1')
export class TrackingController {
  constructor(@Inject(INGESTION) private readonly ingestion: Ingestion) {}

  @Post(PATHS)
  @HttpCode(200)
  track(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Answer> {
    answerOrigin(request, reply);
    const door = doorOf(pathOf(request));
    if (door === undefined) throw new ProblemException('not-found', { detail: 'There is no such call.' });
    return this.ingestion.counted(() => receive(this.ingestion, request, reply, door));
  }

  @Options(PATHS)
  preflight(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): void {
    answerPreflight(request, reply);
  }
}

async function receive(ingestion: Ingestion, request: FastifyRequest, reply: FastifyReply, door: Door): Promise<Answer> {
  const bytes = bodyOf(request);
  const many = door === 'batch' || door === 'import';
  const body = many ? readBatch(bytes, ingestion.limits) : readSingle(bytes, ingestion.limits);
  if (body instanceof BodyRefusal) throw new ProblemException(body.code, body.facts);
  const credential = credentialFor(request, bytes, ingestion.credentials);
  checkOrigin(request, reply, credential);
  return ingestion.reception.receive({
    credential,
    body,
    clock: door === 'import' ? 'as-sent' : 'corrected',
    endpoint: pathOf(request),
    contentType: request.headers['content-type'] ?? '',
    read: (call, arrival) => toTracked(call, many ? undefined : door, arrival),
  });
}

export function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

export function pathOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? '';
}
