// GET /api/openapi.json: the admin API described, for everybody.
import { Controller, Get } from '@nestjs/common';
import { OPENAPI } from './openapi.js';

@Controller('api')
export class OpenApiController {
  @Get('openapi.json')
  describe(): typeof OPENAPI {
    return OPENAPI;
  }
}
