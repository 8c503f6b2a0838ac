// /api/v1/topics and /api/v1/dead-letters: what is in the logs.
import { Controller, Get, Header, Inject, Param, Req, UseFilters, UseGuards } from '@nestjs/common';
import { TOPICS } from '@tessera/contracts';
import { credentialOf, ProblemFilter, RequireScope, ScopeGuard } from '@tessera/nest';
import { TopicReader, type DeadLetterShown } from '../admin/topic-reader.js';
import { numberIn, textIn, type AdminRequest } from './request.js';

const RECORDS_DEFAULT = 500;
const LETTERS_DEFAULT = 100;

@Controller('api/v1')
@UseGuards(ScopeGuard)
@UseFilters(ProblemFilter)
export class TopicsController {
  constructor(@Inject(TopicReader) private readonly topics: TopicReader) {}

  @Get('topics')
  @RequireScope('read')
  list(): object {
    return {
      topics: Object.values(TOPICS).map(({ id, key, policy, audience, carries }) => ({
        topic: id,
        key,
        policy,
        audience,
        carries,
      })),
    };
  }

  /** JSON lines: the records, then one line `{"next": CURSOR}`. `?from=start|end|CURSOR&limit=N&waitMs=N` */
  @Get('topics/:topic/tail')
  @Header('content-type', 'application/x-ndjson')
  @RequireScope('read')
  async tail(@Param('topic') topic: string, @Req() request: AdminRequest): Promise<string> {
    const { query } = request;
    const { records, next } = await this.topics.tail(credentialOf(request).workspace, {
      topic,
      from: textIn(query, 'from', 'end'),
      limit: numberIn(query, 'limit', RECORDS_DEFAULT),
      waitMs: numberIn(query, 'waitMs', 0),
    });
    return [...records, { next }].map((line) => `${JSON.stringify(line)}\n`).join('');
  }

  @Get('dead-letters')
  @RequireScope('read')
  async letters(@Req() request: AdminRequest): Promise<{ readonly letters: readonly DeadLetterShown[] }> {
    const limit = numberIn(request.query, 'limit', LETTERS_DEFAULT);
    return { letters: await this.topics.deadLetters(credentialOf(request).workspace, limit) };
  }

  @Get('dead-letters/:partition/:offset')
  @RequireScope('read')
  letter(
    @Param('partition') partition: string,
    @Param('offset') offset: string,
    @Req() request: AdminRequest,
  ): Promise<DeadLetterShown> {
    const place = { partition, offset };
    return this.topics.deadLetter(credentialOf(request).workspace, numberIn(place, 'partition'), numberIn(place, 'offset'));
  }
}
