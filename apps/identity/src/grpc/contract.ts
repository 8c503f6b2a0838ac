// Where the contract of IdentityService is.
import { fileURLToPath } from 'node:url';
import type { GrpcContract } from '@tessera/nest';

const PROTO_ROOT = fileURLToPath(new URL('../../../../proto', import.meta.url));

export const IDENTITY_CONTRACT: GrpcContract = {
  package: 'tessera.identity.v1',
  service: 'tessera.identity.v1.IdentityService',
  protoPath: `${PROTO_ROOT}/tessera/identity/v1/identity.proto`,
  includeDir: PROTO_ROOT,
};
