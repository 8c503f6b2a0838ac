// tessera.identity.v1.IdentityService over gRPC: decode, call, encode.
import { Controller, Inject, UseFilters, UseGuards } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { Metadata } from '@grpc/grpc-js';
import type { ResolveResponse, UnlinkResponse } from '@tessera/contracts';
import { credentialOf, personOf, ProblemFilter, RequireScope, ScopeGuard, timestampOrNone } from '@tessera/nest';
import { IdentityService } from '../asking/identity-service.js';

/** As proto-loader has them. */
interface PersonMessage {
  readonly person?: unknown;
}
interface UnlinkMessage {
  readonly a?: unknown;
  readonly b?: unknown;
  readonly note: string;
}

@Controller()
@UseGuards(ScopeGuard)
@UseFilters(ProblemFilter)
export class IdentityController {
  constructor(@Inject(IdentityService) private readonly identity: IdentityService) {}

  @GrpcMethod('IdentityService', 'Resolve')
  @RequireScope('read')
  resolve({ person }: PersonMessage, metadata: Metadata): Promise<ResolveResponse> {
    return this.identity.resolve(credentialOf(metadata).workspace, personOf(person));
  }

  @GrpcMethod('IdentityService', 'Why')
  @RequireScope('read')
  async why({ person }: PersonMessage, metadata: Metadata): Promise<object> {
    const { profile, links } = await this.identity.why(credentialOf(metadata).workspace, personOf(person));
    return { profile, links: links.map((link) => ({ ...link, firstSeen: timestampOrNone(link.firstSeen) })) };
  }

  @GrpcMethod('IdentityService', 'Unlink')
  @RequireScope('admin')
  unlink({ a, b, note }: UnlinkMessage, metadata: Metadata): Promise<UnlinkResponse> {
    const { workspace, source } = credentialOf(metadata);
    return this.identity.unlink(workspace, { a: personOf(a, 'a'), b: personOf(b, 'b'), note, actor: source });
  }
}
