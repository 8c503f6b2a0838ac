// /api/v1/segments and /api/v1/profiles: who is where, and why. A person is named as in `tessera.decisions.v1.Person`; `profile_id`
// names a profile.
import { Controller, Get, HttpCode, Inject, Param, Post, Req, UseFilters, UseGuards } from '@nestjs/common';
import type { ExplainResponse, ListMembersResponse, ListSegmentsResponse } from '@tessera/contracts';
import { credentialOf, personOf, ProblemFilter, RequireScope, ScopeGuard } from '@tessera/nest';
import { TopicReader } from '../admin/topic-reader.js';
import { Members } from '../asking/members.js';
import { ProfileService, type FoundPerson } from '../asking/profile-service.js';
import { jsonOf, numberIn, textIn, type AdminRequest } from './request.js';

const CHANGES_DEFAULT = 100;

@Controller('api/v1')
@UseGuards(ScopeGuard)
@UseFilters(ProblemFilter)
export class ProfilesController {
  constructor(
    @Inject(ProfileService) private readonly profiles: ProfileService,
    @Inject(Members) private readonly members: Members,
    @Inject(TopicReader) private readonly topics: TopicReader,
  ) {}

  @Get('segments')
  @RequireScope('read')
  segments(@Req() request: AdminRequest): Promise<ListSegmentsResponse> {
    return this.members.segments(credentialOf(request).workspace);
  }

  @Get('segments/:name/members')
  @RequireScope('read')
  page(@Param('name') name: string, @Req() request: AdminRequest): Promise<ListMembersResponse> {
    const { query } = request;
    return this.members.page(
      credentialOf(request).workspace,
      name,
      numberIn(query, 'pageSize', 0),
      textIn(query, 'pageToken', ''),
    );
  }

  @Post('profiles::resolve')
  @HttpCode(200)
  @RequireScope('read')
  resolve(@Req() request: AdminRequest): Promise<FoundPerson> {
    return this.profiles.resolve(credentialOf(request).workspace, personOf(jsonOf(request)['person']));
  }

  /** Memberships, features, traits and consent together. */
  @Post('profiles::get')
  @HttpCode(200)
  @RequireScope('read')
  async get(@Req() request: AdminRequest): Promise<object> {
    const { workspace } = credentialOf(request);
    const person = personOf(jsonOf(request)['person']);
    const { known, profile } = await this.profiles.resolve(workspace, person);
    const found = { profileId: profile, identities: {} };
    const [{ features, traits, consent }, memberships] = await Promise.all([
      this.profiles.features(workspace, found, [], []),
      this.profiles.memberships(workspace, found),
    ]);
    return { known, ...memberships, features, traits, consent };
  }

  @Post('profiles::explain')
  @HttpCode(200)
  @RequireScope('read')
  explain(@Req() request: AdminRequest): Promise<ExplainResponse> {
    const body = jsonOf(request);
    return this.profiles.explain(credentialOf(request).workspace, personOf(body['person']), textIn(body, 'segment'));
  }

  /** Changes of memberships, oldest first. */
  @Post('profiles::timeline')
  @HttpCode(200)
  @RequireScope('read')
  async timeline(@Req() request: AdminRequest): Promise<object> {
    const { workspace } = credentialOf(request);
    const body = jsonOf(request);
    const { profile } = await this.profiles.resolve(workspace, personOf(body['person']));
    return { profile, changes: await this.topics.timeline(workspace, profile, numberIn(body, 'limit', CHANGES_DEFAULT)) };
  }
}
