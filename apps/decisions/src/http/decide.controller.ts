// POST /v1/decide: the same call over HTTP, in the JSON mapping of the message. 64-bit numbers are written as numbers, which
// every parser of that mapping reads, and read as numbers: ours are counts and milliseconds, far below 2^53.
import { Controller, HttpCode, Inject, Post, Req, UseFilters, UseGuards } from '@nestjs/common';
import type { DecideResponse } from '@tessera/contracts';
import { ProblemException, ProblemFilter, RequireScope, ScopeGuard, credentialOf } from '@tessera/nest';
import type { Decider } from '../deciding/decider.js';
import { DECIDER } from '../tokens.js';

interface RawRequest {
  readonly body?: unknown;
}

@Controller('v1')
@UseGuards(ScopeGuard)
@UseFilters(ProblemFilter)
export class DecideController {
  constructor(@Inject(DECIDER) private readonly decider: Decider) {}

  @Post('decide')
  @HttpCode(200)
  @RequireScope('decide')
  async decide(@Req() request: RawRequest): Promise<DecideResponse> {
    return this.decider.answer(credentialOf(request).workspace, bodyOf(request), Infinity);
  }
}

/** Bodies come as bytes, whatever content type they name (libs/nest). */
function bodyOf({ body }: RawRequest): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '') as unknown;
  } catch (error) {
    throw new ProblemException(
      'invalid-json',
      {
        detail: `The body cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}.`,
        next: 'send a DecideRequest in the JSON mapping of tessera.decisions.v1',
      },
      { cause: error },
    );
  }
}
