// POST /v1/events: CloudEvents 1.0 in the structured, binary and batch form of the HTTP binding.
import { Controller, HttpCode, Inject, Options, Post, Req, Res } from '@nestjs/common';
import { ProblemException } from '@tessera/nest';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callOfCloudEvent, checkTraps, Refusal, structuredOf, toTracked } from '@tessera/tracking';
import type { JsonObject } from '@tessera/tracking';
import { INGESTION } from '../ingestion-options.js';
import type { Ingestion } from '../ingestion-options.js';
import type { Answer } from '../intake/reception.js';
import { readArray, readSingle } from '../tracking/body.js';
import type { Body } from '../tracking/body.js';
import { BodyRefusal } from '../tracking/body-refusal.js';
import { answerOrigin, answerPreflight, checkOrigin, credentialFor } from './source.js';
import { bodyOf } from './tracking.controller.js';

/** Binary requests may have no data. */
const NO_DATA = Buffer.from('{}');

@Controller('v1')
export class CloudEventsController {
  constructor(@Inject(INGESTION) private readonly ingestion: Ingestion) {}

  @Post('events')
  @HttpCode(200)
  events(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Answer> {
    answerOrigin(request, reply);
    return this.ingestion.counted(() => this.receive(request, reply));
  }

  @Options('events')
  preflight(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): void {
    answerPreflight(request, reply);
  }

  private async receive(request: FastifyRequest, reply: FastifyReply): Promise<Answer> {
    const bytes = bodyOf(request);
    const binary = request.headers['ce-specversion'] !== undefined;
    const body = readCloudEvents(bytes, binary, this.ingestion);
    if (body instanceof BodyRefusal) throw new ProblemException(body.code, body.facts);
    const credential = credentialFor(request, bytes, this.ingestion.credentials);
    checkOrigin(request, reply, credential);
    return this.ingestion.reception.receive({
      credential,
      body,
      clock: 'as-sent',
      endpoint: '/v1/events',
      contentType: request.headers['content-type'] ?? '',
      read: (parsed, arrival) => {
        const event = binary ? checkTraps(structuredOf(request.headers, bytes.length === 0 ? undefined : parsed)) : parsed;
        const call = event instanceof Refusal ? event : callOfCloudEvent(event as JsonObject);
        return call instanceof Refusal ? call : toTracked(call, 'track', arrival);
      },
    });
  }
}

function readCloudEvents(bytes: Buffer, binary: boolean, { limits }: Ingestion): Body | BodyRefusal {
  if (binary) return readSingle(bytes.length === 0 ? NO_DATA : bytes, limits);
  return bytes.toString('latin1').trimStart().startsWith('[') ? readArray(bytes, limits) : readSingle(bytes, limits);
}
