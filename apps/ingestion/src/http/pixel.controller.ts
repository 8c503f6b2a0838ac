// GET /v1/pixel/{call}?data=BASE64: a call from where no script runs, such as an e-mail. The answer is always the picture, so that no
// reader sees a broken one; what became of the call is in its status.
import { Controller, Get, Header, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ProblemException } from '@tessera/nest';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toTracked } from '@tessera/tracking';
import { INGESTION } from '../ingestion-options.js';
import type { Ingestion } from '../ingestion-options.js';
import { readSingle } from '../tracking/body.js';
import { BodyRefusal } from '../tracking/body-refusal.js';
import { doorOf } from './calls.js';
import { credentialFor } from './source.js';

const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

@Controller('v1')
export class PixelController {
  constructor(@Inject(INGESTION) private readonly ingestion: Ingestion) {}

  @Get('pixel/:call')
  @Header('cache-control', 'no-store')
  @Header('content-type', 'image/gif')
  async pixel(
    @Param('call') name: string,
    @Query('data') data: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    try {
      await this.ingestion.counted(() => this.receive(name, data, request));
    } catch (error) {
      if (!(error instanceof ProblemException)) throw error;
      reply.code(error.status);
    }
    return PIXEL;
  }

  private async receive(name: string, data: unknown, request: FastifyRequest): Promise<void> {
    const door = doorOf(name);
    if (door === undefined || door === 'batch' || door === 'import')
      throw new ProblemException('not-found', { detail: 'There is no such call.' });
    // A `+` that was not escaped arrives as a blank.
    const bytes = Buffer.from(typeof data === 'string' ? data.replaceAll(' ', '+') : '', 'base64');
    const body = readSingle(bytes, this.ingestion.limits);
    if (body instanceof BodyRefusal) throw new ProblemException(body.code, body.facts);
    await this.ingestion.reception.receive({
      credential: credentialFor(request, bytes, this.ingestion.credentials),
      body,
      clock: 'corrected',
      endpoint: '/v1/pixel',
      contentType: 'application/json',
      read: (call, arrival) => toTracked(call, door, arrival),
    });
  }
}
