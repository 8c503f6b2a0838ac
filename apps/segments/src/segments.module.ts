// The doors of the segments service as a module: whoever composes it brings the log, the store, the catalog, the directory of people
// and the credentials.
import { Inject, Module, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { Audit, CREDENTIALS, ScopeGuard, type Credentials } from '@tessera/nest';
import { DefinitionsAdmin } from './admin/definitions-admin.js';
import { TopicReader } from './admin/topic-reader.js';
import { Members } from './asking/members.js';
import { ProfileReader, type ProfileReaderOptions } from './asking/profile-reader.js';
import { ProfileService, type PersonDirectory } from './asking/profile-service.js';
import { FeaturesController } from './grpc/features.controller.js';
import { SegmentsController } from './grpc/segments.controller.js';
import { DefinitionsController } from './http/definitions.controller.js';
import { OpenApiController } from './http/openapi.controller.js';
import { ProfilesController } from './http/profiles.controller.js';
import { TopicsController } from './http/topics.controller.js';

export interface SegmentsServices {
  readonly profiles: ProfileService;
  readonly members: Members;
  readonly definitions: DefinitionsAdmin;
  readonly topics: TopicReader;
}

/** The service without doors. */
export function createSegmentsServices(
  options: ProfileReaderOptions & { readonly directory: PersonDirectory },
): SegmentsServices {
  const { log, clock, catalog, directory } = options;
  const reader = new ProfileReader(options);
  return {
    profiles: new ProfileService(reader, directory),
    members: new Members(reader, catalog),
    definitions: new DefinitionsAdmin(catalog, new Audit(log, clock), clock),
    topics: new TopicReader(log, clock),
  };
}

/** The admin API: what is described in openapi.ts. */
export const HTTP_CONTROLLERS = [DefinitionsController, ProfilesController, TopicsController];

@Module({})
export class SegmentsModule implements OnModuleDestroy {
  constructor(@Inject(TopicReader) private readonly topics: TopicReader) {}

  static register(services: SegmentsServices, credentials: Credentials): DynamicModule {
    return {
      module: SegmentsModule,
      controllers: [FeaturesController, SegmentsController, ...HTTP_CONTROLLERS, OpenApiController],
      providers: [
        { provide: ProfileService, useValue: services.profiles },
        { provide: Members, useValue: services.members },
        { provide: DefinitionsAdmin, useValue: services.definitions },
        { provide: TopicReader, useValue: services.topics },
        { provide: CREDENTIALS, useValue: credentials },
        ScopeGuard,
      ],
    };
  }

  /** Before the servers close: they wait for the tails under way. */
  onModuleDestroy(): void {
    this.topics.stop();
  }
}
