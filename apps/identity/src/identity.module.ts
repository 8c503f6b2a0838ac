// The doors of the identity service as a module: whoever composes it brings the service and the credentials.
import { Module, type DynamicModule } from '@nestjs/common';
import { CREDENTIALS, ScopeGuard, type Credentials } from '@tessera/nest';
import { IdentityService } from './asking/identity-service.js';
import { IdentityController } from './grpc/identity.controller.js';

export interface IdentityModuleOptions {
  readonly service: IdentityService;
  readonly credentials: Credentials;
}

@Module({})
export class IdentityModule {
  static register({ service, credentials }: IdentityModuleOptions): DynamicModule {
    return {
      module: IdentityModule,
      controllers: [IdentityController],
      providers: [{ provide: IdentityService, useValue: service }, { provide: CREDENTIALS, useValue: credentials }, ScopeGuard],
    };
  }
}
