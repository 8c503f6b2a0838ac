// tessera.features.v1.FeatureService over gRPC: decode, call, encode.
import { Controller, Inject, UseFilters, UseGuards } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { Metadata } from '@grpc/grpc-js';
import {
  credentialOf,
  personOf,
  ProblemFilter,
  RequireScope,
  ScopeGuard,
  structOf,
  timestampOrNone,
  valueOf,
} from '@tessera/nest';
import { ProfileService } from '../asking/profile-service.js';

/** GetFeaturesRequest as proto-loader has it. */
interface RequestMessage {
  readonly person?: unknown;
  readonly features: readonly string[];
  readonly traits: readonly string[];
}

@Controller()
@UseGuards(ScopeGuard)
@UseFilters(ProblemFilter)
export class FeaturesController {
  constructor(@Inject(ProfileService) private readonly profiles: ProfileService) {}

  @GrpcMethod('FeatureService', 'GetFeatures')
  @RequireScope('read')
  async getFeatures({ person, features, traits }: RequestMessage, metadata: Metadata): Promise<object> {
    const answer = await this.profiles.features(credentialOf(metadata).workspace, personOf(person), features, traits);
    return {
      ...answer,
      features: answer.features.map(({ value, nextChange, ...feature }) => ({
        ...feature,
        value: value === undefined ? undefined : valueOf(value),
        nextChange: timestampOrNone(nextChange),
      })),
      traits: structOf(answer.traits ?? {}),
      asOf: timestampOrNone(answer.asOf),
    };
  }
}
