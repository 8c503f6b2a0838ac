// tessera.segments.v1.SegmentService over gRPC: decode, call, encode.
import { Controller, Inject, UseFilters, UseGuards } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { Metadata } from '@grpc/grpc-js';
import type { Explanation, ListMembersRequest, ListMembersResponse, ListSegmentsResponse } from '@tessera/contracts';
import { credentialOf, personOf, ProblemFilter, RequireScope, ScopeGuard, timestampOrNone, valueOf } from '@tessera/nest';
import { Members } from '../asking/members.js';
import { ProfileService } from '../asking/profile-service.js';

/** As proto-loader has them. */
interface PersonMessage {
  readonly person?: unknown;
}
interface ExplainMessage extends PersonMessage {
  readonly segment: string;
}

@Controller()
@UseGuards(ScopeGuard)
@UseFilters(ProblemFilter)
export class SegmentsController {
  constructor(
    @Inject(ProfileService) private readonly profiles: ProfileService,
    @Inject(Members) private readonly members: Members,
  ) {}

  @GrpcMethod('SegmentService', 'GetMemberships')
  @RequireScope('read')
  async getMemberships({ person }: PersonMessage, metadata: Metadata): Promise<object> {
    const answer = await this.profiles.memberships(credentialOf(metadata).workspace, personOf(person));
    const memberships = answer.memberships.map((one) => ({ ...one, enteredAt: timestampOrNone(one.enteredAt) }));
    return { ...answer, memberships, asOf: timestampOrNone(answer.asOf) };
  }

  @GrpcMethod('SegmentService', 'Explain')
  @RequireScope('read')
  async explain({ person, segment }: ExplainMessage, metadata: Metadata): Promise<object> {
    const answer = await this.profiles.explain(credentialOf(metadata).workspace, personOf(person), segment);
    return {
      ...answer,
      explanation: answer.explanation && explanationMessage(answer.explanation),
      enteredAt: timestampOrNone(answer.enteredAt),
      nextChange: timestampOrNone(answer.nextChange),
      asOf: timestampOrNone(answer.asOf),
    };
  }

  @GrpcMethod('SegmentService', 'ListSegments')
  @RequireScope('read')
  listSegments(_request: object, metadata: Metadata): Promise<ListSegmentsResponse> {
    return this.members.segments(credentialOf(metadata).workspace);
  }

  @GrpcMethod('SegmentService', 'ListMembers')
  @RequireScope('read')
  listMembers({ segment, pageSize, pageToken }: ListMembersRequest, metadata: Metadata): Promise<ListMembersResponse> {
    return this.members.page(credentialOf(metadata).workspace, segment, pageSize, pageToken);
  }
}

function explanationMessage({ found, wanted, nextChange, children, ...rest }: Explanation): object {
  return {
    ...rest,
    found: found === undefined ? undefined : valueOf(found),
    wanted: wanted === undefined ? undefined : valueOf(wanted),
    nextChange: timestampOrNone(nextChange),
    children: children.map(explanationMessage),
  };
}
